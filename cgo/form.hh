#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/constants.h>

#include "failure.h"
#include "form.h"
#include "optimise.h"

namespace torchlight {
namespace {

// The graph's tensor constants in another type and memory format. Only floats of
// the model's own type change: what an exporter kept in another, it meant.
void convert_constants(jit::Block* block, const Form& form, c10::ScalarType own) {
  for (jit::Node* n : block->nodes()) {
    for (jit::Block* b : n->blocks()) convert_constants(b, form, own);
    if (n->kind() != c10::prim::Constant || !n->hasAttribute(c10::attr::value) ||
        n->kindOf(c10::attr::value) != jit::AttributeKind::t)
      continue;
    at::Tensor t = n->t(c10::attr::value);
    if (t.scalar_type() != own || t.is_quantized()) continue;
    if (form.precision && t.dim() > 0) t = t.to(*form.precision);
    if (form.channels_last && t.dim() == 4) t = t.contiguous(at::MemoryFormat::ChannelsLast);
    n->t_(c10::attr::value, t);
    n->output()->inferTypeFrom(t);
  }
}

// A value with every float tensor of one type converted to another.
c10::IValue convert(const c10::IValue& v, c10::ScalarType from, c10::ScalarType to) {
  if (v.isTensor()) {
    const at::Tensor& t = v.toTensor();
    return t.defined() && t.scalar_type() == from ? t.to(to) : v;
  }
  if (v.isList()) {
    auto list = v.toList().copy();
    for (size_t i = 0; i < list.size(); i++) list.set(i, convert(list.get(i), from, to));
    return list;
  }
  if (v.isTuple()) {
    std::vector<c10::IValue> members;
    for (const auto& m : v.toTupleRef().elements()) members.push_back(convert(m, from, to));
    return c10::ivalue::Tuple::create(std::move(members));
  }
  if (v.isGenericDict()) {
    auto dict = v.toGenericDict().copy();
    for (const auto& entry : v.toGenericDict()) dict.insert_or_assign(entry.key(), convert(entry.value(), from, to));
    return dict;
  }
  return v;
}

}  // namespace

static std::atomic<int64_t> compilations{0};

jit::Code compiled(const std::shared_ptr<jit::Graph>& graph, const std::string& name) {
  compilations++;
  return jit::Code(graph, name);
}

size_t count_nodes(const jit::Graph& graph) {
  size_t n = 0;
  for (const jit::Node* node : graph.nodes())
    if (node->kind() != c10::prim::Constant) n++;
  return n;
}

Formed::Formed(std::shared_ptr<jit::Graph> graph, Model& model, bool folded, Order order, const char* name)
    : form_(model.form), own_(model.dtype) {
  // A head without operators hands its inputs on, and must not round them.
  if (count_nodes(*graph) == 0) form_ = {};
  if (order == Order::kContiguous) form_.channels_last = false;
  if (form_.precision || form_.channels_last) {
    // Folding comes first: a sum of rounded weights is rounded twice.
    if (folded) optimise_differentiable(graph);
    if (form_.channels_last) form_.channels_last = settle_layout(graph);
    convert_constants(graph->block(), form_, own_);
  }
  if (folded) optimise_inference(graph, model, order);
  nodes_ = count_nodes(*graph);
  code_ = compiled(graph, name);
}

jit::Stack Formed::run(jit::Stack inputs) const {
  for (auto& v : inputs) {
    if (form_.precision) v = convert(v, own_, *form_.precision);
    if (form_.channels_last && v.isTensor() && v.toTensor().dim() == 4)
      v = v.toTensor().contiguous(at::MemoryFormat::ChannelsLast);
  }
  jit::Stack out = torchlight::run(code_, std::move(inputs));
  if (form_.precision)
    for (auto& v : out) v = convert(v, *form_.precision, own_);
  return out;
}

}  // namespace torchlight

using torchlight::Failure;

extern "C" int64_t tl_compilations(void) { return torchlight::compilations; }

extern "C" tl_error* tl_module_set_form(tl_module* m, int32_t dtype, int32_t channels_last) {
  return torchlight::guarded([&] {
    auto& model = *m->model;
    torchlight::Form form;
    if (dtype != TL_OWN_TYPE) {
      const auto wanted = static_cast<c10::ScalarType>(dtype);
      if (wanted != c10::kHalf && wanted != c10::kBFloat16 && wanted != c10::kFloat)
        throw Failure(TL_INVALID, std::string("a network does not run in ") + c10::toString(wanted));
      if (model.dtype != c10::kFloat)
        throw Failure(TL_INVALID, std::string("the model is of type ") + c10::toString(model.dtype) +
                                      " already; only that of a float32 model can be chosen");
      if (wanted != c10::kFloat) form.precision = wanted;
    }
    form.channels_last = channels_last != 0;
    model.form = form;
  });
}
