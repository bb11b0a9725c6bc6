#include <torch/csrc/jit/ir/constants.h>
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

#include <optional>
#include <utility>

#include "fuse.h"
#include "nodes.h"
#include "optimise.h"

namespace torchlight {

using torch::jit::Graph;

namespace {

using Bounds = std::pair<c10::IValue, c10::IValue>;

// The bounds of relu6, hardtanh and clamp where they are constants.
std::optional<Bounds> bounds_of(const torch::jit::Node* n) {
  if (!n->kind().is_aten() || n->inputs().empty()) return std::nullopt;
  const std::string name = n->kind().toUnqualString();
  if (name == "relu6" || name == "relu6_") return Bounds{0.0, 6.0};
  if (name != "hardtanh" && name != "hardtanh_" && name != "clamp" && name != "clamp_") return std::nullopt;
  const auto low = torch::jit::toIValue(n->inputs()[1]), high = torch::jit::toIValue(n->inputs()[2]);
  if (!low || !high) return std::nullopt;
  const auto usable = [](const c10::IValue& v) { return v.isNone() || v.isDouble() || v.isInt(); };
  if (!usable(*low) || !usable(*high)) return std::nullopt;
  return Bounds{*low, *high};
}

// min(max(x, low), high) as two operators.
void split_bounds(torch::jit::Node* n, const Bounds& bounds) {
  const bool in_place = std::string(n->kind().toUnqualString()).back() == '_';
  Graph* graph = n->owningGraph();
  torch::jit::WithInsertPoint at(n);
  torch::jit::Value* v = n->inputs()[0];
  const auto add = [&](const char* kind, const c10::IValue& bound) {
    if (bound.isNone()) return;
    const std::string name = std::string(kind) + (in_place ? "_" : "");
    torch::jit::Node* made = graph->create(c10::Symbol::aten(name), {v, graph->insertConstant(bound)});
    made->output()->setType(n->output()->type());
    v = graph->insertNode(made)->output();
  };
  add("clamp_min", bounds.first);
  add("clamp_max", bounds.second);
  n->output()->replaceAllUsesWith(v);
  n->destroy();
}

// The conversion to MKLDNN keeps bounds as attributes of an operator, of which
// the interpreter has one for each name in a graph, so that all get the first
// one's bounds; and it fails for a clamp whose bounds are not both floats. What
// must not be converted is split.
void split_other_bounds(torch::jit::Block* block, std::optional<std::pair<double, double>>& first) {
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    torch::jit::Node* n = *it++;
    for (torch::jit::Block* b : n->blocks()) split_other_bounds(b, first);
    const auto bounds = bounds_of(n);
    if (!bounds) continue;
    const bool clamp = std::string(n->kind().toUnqualString()).rfind("clamp", 0) == 0;
    if (!clamp && bounds->first.isDouble() && bounds->second.isDouble()) {
      const std::pair<double, double> mine{bounds->first.toDouble(), bounds->second.toDouble()};
      if (!first) first = mine;
      if (*first == mine) continue;
    }
    split_bounds(n, *bounds);
  }
}

}  // namespace

void optimise_differentiable(std::shared_ptr<Graph>& graph) {
  torch::jit::LowerSimpleTuples(graph);
  torch::jit::ConstantPropagation(graph, /*ignore_custom_classes=*/true);
  torch::jit::EliminateCommonSubexpression(graph);
  torch::jit::ConstantPooling(graph);
  torch::jit::PeepholeOptimize(graph);
  torch::jit::EliminateDeadCode(graph);
  fold_batch_norms(graph->block());
  torch::jit::OptimizeFrozenGraph(graph);
  torch::jit::EliminateDeadCode(graph);
}

bool take_channels_last(std::shared_ptr<Graph>& graph, Model& model, bool gradients) {
  auto copy = graph->copy();
  if (model.device.is_cpu()) fuse_convolutions(copy, model.convolutions, gradients);
  if (!settle_layout(copy)) return false;
  torch::jit::EliminateDeadCode(copy);
  graph = copy;
  return true;
}

Order optimise_inference(std::shared_ptr<Graph>& graph, Model& model, Order order) {
  optimise_differentiable(graph);
  if (order == Order::kChannelsLast && !take_channels_last(graph, model, /*gradients=*/false))
    order = Order::kContiguous;
  if (model.device.is_cuda()) {
    torch::jit::FuseFrozenConvAddRelu(graph);
  } else if (!any_node(graph->block(), [](const torch::jit::Node* n) {
               // Ours are fused already, and the conversion's take no image without a batch.
               return n->kind() == convolution_symbol() || convolves_images(n);
             })) {
    std::optional<std::pair<double, double>> first;
    split_other_bounds(graph->block(), first);
    torch::jit::ConvertFrozenOpsToMKLDNN(graph);
  }
  torch::jit::FrozenLinearTranspose(graph);
  torch::jit::EliminateDeadCode(graph);
  return order;
}

}  // namespace torchlight
