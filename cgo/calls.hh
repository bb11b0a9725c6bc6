// Listing the calls of submodules: what `torchlight layers` shows and what the
// choice of a default layer rests on.
#include <map>

#include "address.h"
#include "device.h"
#include "failure.h"
#include "flatten.h"
#include "json.h"
#include "model.h"
#include "tap.h"

namespace torchlight {
namespace {

struct Row {
  std::string path, type, method;
  int index = 0, of = 1;
  jit::Value* value = nullptr;
  jit::Node* last = nullptr;
  bool takes_input = false, conditional = false;
};

std::vector<Row> submodule_rows(const Flat& flat, const jit::Module& module) {
  std::map<const Object*, std::pair<std::string, std::string>> names;
  for (const auto& m : module.named_modules()) {
    const auto type = m.value.type()->name();
    names.emplace(m.value._ivalue().get(), std::make_pair(m.name, type ? type->name() : "Module"));
  }
  std::map<const Object*, int> of;
  for (const auto& c : flat.calls) of[c.object]++;
  std::vector<Row> rows;
  for (const auto& c : flat.calls) {
    const auto& [path, type] = names[c.object];
    rows.push_back(
        {path, type, c.method, c.index, of[c.object], c.output, c.last, c.takes_input, c.enclosing != nullptr});
  }
  return rows;
}

// Rows of a file without submodules: its nodes, under their addresses.
std::vector<Row> node_rows(const Flat& flat) {
  std::map<std::string, int> index;
  std::vector<Row> rows;
  for (const auto& [name, node] : named_nodes(flat)) {
    Row r{"#" + name + ":" + std::to_string(index[name]), name, "", 0, 1, node->outputs()[0], node, false, false};
    index[name]++;
    for (const jit::Value* in : node->inputs()) r.takes_input = r.takes_input || in == flat.graph->inputs()[0];
    rows.push_back(r);
  }
  return rows;
}

std::string list_calls(const Model& model, jit::Stack inputs, int32_t n) {
  Flat flat = flatten(model.module, {});
  check_count(model, flat.inputs, n);
  std::vector<Row> rows = submodule_rows(flat, model.module);
  if (rows.empty()) rows = node_rows(flat);

  std::map<const jit::Value*, int64_t> ids;
  for (Row& r : rows) {
    if (!r.value || ids.count(r.value)) continue;
    const auto id = static_cast<int64_t>(ids.size());
    ids[r.value] = id;
    jit::Node* note = flat.graph->create(note_symbol(), 0);
    note->addInput(r.value);
    note->insertAfter(r.last);
    jit::WithInsertPoint front(*flat.graph->nodes().begin());
    note->addInput(flat.graph->insertConstant(id));
  }
  std::vector<Notes> notes(ids.size());
  {
    Noting noting(&notes);
    for (const auto& e : flat.extras) inputs.push_back(e);
    run(jit::Code(flat.graph, "calls"), std::move(inputs));
  }

  const Notes never(1);  // a branch that was not taken, or None
  Json j;
  j.open('{').key("calls").open('[');
  for (const Row& r : rows) {
    const Notes* noted = r.value ? &notes[static_cast<size_t>(ids[r.value])] : nullptr;
    const Notes& executions = noted && !noted->empty() ? *noted : never;
    // In a loop, one place in the code is as many calls as it was executed.
    const size_t times = r.of == 1 ? executions.size() : 1;
    for (size_t k = 0; k < times; k++) {
      j.open('{').key("path").value(r.path).key("type").value(r.type).key("method").value(r.method);
      j.key("index").value(static_cast<int64_t>(r.index) + static_cast<int64_t>(k));
      j.key("of").value(times > 1 ? static_cast<int64_t>(times) : static_cast<int64_t>(r.of));
      j.key("value").value(r.value ? ids[r.value] + static_cast<int64_t>(k * ids.size()) : int64_t{-1});
      j.key("takesInput").value(r.takes_input).key("conditional").value(r.conditional);
      j.key("elements").open('[');
      for (const Note& e : executions[k]) {
        j.open('{').key("name").value(e.name).key("dtype").value(c10::toString(e.dtype)).key("shape").open('[');
        for (int64_t d : e.shape) j.value(d);
        j.close(']').close('}');
      }
      j.close(']').close('}');
    }
  }
  return j.close(']').key("notes").strings(flat.notes).close('}').text();
}

}  // namespace
}  // namespace torchlight

extern "C" tl_error* tl_module_calls(tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_text** json) {
  return torchlight::guarded([&] {
    auto& model = *m->model;
    torchlight::Originals::Use use(model.originals, /*keep=*/false);
    torchlight::OnDevice on(model.device);  // only shapes leave, so there is nothing to wait for
    *json = new tl_text{torchlight::list_calls(model, torchlight::prepare(model, inputs, n), n)};
  });
}
