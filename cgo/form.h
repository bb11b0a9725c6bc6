// The element type and memory format in which graphs run that need no gradients:
// heads, and the whole model for plain inference.
#ifndef TORCHLIGHT_FORM_H
#define TORCHLIGHT_FORM_H

#include "model.h"

namespace torchlight {

// A graph compiled for its model's form. What goes in is converted and what comes
// out has the model's own type again. A model that does not run channels-last, as
// one does not that takes views of its memory, runs in the usual order from then on.
class Formed {
 public:
  // The graph becomes this object's; folded says whether it may be optimised.
  Formed(std::shared_ptr<jit::Graph> graph, const Model& model, bool folded, const char* name);
  jit::Stack run(jit::Stack inputs);
  size_t nodes() const { return nodes_; }

 private:
  jit::Code compile(std::shared_ptr<jit::Graph> graph, bool channels_last);
  jit::Stack convert_and_run(const jit::Code& code, jit::Stack inputs, bool channels_last) const;

  Form form_;
  c10::ScalarType own_;
  c10::Device device_;
  bool folded_;
  std::string name_;
  size_t nodes_ = 0;
  jit::Code code_;

  std::mutex mutex_;                    // guards what follows
  std::shared_ptr<jit::Graph> source_;  // to compile again, until a run channels-last has succeeded
  bool usual_ready_ = false;
  jit::Code usual_;
  std::atomic<bool> use_usual_{false};
};

// Compiles a graph, which is then no longer changed; counted for tl_compilations.
jit::Code compiled(const std::shared_ptr<jit::Graph>& graph, const std::string& name);

// The number of operators of a graph.
size_t count_nodes(const jit::Graph& graph);

}  // namespace torchlight

#endif  // TORCHLIGHT_FORM_H
