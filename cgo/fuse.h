// Convolutions of a graph, replaced by ones whose weights lie as oneDNN likes
// them, which add and rectify as they write.
#ifndef TORCHLIGHT_FUSE_H
#define TORCHLIGHT_FUSE_H

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

#include "convolution.h"

namespace torchlight {

// The convolutions of a model: graphs of one model share those that are equal.
class Convolutions {
 public:
  c10::intrusive_ptr<Convolution> get(const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                      const Convolution::Settings& settings);

 private:
  std::mutex mutex_;
  std::vector<c10::weak_intrusive_ptr<Convolution>> known_;
};

// The operator that they become.
c10::Symbol convolution_symbol();

// Replaces the convolutions over images whose weights are constants, if this
// libtorch has what that takes. With gradients, the graph stays differentiable,
// once.
void fuse_convolutions(const std::shared_ptr<torch::jit::Graph>& graph, Convolutions& known, bool gradients);

// The inputs of a graph may lie channels-last, and what such convolutions return
// does. Makes those contiguous that operators need so; false, the graph
// unchanged, if that would change what an operator writes to.
bool settle_layout(const std::shared_ptr<torch::jit::Graph>& graph);

}  // namespace torchlight

#endif  // TORCHLIGHT_FUSE_H
