// Where values lie in memory.
//
// A convolution of ours returns channels-last memory, and most operators hand
// that on without caring. Some, view above all, read the strides: they get a
// contiguous copy, as they would have had.
#include <torch/csrc/jit/ir/alias_analysis.h>

#include <iterator>
#include <sstream>
#include <unordered_set>

#include "fuse.h"

namespace torchlight {
namespace {

namespace jit = torch::jit;

// Operators whose values do not depend on how their arguments lie in memory.
const std::unordered_set<std::string>& indifferent() {
  static const std::unordered_set<std::string> names = [] {
    std::istringstream words(
        "add sub mul div neg exp tanh sigmoid relu relu6 hardtanh hardsigmoid hardswish silu gelu elu "
        "selu mish leaky_relu prelu rrelu softplus clamp clamp_min clamp_max threshold batch_norm "
        "group_norm instance_norm layer_norm max_pool2d avg_pool2d adaptive_avg_pool2d "
        "adaptive_max_pool2d lp_pool2d dropout feature_dropout cat concat mean sum amax amin softmax "
        "log_softmax matmul linear bmm conv2d _convolution conv_transpose2d upsample_nearest2d "
        "upsample_bilinear2d upsample_bicubic2d pad constant_pad_nd reflection_pad2d replication_pad2d "
        "permute transpose t select slice narrow chunk split split_with_sizes unsqueeze squeeze expand "
        "clone copy to append size dim len numel is_floating_point");
    return std::unordered_set<std::string>(std::istream_iterator<std::string>(words), {});
  }();
  return names;
}

bool cares(const jit::Node* n) {
  const auto kind = n->kind();
  if (kind == c10::prim::ListConstruct || kind == c10::prim::ListUnpack || kind == c10::prim::Return) return false;
  if (kind == c10::prim::dtype || kind == c10::prim::device || kind == c10::prim::NumToTensor) return false;
  if (std::string(kind.ns().toUnqualString()) == "torchlight") return false;
  if (!kind.is_aten()) return true;
  std::string name = kind.toUnqualString();
  if (name.back() == '_' && name.size() > 1 && name[name.size() - 2] != '_') name.pop_back();
  return indifferent().count(name) == 0;
}

bool holds_tensors(const jit::Value* v) {
  if (v->type()->isSubtypeOf(*c10::TensorType::get())) return true;
  const auto list = v->type()->cast<c10::ListType>();
  return list && list->getElementType()->isSubtypeOf(*c10::TensorType::get());
}

// Uses of values that may lie channels-last by operators that care.
class Uses {
 public:
  void block(jit::Block* b, bool outermost) {
    for (jit::Node* n : b->nodes()) {
      bool reached = std::string(n->kind().ns().toUnqualString()) == "torchlight";
      const bool asks = cares(n);
      for (size_t i = 0; i < n->inputs().size(); i++) {
        if (!strided.count(n->input(i))) continue;
        reached = true;
        if (asks) add(n, i);
      }
      for (jit::Block* inner : n->blocks()) block(inner, false);
      if (!reached || asks) continue;
      if (n->kind() == c10::aten::append) strided.insert(n->input(0));
      for (jit::Value* out : n->outputs())
        if (holds_tensors(out)) strided.insert(out);
    }
    if (outermost) return;
    // What leaves a branch or loop is taken for contiguous.
    for (size_t i = 0; i < b->outputs().size(); i++)
      if (strided.count(b->outputs()[i])) add(b->return_node(), i);
  }

  std::unordered_set<const jit::Value*> strided;
  std::vector<std::pair<jit::Node*, size_t>> found;
  bool lists = false;  // one of them is a list

 private:
  void add(jit::Node* n, size_t input) {
    found.emplace_back(n, input);
    lists = lists || !n->input(input)->type()->isSubtypeOf(*c10::TensorType::get());
  }
};

// Whether a node that runs after n may write to v.
bool written_after(jit::Block* block, const jit::Node* n, jit::Value* v, const jit::AliasDb& aliases) {
  for (jit::Node* m : block->nodes()) {
    const bool later = m == n || !m->blocks().empty() || m->isAfter(n);
    if (later && aliases.writesToAlias(m, {v})) return true;
  }
  return false;
}

}  // namespace

bool settle_layout(const std::shared_ptr<jit::Graph>& graph) {
  Uses uses;
  for (const jit::Value* in : graph->inputs())
    if (holds_tensors(in)) uses.strided.insert(in);
  // A loop's later turns see what its earlier ones have appended to a list.
  for (size_t known = 0; known != uses.strided.size();) {
    known = uses.strided.size();
    uses.found.clear();
    uses.block(graph->block(), true);
  }
  if (uses.lists) return false;
  {
    jit::AliasDb aliases(graph);
    for (const auto& [n, i] : uses.found)
      if (written_after(graph->block(), n, n->input(i), aliases)) return false;
  }
  for (const auto& [n, i] : uses.found) {
    jit::WithInsertPoint at(n);
    const auto format = static_cast<int64_t>(c10::MemoryFormat::Contiguous);
    jit::Node* made = graph->create(c10::aten::contiguous, {n->input(i), graph->insertConstant(format)});
    graph->insertNode(made);
    made->output()->setType(c10::TensorType::get());
    n->replaceInput(i, made->output());
  }
  return true;
}

}  // namespace torchlight
