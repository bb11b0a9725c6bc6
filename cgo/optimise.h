// Making graphs fast.
#ifndef TORCHLIGHT_OPTIMISE_H
#define TORCHLIGHT_OPTIMISE_H

#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <string>

#include "model.h"

namespace torchlight {

// Passes that keep every value and every derivative up to rounding: constants
// computed, dropout removed, convolution and batch norm folded into one.
void optimise_differentiable(std::shared_ptr<torch::jit::Graph>& graph);

// Folds batch norms into the convolutions before them and frees the weights that
// they had, one after the other.
void fold_batch_norms(torch::jit::Block* block);

// How values that cross a cut may lie in memory: as ATen's operators return
// them, or channels-last, as our convolutions do.
enum class Order { kContiguous, kChannelsLast };

// Lets a graph take values that lie channels-last, and gives it convolutions that
// return them so; it stays differentiable once. False, the graph unchanged, if
// its operators depend on how their arguments lie in memory.
bool take_channels_last(std::shared_ptr<torch::jit::Graph>& graph, Model& model, bool gradients);

// All that for a graph run without gradients, and passes whose results have no
// derivative, as in torch.jit.optimize_for_inference. Returns the order in which
// its inputs may be: the one asked for, or kContiguous where that cannot be.
Order optimise_inference(std::shared_ptr<torch::jit::Graph>& graph, Model& model, Order order);

// Replaces fused operators without a derivative (the attention fast path that
// traces made under no_grad contain) by differentiable ones. Returns how many.
// With twice, also those whose derivative has none.
int decompose_fused(const std::shared_ptr<torch::jit::Graph>& graph, bool twice);

// Whether the graph has an operator that can be differentiated only once.
bool differentiates_once(const torch::jit::Block* block);

// Name of an operator of the graph that computes from its inputs but has no
// derivative, so that autograd would silently see a constant; "" if none does.
// With taps, what a tap returns counts as an input.
std::string underivable(const torch::jit::Graph& graph, const torch::jit::Value* from);

}  // namespace torchlight

#endif  // TORCHLIGHT_OPTIMISE_H
