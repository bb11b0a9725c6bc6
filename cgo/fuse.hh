#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <set>

#include "fuse.h"
#include "nodes.h"

namespace torchlight {
namespace {

namespace jit = torch::jit;

void run_convolution(jit::Stack& stack) {
  PostOp after;
  after.bounds = jit::pop(stack).toDoubleVector();
  after.name = jit::pop(stack).toStringRef();
  const auto self = jit::pop(stack).toCustomClass<Convolution>();
  const c10::IValue added = jit::pop(stack);
  const at::Tensor x = jit::pop(stack).toTensor();
  jit::push(stack, Convolution::run(self, x, added.isNone() ? at::Tensor() : added.toTensor(), after));
}

template <class T>
std::optional<T> constant(const jit::Value* v) {
  const auto value = jit::toIValue(v);
  if (!value) return std::nullopt;
  if constexpr (std::is_same_v<T, std::vector<int64_t>>) {
    if (!value->isIntList()) return std::nullopt;
    std::vector<int64_t> both = value->toIntVector();
    if (both.size() == 1) both.push_back(both[0]);
    return both.size() == 2 ? std::optional<T>(both) : std::nullopt;
  } else if constexpr (std::is_same_v<T, double>) {
    return value->isScalar() ? std::optional<T>(value->toScalar().toDouble()) : std::nullopt;
  }
}

// A convolution over images with constant weights.
struct Found {
  at::Tensor weight;
  std::optional<at::Tensor> bias;
  Convolution::Settings settings;
};

std::optional<Found> convolution_of(const jit::Node* n) {
  if (!convolves_images(n)) return std::nullopt;
  const bool traced = n->kind() != c10::aten::conv2d;
  const auto weight = jit::toIValue(n->input(1)), bias = jit::toIValue(n->input(2));
  if (!weight || !weight->isTensor() || !bias || !(bias->isNone() || bias->isTensor())) return std::nullopt;
  Found f;
  f.weight = weight->toTensor();
  const at::Tensor& w = f.weight;
  if (w.dim() != 4 || w.numel() == 0 || !w.device().is_cpu() || w.layout() != c10::kStrided) return std::nullopt;
  if (w.scalar_type() != c10::kFloat && w.scalar_type() != c10::kBFloat16) return std::nullopt;
  if (bias->isTensor()) f.bias = bias->toTensor();
  const auto stride = constant<std::vector<int64_t>>(n->input(3)),
             padding = constant<std::vector<int64_t>>(n->input(4)),
             dilation = constant<std::vector<int64_t>>(n->input(5));
  const auto groups = jit::toIValue(n->input(traced ? 8 : 6));
  if (!stride || !padding || !dilation || !groups || !groups->isInt()) return std::nullopt;
  if (traced) {
    const auto transposed = jit::toIValue(n->input(6));
    if (!transposed || !transposed->isBool() || transposed->toBool()) return std::nullopt;
  }
  f.settings = {*stride, *padding, *dilation, groups->toInt()};
  return f;
}

// Name without the underscore of an operator in place.
std::string plain_name(const jit::Node* n) {
  if (!n->kind().is_aten()) return "";
  std::string name = n->kind().toUnqualString();
  if (name.back() == '_') name.pop_back();
  return name;
}

std::optional<PostOp> post_op(const jit::Node* n, bool gradients) {
  const std::string name = plain_name(n);
  if (name == "relu") return PostOp{"relu", {}};
  if (name == "relu6") return PostOp{"hardtanh", {0, 6}};
  // At its bounds a clamp's derivative is 1 and hardtanh's 0.
  if (name == "hardtanh" || (name == "clamp" && !gradients)) {
    const auto low = constant<double>(n->input(1)), high = constant<double>(n->input(2));
    if (low && high && *low < *high) return PostOp{"hardtanh", {*low, *high}};
    return std::nullopt;
  }
  if (gradients) return std::nullopt;  // their derivatives need the sum
  if (name == "silu") return PostOp{"swish", {}};
  if (name == "hardswish") return PostOp{"hardswish", {}};
  return std::nullopt;
}

// A convolution and the nodes behind it that become one with it.
struct Chain {
  jit::Node *convolution, *add = nullptr, *last;
  PostOp after;
};

// The only user of a value, in the same block.
jit::Node* only_user(const jit::Value* v, const jit::Node* from) {
  if (v->uses().size() != 1) return nullptr;
  jit::Node* user = v->uses()[0].user;
  return user->owningBlock() == from->owningBlock() ? user : nullptr;
}

// The tensor added to v by n; nothing if n is no plain addition to it.
jit::Value* added_by(const jit::Node* n, const jit::Value* v) {
  if (plain_name(n) != "add" || n->inputs().size() != 3 || constant<double>(n->input(2)) != 1.0) return nullptr;
  const bool in_place = n->kind() == c10::aten::add_;
  jit::Value* other = n->input(0) == v ? n->input(1) : n->input(0);
  if (in_place && n->input(0) != v) return nullptr;
  return other->type()->kind() == c10::TypeKind::TensorType && other != v ? other : nullptr;
}

// Whether running n in the place of last reads the same values.
bool can_wait(jit::Node* n, jit::Node* last, const jit::ValueSet& read, const jit::AliasDb& aliases) {
  for (jit::Node* m = n->next(); m != last; m = m->next())
    if (aliases.writesToAlias(m, read)) return false;
  return true;
}

// Whether anything but n itself may write to what n returns.
bool is_overwritten(jit::Node* n, const jit::AliasDb& aliases) {
  if (n->owningBlock()->owningNode()) return aliases.hasWriters(n->output());
  for (jit::Node* m = n->next(); m != n->owningBlock()->return_node(); m = m->next())
    if (aliases.writesToAlias(m, {n->output()})) return true;
  return false;
}

// Takes what follows n, unless another convolution has it.
Chain chain_from(jit::Node* n, const jit::AliasDb& aliases, bool gradients, std::set<const jit::Node*>& taken) {
  Chain c{n, nullptr, n, {}};
  jit::ValueSet read{n->input(0)};
  jit::Node* next = only_user(n->output(), n);
  if (!next) return c;
  if (jit::Value* added = added_by(next, n->output()); added && !taken.count(next)) {
    read.insert(added);
    if (!can_wait(n, next, read, aliases)) return c;
    c.add = c.last = next;
    taken.insert(next);
    next = only_user(next->output(), n);
  }
  if (!next) return c;
  const auto after = post_op(next, gradients);
  if (!after || next->input(0) != c.last->output() || (c.add && after->name != "relu")) return c;
  if (!can_wait(n, next, read, aliases)) return c;
  // ATen's has the derivative of its argument, ours of the result, which must stay.
  if (gradients && after->name == "hardtanh" && is_overwritten(next, aliases)) return c;
  c.last = next;
  c.after = *after;
  return c;
}

void find_convolutions(jit::Block* block, bool gradients, std::vector<jit::Node*>& out) {
  for (jit::Node* n : block->nodes()) {
    for (jit::Block* b : n->blocks()) find_convolutions(b, gradients, out);
    const auto found = convolution_of(n);
    // Gradients of brain floats are too coarse, where oneDNN's operators know them.
    if (found && (found->weight.scalar_type() == c10::kFloat || (!gradients && knows_brain_floats()))) out.push_back(n);
  }
}

void replace(jit::Graph& graph, const Chain& c, c10::Symbol symbol, Convolutions& known) {
  const Found f = *convolution_of(c.convolution);
  jit::WithInsertPoint at(c.last);
  // insertConstant knows no objects of C++.
  jit::Node* object = graph.create(c10::prim::Constant);
  const c10::IValue held(known.get(f.weight, f.bias, f.settings));
  object->ival_(c10::attr::value, held);
  object->output()->setType(held.type());
  graph.insertNode(object);
  jit::Value* added = c.add ? added_by(c.add, c.convolution->output()) : graph.insertConstant(c10::IValue());
  jit::Node* made = graph.create(symbol, {c.convolution->input(0), added, object->output(),
                                          graph.insertConstant(c.after.name), graph.insertConstant(c.after.bounds)});
  graph.insertNode(made);
  made->output()->setType(c10::TensorType::get());
  c.last->output()->replaceAllUsesWith(made->output());
  if (c.last != c.convolution && c.last != c.add) c.last->destroy();
  if (c.add) c.add->destroy();
  c.convolution->destroy();
}

}  // namespace

c10::Symbol convolution_symbol() {
  static std::once_flag once;
  std::call_once(once, [] {
    torch::class_<Convolution>("torchlight", "Convolution");
    jit::registerOperator(jit::Operator(
        "torchlight::convolution(Tensor x, Tensor? added, Any convolution, str after, float[] bounds) -> Tensor",
        run_convolution, c10::AliasAnalysisKind::FROM_SCHEMA));
  });
  return c10::Symbol::fromQualString("torchlight::convolution");
}

c10::intrusive_ptr<Convolution> Convolutions::get(const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                                  const Convolution::Settings& settings) {
  std::lock_guard<std::mutex> lock(mutex_);
  known_.erase(std::remove_if(known_.begin(), known_.end(), [](const auto& k) { return k.expired(); }), known_.end());
  for (const auto& k : known_)
    if (auto held = k.lock(); held && held->same(weight, bias, settings)) return held;
  auto made = c10::make_intrusive<Convolution>(weight, bias, settings);
  known_.emplace_back(made);
  return made;
}

void fuse_convolutions(const std::shared_ptr<jit::Graph>& graph, Convolutions& known, bool gradients) {
  if (!can_reorder()) return;
  std::vector<jit::Node*> nodes;
  find_convolutions(graph->block(), gradients, nodes);
  std::vector<Chain> chains;
  {
    jit::AliasDb aliases(graph);
    std::set<const jit::Node*> taken;
    for (jit::Node* n : nodes) chains.push_back(chain_from(n, aliases, gradients, taken));
  }
  const auto symbol = convolution_symbol();  // registers the class of the constants, too
  for (const Chain& c : chains) replace(*graph, c, symbol, known);
}

}  // namespace torchlight
