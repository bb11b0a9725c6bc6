// Folding batch norms into the convolutions before them, one at a time.
//
// libtorch's own pass makes all new weights beside all old ones; here the old ones
// of each go before the next is made.
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/fold_conv_bn.h>

#include "optimise.h"

namespace torchlight {
namespace {

namespace jit = torch::jit;

bool is_fixed_convolution(const jit::Node* n) {
  const auto kind = n->kind();
  if (kind == c10::aten::conv1d || kind == c10::aten::conv2d || kind == c10::aten::conv3d) return true;
  if (kind != c10::Symbol::fromQualString("aten::_convolution")) return false;
  const auto transposed = jit::toIValue(n->input(6));
  return transposed && transposed->isBool() && !transposed->toBool();
}

// The constant tensor, or what stands for None.
std::optional<at::Tensor> tensor_or(const jit::Value* v, const at::Tensor& none) {
  const auto value = jit::toIValue(v);
  if (!value) return std::nullopt;
  if (value->isTensor()) return value->toTensor();
  return value->isNone() ? std::optional<at::Tensor>(none) : std::nullopt;
}

// The weights of the two as one convolution's; nothing where they cannot be.
std::optional<std::tuple<at::Tensor, at::Tensor>> folded(const jit::Node* conv, const jit::Node* norm) {
  const auto mean = jit::toIValue(norm->input(3)), variance = jit::toIValue(norm->input(4)),
             training = jit::toIValue(norm->input(5)), eps = jit::toIValue(norm->input(7)),
             weight = jit::toIValue(conv->input(1));
  for (const auto& v : {mean, variance, weight})
    if (!v || !v->isTensor()) return std::nullopt;
  if (!training || !training->isBool() || training->toBool() || !eps || !eps->isDouble()) return std::nullopt;
  jit::ConvBNParameters p;
  p.conv_w = weight->toTensor();
  p.bn_rm = mean->toTensor();
  p.bn_rv = variance->toTensor();
  p.bn_eps = eps->toDouble();
  const auto bias = tensor_or(conv->input(2), at::zeros_like(p.bn_rm)),
             scale = tensor_or(norm->input(1), at::ones_like(p.bn_rm)),
             shift = tensor_or(norm->input(2), at::zeros_like(p.bn_rm));
  if (!bias || !scale || !shift) return std::nullopt;
  p.conv_b = *bias;
  p.bn_w = *scale;
  p.bn_b = *shift;
  if (p.conv_w.dim() == 0 || p.conv_w.size(0) != p.bn_rm.numel()) return std::nullopt;
  for (const at::Tensor& t : {p.conv_b, p.bn_rm, p.bn_rv, p.bn_w, p.bn_b})
    if (t.scalar_type() != p.conv_w.scalar_type() || t.device() != p.conv_w.device()) return std::nullopt;
  return jit::computeUpdatedConvWeightAndBias(p);
}

void replace_constant(jit::Node* n, size_t input, const at::Tensor& with) {
  jit::Node* old = n->input(input)->node();
  jit::WithInsertPoint at(n);
  n->replaceInput(input, n->owningGraph()->insertConstant(with));
  if (!old->hasUses()) old->destroy();
}

}  // namespace

void fold_batch_norms(jit::Block* block) {
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    jit::Node* norm = *it++;
    for (jit::Block* b : norm->blocks()) fold_batch_norms(b);
    if (norm->kind() != c10::aten::batch_norm) continue;
    jit::Node* conv = norm->input(0)->node();
    if (!is_fixed_convolution(conv) || conv->owningBlock() != block || conv->output()->uses().size() != 1) continue;
    const auto weights = folded(conv, norm);
    if (!weights) continue;
    replace_constant(conv, 1, std::get<0>(*weights));
    replace_constant(conv, 2, std::get<1>(*weights));
    norm->output()->replaceAllUsesWith(conv->output());
    norm->destroy();
  }
}

}  // namespace torchlight
