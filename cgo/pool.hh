// Maps made where the network runs, so that neither activations nor gradients need
// to leave the device.
#include <ATen/ATen.h>

#include "device.h"
#include "failure.h"
#include "pass.h"

namespace torchlight {
namespace {

// Of all values of a sample; NaN if one is.
at::Tensor largest_magnitude(const at::Tensor& v) { return at::maximum(v.amax({1, 2}), -v.amin({1, 2})); }

NamedTensors pool(Pass& pass, const Cotangents& cotangents) {
  NamedTensors all;
  const NamedTensors gradients = backward(pass, cotangents);
  for (size_t i = 0; i < gradients.size(); i++) {
    const auto& [layer, gradient] = gradients[i];
    const at::Tensor value = pass.activation(i).detach();
    if (value.dim() < 3 || value.numel() == 0)
      throw Failure(TL_INVALID, "layer " + layer + " has shape " + c10::str(value.sizes()) +
                                    ", and only values with channels and space can be pooled");
    const auto type = value.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor a = value.to(type).flatten(2), g = gradient.to(type).flatten(2);  // [N, C, positions]
    std::vector<int64_t> shape = value.sizes().vec();
    shape.erase(shape.begin() + 1);
    all.emplace_back(layer, at::bmm(g.mean(2).unsqueeze(1), a).view(shape));
    all.emplace_back(layer, largest_magnitude(g));
    all.emplace_back(layer, largest_magnitude(a));
  }
  return all;
}

}  // namespace
}  // namespace torchlight

extern "C" tl_error* tl_pass_pool(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents, int32_t n,
                                  tl_tensors** pooled) {
  return torchlight::guarded([&] {
    torchlight::OnDevice on(p->pass->plan->model->device);
    auto all = torchlight::pool(*p->pass, torchlight::cotangents_of(*p->pass, which, cotangents, n));
    on.finish();
    *pooled = new tl_tensors(std::move(all));
  });
}
