// Differentiating twice.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "device.h"
#include "failure.h"
#include "pass.h"
#include "rerun.h"

namespace torchlight {
namespace {

// Our convolutions, the fused attention and the hard sigmoid have one derivative
// only, so a tail with them is run again with operators that have two.
std::unique_ptr<Pass> twice_differentiable(const Pass& pass) {
  Plan& plan = *pass.plan;
  {
    std::lock_guard<std::mutex> lock(plan.mutex);
    if (!plan.twice_ready) {
      plan.twice = compiled(tail_differentiable_twice(plan), "tail with two derivatives");
      plan.twice_ready = true;
      plan.model->originals.release();
    }
  }
  auto again = std::make_unique<Pass>();
  again->plan = pass.plan;
  again->prepared = pass.prepared;
  again->samples = pass.samples;
  again->value = pass.value;
  again->crossing = pass.crossing;
  again->alone = pass.alone;
  if (pass.alone) {
    again->outputs = one_by_one(*again, plan.twice, again->value, in_order(static_cast<int64_t>(pass.samples.size())));
  } else {
    record(*again, plan.twice);
  }
  return again;
}

}  // namespace

Second second_order(Pass& pass, const Cotangents& cotangents, const std::vector<at::Tensor>& directions) {
  require_derivative(*pass.plan);
  at::AutoGradMode enabled(true);
  std::unique_ptr<Pass> again;
  if (pass.plan->once) again = twice_differentiable(pass);
  const Pass& p = again ? *again : pass;

  // J v is the derivative of <J^T c, v> by c, so every output gets a c.
  Second result;
  std::vector<at::Tensor> outputs, vectors;
  std::vector<size_t> connected;
  for (size_t k = 0; k < p.outputs.size(); k++) {
    const auto& [name, out] = p.outputs[k];
    if (!out.is_floating_point()) continue;
    result.jv.emplace_back(name, at::zeros_like(out.detach()));
    if (!out.requires_grad()) continue;
    at::Tensor c = at::zeros_like(out.detach());
    for (const auto& [which, vector] : cotangents)
      if (which == k) c = c + vector.to(out.device(), out.scalar_type());
    outputs.push_back(out);
    vectors.push_back(c.detach().requires_grad_(true));
    connected.push_back(result.jv.size() - 1);
  }
  std::vector<at::Tensor> layers;
  for (size_t i = 0; i < p.plan->layers.size(); i++) {
    layers.push_back(p.differentiated(i));
    result.hv.emplace_back(p.plan->layers[i], at::zeros_like(layers[i].detach()));
    if (directions[i].defined() && directions[i].sizes() != layers[i].sizes())
      throw Failure(TL_INVALID, "the direction for layer " + p.plan->layers[i] + " has shape " +
                                    c10::str(directions[i].sizes()) + ", the activation " +
                                    c10::str(layers[i].sizes()));
  }
  if (outputs.empty()) return result;

  const auto gradients = torch::autograd::grad(outputs, layers, vectors, /*retain_graph=*/true, /*create_graph=*/true,
                                               /*allow_unused=*/true);
  at::Tensor along;
  for (size_t i = 0; i < layers.size(); i++) {
    if (!directions[i].defined() || !gradients[i].defined() || !gradients[i].requires_grad()) continue;
    const at::Tensor part =
        (gradients[i] * directions[i].detach().to(layers[i].device(), layers[i].scalar_type())).sum();
    along = along.defined() ? along + part : part;
  }
  if (!along.defined()) return result;
  std::vector<at::Tensor> by = layers;
  by.insert(by.end(), vectors.begin(), vectors.end());
  const auto second = torch::autograd::grad({along}, by, {}, /*retain_graph=*/true, /*create_graph=*/false,
                                            /*allow_unused=*/true);
  for (size_t i = 0; i < layers.size(); i++)
    if (second[i].defined()) result.hv[i].second = second[i].detach();
  for (size_t k = 0; k < vectors.size(); k++)
    if (second[layers.size() + k].defined()) result.jv[connected[k]].second = second[layers.size() + k].detach();
  return result;
}

}  // namespace torchlight

extern "C" tl_error* tl_pass_second_order(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents,
                                          int32_t n, const tl_tensor* const* directions, tl_tensors** hv,
                                          tl_tensors** jv) {
  return torchlight::guarded([&] {
    std::vector<at::Tensor> along;
    for (size_t i = 0; i < p->pass->plan->layers.size(); i++)
      along.push_back(directions[i] ? directions[i]->value : at::Tensor());
    torchlight::OnDevice on(p->pass->plan->model->device);
    auto result = torchlight::second_order(*p->pass, torchlight::cotangents_of(*p->pass, which, cotangents, n), along);
    on.finish();
    auto all = std::make_unique<tl_tensors>(std::move(result.hv));
    *jv = new tl_tensors(std::move(result.jv));
    *hv = all.release();
  });
}
