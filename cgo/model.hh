#include <ATen/ATen.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <functional>
#include <set>
#include <streambuf>

#include "device.h"
#include "failure.h"
#include "flatten.h"
#include "form.h"
#include "json.h"
#include "memory.h"
#include "model.h"
#include "tap.h"

namespace torchlight {
namespace {

std::string type_name(const jit::Module& m) {
  const auto name = m.type()->name();
  return name ? name->name() : "Module";
}

size_t count_children(const jit::Module& m) {
  size_t n = 0;
  for (const auto& c : m.children()) {
    (void)c;
    n++;
  }
  return n;
}

// Reads a memory block as a stream, without copying it.
class Memory : public std::streambuf {
 public:
  Memory(const uint8_t* data, int64_t n) {
    char* begin = const_cast<char*>(reinterpret_cast<const char*>(data));
    setg(begin, begin, begin + n);
  }

 protected:
  pos_type seekoff(off_type off, std::ios_base::seekdir dir, std::ios_base::openmode) override {
    char* base = dir == std::ios_base::beg ? eback() : dir == std::ios_base::cur ? gptr() : egptr();
    char* to = base + off;
    if (to < eback() || to > egptr()) return pos_type(off_type(-1));
    setg(eback(), to, egptr());
    return pos_type(to - eback());
  }
  pos_type seekpos(pos_type pos, std::ios_base::openmode mode) override {
    return seekoff(off_type(pos), std::ios_base::beg, mode);
  }
};

// The type of the first floating-point parameter or buffer. A frozen file holds
// them as constants of its graph.
c10::ScalarType floating_type(const jit::Module& module) {
  for (const auto& p : module.parameters())
    if (p.is_floating_point()) return p.scalar_type();
  for (const auto& b : module.buffers())
    if (b.is_floating_point()) return b.scalar_type();
  for (const jit::Node* n : jit::toGraphFunction(module.get_method("forward").function()).graph()->nodes()) {
    if (n->kind() != c10::prim::Constant || !n->hasAttribute(c10::attr::value) ||
        n->kindOf(c10::attr::value) != jit::AttributeKind::t)
      continue;
    const at::Tensor& t = n->t(c10::attr::value);
    if (t.is_floating_point() && t.dim() > 0) return t.scalar_type();
  }
  return c10::kFloat;
}

// A trace bakes in the device it was made on; the file may run on another.
void move_constants(jit::Block* block, c10::Device device, std::set<jit::Function*>& seen);

void move_constants(jit::Function* function, c10::Device device, std::set<jit::Function*>& seen) {
  if (!function->isGraphFunction() || !seen.insert(function).second) return;
  function->ensure_defined();
  move_constants(jit::toGraphFunction(*function).graph()->block(), device, seen);
}

void move_constants(jit::Block* block, c10::Device device, std::set<jit::Function*>& seen) {
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    jit::Node* n = *it++;
    for (jit::Block* b : n->blocks()) move_constants(b, device, seen);
    if (n->kind() != c10::prim::Constant) continue;
    if (auto type = n->output()->type()->cast<c10::FunctionType>()) {
      move_constants(type->function(), device, seen);
    } else if (n->output()->type()->kind() == c10::TypeKind::DeviceObjType) {
      jit::WithInsertPoint at(n);
      n->output()->replaceAllUsesWith(block->owningGraph()->insertConstant(c10::IValue(device)));
      n->destroy();
    }
  }
}

void move_constants(const jit::Module& module, c10::Device device) {
  std::set<jit::Function*> seen;
  for (const auto& m : module.modules())
    for (jit::Function* f : m.type()->methods()) move_constants(f, device, seen);
}

std::shared_ptr<Model> settle(jit::Module module, c10::Device device) {
  auto model = std::make_shared<Model>();
  module.eval();
  for (auto p : module.parameters()) p.set_requires_grad(false);
  model->dtype = floating_type(module);
  move_constants(module, device);
  model->module = std::move(module);
  model->device = device;
  return model;
}

tl_error* load(tl_device device, tl_module** out, const std::function<jit::Module(c10::Device)>& read,
               const std::function<Originals::Read()>& again) {
  return guarded([&] {
    return_freed_memory();
    const c10::Device d = as_device(device);
    OnDevice on(d);
    jit::Module module = read(d);
    if (!module.find_method("forward")) throw Failure(TL_NOT_TORCHSCRIPT, "the file has no forward method");
    auto model = settle(std::move(module), d);
    if (d.is_cpu()) model->originals.open(model->module, again());
    on.finish();
    *out = new tl_module(std::move(model));
  });
}

}  // namespace

void keep_attributes(Model& model, const Flat& flat) {
  for (const c10::IValue& v : flat.extras)
    if (!v.isCustomClass()) return model.originals.keep();  // packed weights are no attributes of ours
}

jit::Stack run(const jit::Code& code, jit::Stack stack) {
  jit::GraphOptimizerEnabledGuard plain(false);  // for methods that could not be pasted in
  jit::InterpreterState(code).run(stack);
  return stack;
}

// The forward method itself may also be given the arguments that have defaults.
static void check_arity(const Model& model, int32_t got) {
  const auto& arguments = model.module.get_method("forward").function().getSchema().arguments();
  size_t required = 0;
  for (size_t i = 1; i < arguments.size(); i++) required += arguments[i].default_value() ? 0 : 1;
  if (got >= 0 && static_cast<size_t>(got) + 1 > arguments.size()) check_count(model, arguments.size() - 1, got);
  if (got < 0 || static_cast<size_t>(got) < required) check_count(model, required, got);
}

void check_count(const Model& model, size_t want, int32_t got) {
  if (static_cast<size_t>(got) == want) return;
  const auto& arguments = model.module.get_method("forward").function().getSchema().arguments();
  std::string names;
  for (size_t i = 1; i < arguments.size(); i++) names += (i > 1 ? ", " : "") + arguments[i].name();
  throw Failure(TL_INVALID,
                "the model takes " + std::to_string(want) + " input(s) (" + names + "), got " + std::to_string(got));
}

jit::Stack prepare(const Model& model, const tl_tensor* const* inputs, int32_t n) {
  jit::Stack stack;
  stack.reserve(static_cast<size_t>(n));
  for (int32_t i = 0; i < n; i++) {
    at::Tensor t = inputs[i]->value;
    t = to_device(t, model.device);
    stack.emplace_back(t.is_floating_point() ? t.to(model.dtype) : std::move(t));
  }
  return stack;
}

NamedTensors outputs_of(const c10::IValue& result) {
  NamedTensors out;
  flatten_tensors(result, "", out);
  return out;
}

c10::IValue plain_forward(const Model& model, jit::Stack inputs) {
  jit::GraphOptimizerEnabledGuard plain(false);
  return model.module.get_method("forward")(std::move(inputs));
}

}  // namespace torchlight

using torchlight::Failure;
using torchlight::guarded;
using torchlight::Model;

extern "C" {

tl_error* tl_module_load_file(const char* path, tl_device device, tl_module** out) {
  return torchlight::load(
      device, out, [&](c10::Device d) { return torch::jit::load(std::string(path), d); },
      [&] { return torchlight::reread(path); });
}

tl_error* tl_module_load_bytes(const uint8_t* data, int64_t n, tl_device device, tl_module** out) {
  return torchlight::load(
      device, out,
      [&](c10::Device d) {
        torchlight::Memory memory(data, n);
        std::istream stream(&memory);
        return torch::jit::load(stream, d);
      },
      [] { return torchlight::Originals::Read(); });
}

void tl_module_free(tl_module* m) { delete m; }

tl_error* tl_module_info(const tl_module* m, tl_text** json) {
  return guarded([&] {
    const Model& model = *m->model;
    torchlight::Json j;
    j.open('{').key("dtype").value(c10::toString(model.dtype)).key("device").value(model.device.str());
    j.key("frozen").value(torchlight::count_children(model.module) == 0);
    j.key("inputs").open('[');
    const auto& arguments = model.module.get_method("forward").function().getSchema().arguments();
    for (size_t i = 1; i < arguments.size(); i++) j.value(arguments[i].name());
    j.close(']');
    j.key("modules").open('[');
    for (const auto& named : model.module.named_modules()) {
      if (named.name.empty()) continue;
      j.open('{').key("path").value(named.name).key("type").value(torchlight::type_name(named.value)).close('}');
    }
    j.close(']');
    int64_t count = 0, bytes = 0;
    for (const auto& p : model.module.parameters()) {
      count += p.numel();
      bytes += static_cast<int64_t>(p.nbytes());
    }
    j.key("parameters").value(count).key("bytes").value(bytes);
    *json = new tl_text{j.close('}').text()};
  });
}

tl_error* tl_module_forward(const tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_tensors** out) {
  return guarded([&] {
    Model& model = *m->model;
    torchlight::check_arity(model, n);
    torchlight::OnDevice on(model.device);
    torchlight::Originals::Use use(model.originals, /*keep=*/true);
    auto all = torchlight::outputs_of(torchlight::plain_forward(model, torchlight::prepare(model, inputs, n)));
    model.originals.detach(all);  // a model may return its own weights
    on.finish();
    torchlight::keep_freed_memory();
    *out = new tl_tensors(std::move(all));
  });
}

tl_error* tl_module_predict(tl_module* m, const tl_tensor* const* inputs, int32_t n, tl_tensors** out) {
  return guarded([&] {
    Model& model = *m->model;
    torchlight::OnDevice on(model.device);
    {
      std::lock_guard<std::mutex> lock(model.mutex);
      if (!model.predict) {
        auto flat = torchlight::flatten(model.module, {});
        torchlight::keep_attributes(model, flat);
        model.originals.lend(*flat.graph);
        model.predict = std::make_shared<torchlight::Formed>(flat.graph, model, /*folded=*/true,
                                                             torchlight::Order::kChannelsLast, "predict");
        model.predict_inputs = flat.inputs;
        model.predict_extras = std::move(flat.extras);
        model.originals.release();
      }
    }
    torchlight::check_count(model, model.predict_inputs, n);
    auto stack = torchlight::prepare(model, inputs, n);
    for (const auto& e : model.predict_extras) stack.push_back(e);
    auto all = torchlight::outputs_of(model.predict->run(std::move(stack)).at(0));
    on.finish();
    torchlight::keep_freed_memory();
    *out = new tl_tensors(std::move(all));
  });
}

}  // extern "C"
