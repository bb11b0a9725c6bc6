// Questions about all nodes of a graph.
#ifndef TORCHLIGHT_NODES_H
#define TORCHLIGHT_NODES_H

#include <torch/csrc/jit/ir/ir.h>

namespace torchlight {

// Whether the predicate holds for a node of the block or of blocks inside it.
template <class Predicate>
bool any_node(const torch::jit::Block* block, const Predicate& holds) {
  for (const torch::jit::Node* n : block->nodes()) {
    if (holds(n)) return true;
    for (const torch::jit::Block* b : n->blocks())
      if (any_node(b, holds)) return true;
  }
  return false;
}

// Whether running the node, without its blocks, may change a value it reads.
inline bool mutates(const torch::jit::Node* n) {
  const auto* schema = n->maybeSchema();
  return schema && schema->is_mutable();
}

// A convolution over images, as scripts and as traces have it.
inline bool convolves_images(const torch::jit::Node* n) {
  return n->kind() == c10::aten::conv2d || n->kind() == c10::Symbol::fromQualString("aten::_convolution");
}

}  // namespace torchlight

#endif  // TORCHLIGHT_NODES_H
