#include <torch/csrc/jit/passes/common_subexpression_elimination.h>
#include <torch/csrc/jit/passes/constant_pooling.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/frozen_conv_add_relu_fusion.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>
#include <torch/csrc/jit/passes/frozen_linear_transpose.h>
#include <torch/csrc/jit/passes/frozen_ops_to_mkldnn.h>
#include <torch/csrc/jit/passes/lower_tuples.h>
#include <torch/csrc/jit/passes/peephole.h>

#include "optimise.h"

namespace torchlight {

using torch::jit::Graph;

void optimise_differentiable(std::shared_ptr<Graph>& graph) {
  torch::jit::LowerSimpleTuples(graph);
  torch::jit::ConstantPropagation(graph, /*ignore_custom_classes=*/true);
  torch::jit::EliminateCommonSubexpression(graph);
  torch::jit::ConstantPooling(graph);
  torch::jit::PeepholeOptimize(graph);
  torch::jit::EliminateDeadCode(graph);
  torch::jit::OptimizeFrozenGraph(graph);
  torch::jit::EliminateDeadCode(graph);
}

void optimise_inference(std::shared_ptr<Graph>& graph, c10::Device device) {
  optimise_differentiable(graph);
  if (device.is_cuda()) {
    torch::jit::FuseFrozenConvAddRelu(graph);
  } else {
    torch::jit::ConvertFrozenOpsToMKLDNN(graph);
  }
  torch::jit::FrozenLinearTranspose(graph);
  torch::jit::EliminateDeadCode(graph);
}

}  // namespace torchlight
