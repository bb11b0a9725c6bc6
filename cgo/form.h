// The element type and memory format in which graphs run that need no gradients:
// heads, and the whole model for plain inference.
#ifndef TORCHLIGHT_FORM_H
#define TORCHLIGHT_FORM_H

#include "model.h"
#include "optimise.h"

namespace torchlight {

// A graph compiled for its model's form. What goes in is converted and what comes
// out has the model's own type again.
class Formed {
 public:
  // Folded says whether the graph may be optimised, order how what comes out may
  // lie in memory: a graph that depends on it runs in the usual order.
  Formed(std::shared_ptr<jit::Graph> graph, Model& model, bool folded, Order order, const char* name);
  jit::Stack run(jit::Stack inputs) const;
  size_t nodes() const { return nodes_; }

 private:
  Form form_;
  c10::ScalarType own_;
  size_t nodes_ = 0;
  jit::Code code_;
};

// Compiles a graph, which is then no longer changed; counted for tl_compilations.
jit::Code compiled(const std::shared_ptr<jit::Graph>& graph, const std::string& name);

// The number of operators of a graph.
size_t count_nodes(const jit::Graph& graph);

}  // namespace torchlight

#endif  // TORCHLIGHT_FORM_H
