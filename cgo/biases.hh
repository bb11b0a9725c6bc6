// The additive terms of a network, as FullGrad needs them.
#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/constants.h>

#include <map>

#include "address.h"
#include "device.h"
#include "failure.h"
#include "plan.h"

namespace torchlight {
namespace {

// A constant tensor that the node reads; undefined for None and for what only a
// run knows.
at::Tensor constant(const jit::Node* n, size_t input) {
  if (input >= n->inputs().size()) return {};
  const auto v = jit::toIValue(n->inputs()[input]);
  return v && v->isTensor() ? v->toTensor() : at::Tensor();
}

bool is_convolution(const std::string& name) {
  for (const char* known :
       {"conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"})
    if (name == known) return true;
  return false;
}

// What the node adds to each channel; undefined if it adds nothing.
at::Tensor bias_of(const jit::Node* n, const std::string& name) {
  if (is_convolution(name)) return constant(n, 2);
  if (name != "batch_norm" && name != "native_batch_norm" && name != "cudnn_batch_norm") return {};
  // batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, ...)
  const at::Tensor mean = constant(n, 3), variance = constant(n, 4);
  const auto eps = jit::toIValue(n->inputs()[7]);
  if (!mean.defined() || !variance.defined() || !eps || !eps->isDouble()) return {};
  at::Tensor slope = at::rsqrt(variance.to(at::kDouble) + eps->toDouble());
  if (const at::Tensor weight = constant(n, 1); weight.defined()) slope = slope * weight.to(at::kDouble);
  at::Tensor bias = -mean.to(at::kDouble) * slope;
  if (const at::Tensor beta = constant(n, 2); beta.defined()) bias = bias + beta.to(at::kDouble);
  return bias;
}

NamedTensors list_biases(Model& model) {
  Originals::Use use(model.originals, /*keep=*/false);
  const Flat flat = flatten(model.module, {});
  std::map<std::string, int> index;
  NamedTensors found;
  for (const auto& [name, node] : named_nodes(flat)) {
    const int i = index[name]++;
    const at::Tensor bias = node->kind().is_aten() ? bias_of(node, name) : at::Tensor();
    if (bias.defined())
      // A copy: the file's weights come and go.
      found.emplace_back("#" + name + ":" + std::to_string(i),
                         bias.detach().to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true).contiguous());
  }
  return found;
}

// Listed once: walking through a network takes as long as running a small one.
NamedTensors biases(Model& model) {
  std::lock_guard<std::mutex> lock(model.mutex);
  if (!model.listed) {
    model.biases = list_biases(model);
    model.listed = true;
  }
  return model.biases;
}

}  // namespace
}  // namespace torchlight

extern "C" tl_error* tl_plan_biases(const tl_plan* p, tl_tensors** out) {
  return torchlight::guarded([&] {
    torchlight::OnDevice on(p->plan->model->device);
    *out = new tl_tensors(torchlight::biases(*p->plan->model));
  });
}
