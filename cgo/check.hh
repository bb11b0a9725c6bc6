// Comparing a plan with the model as the file has it.
#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "failure.h"
#include "pass.h"

namespace torchlight {
namespace {

// Largest difference of any output, relative to its largest value. Outputs that
// are not finite are left to the caller, who reports them, unless they became
// finite: oneDNN's rectifiers make zeros of NaN.
double distance(const NamedTensors& got, const NamedTensors& want) {
  double worst = 0;
  for (size_t i = 0; i < want.size(); i++) {
    const at::Tensor& w = want[i].second;
    if (!w.is_floating_point() || w.numel() == 0) continue;
    if (i >= got.size() || got[i].second.sizes() != w.sizes()) return 1;
    const at::Tensor exact = w.to(at::kDouble);
    if (at::logical_and(got[i].second.isfinite(), exact.isfinite().logical_not()).any().item<bool>())
      return std::numeric_limits<double>::infinity();
    const at::Tensor delta = (got[i].second.detach().to(at::kDouble) - exact).abs();
    if (!delta.isfinite().all().item<bool>()) continue;
    const double scale = exact.abs().max().item<double>();
    const double difference = delta.max().item<double>();
    worst = std::max(worst, scale > 0 ? difference / scale : difference);
  }
  return worst;
}

// The model as the file has it or, for a model that running would change, its
// uncut graph.
c10::IValue uncut(const Plan& plan, const jit::Stack& inputs) {
  if (!plan.writes_state) return plain_forward(*plan.model, inputs);
  Flat flat = flatten(plan.model->module, {});
  jit::Stack stack = inputs;
  for (const auto& e : flat.extras) stack.push_back(e);
  return run(jit::Code(flat.graph, "uncut"), std::move(stack)).at(0);
}

// Head and tail with the operators of the file.
c10::IValue unfolded(const Plan& plan, const jit::Stack& inputs) {
  jit::Stack stack = inputs;
  for (const auto& e : plan.extras) stack.push_back(e);
  stack = run(jit::Code(plan.cut.head, "head as in the file"), std::move(stack));
  return run(jit::Code(plan.cut.tail, "tail as in the file"), std::move(stack)).at(0);
}

Limits limits(c10::ScalarType type) {
  switch (type) {
    case c10::kDouble:
      return {1e-14, 1e-9};
    case c10::kHalf:
      return {1e-3, 1e-1};
    case c10::kBFloat16:
      return {1e-2, 3e-1};
    default:
      return {1e-6, 1e-3};
  }
}

}  // namespace

Limits limits(const Model& model) {
  Limits limit = limits(model.dtype);
  if (model.form.precision) limit.folded = limits(*model.form.precision).folded;
  if (model.device.is_cuda()) {  // which need not choose the same kernels twice
    const bool tf32 = at::globalContext().allowTF32CuDNN();
    limit.exact = std::max(limit.exact, tf32 ? 1e-3 : 1e-5);
    if (tf32) limit.folded = std::max(limit.folded, 3e-2);
  }
  return limit;
}

NamedTensors as_in_file(const Plan& plan, const jit::Stack& inputs) {
  Originals::Use use(plan.model->originals, /*keep=*/true);
  NamedTensors all = outputs_of(uncut(plan, inputs));
  plan.model->originals.detach(all);
  return all;
}

void check(Plan& plan, const jit::Stack& inputs, const NamedTensors& got, const NamedTensors& want) {
  const Limits limit = limits(*plan.model);
  const double folded = distance(got, want);
  if (folded > limit.exact * 10) {
    Originals::Use use(plan.model->originals, /*keep=*/true);
    const double exact = !plan.options.unfolded ? distance(outputs_of(unfolded(plan, inputs)), want) : folded;
    std::ostringstream s;
    if (exact > limit.exact) {
      s << "cutting at " << plan.layers[0] << " changes the model's output (by " << exact << " relative): ";
      if (plan.cut.suspects.empty()) {
        s << "the model is not deterministic, or an operator behind the layer changes memory that is shared across the "
             "cut";
      } else {
        s << "the layer's value shares memory with " << plan.cut.suspects[0]
          << ", and a later operator writes to it in place";
      }
      s << "; hook the layer before or after it";
      throw Failure(TL_ALIASING, s.str());
    }
    if (folded > limit.folded) {
      if (plan.model->form.precision) {
        s << "computing in " << c10::toString(*plan.model->form.precision) << " changes the model's output (by "
          << folded << " relative); load the model in its own type";
      } else {
        s << "folding batch norms changes the model's output (by " << folded
          << " relative); load the model without folding";
      }
      throw Failure(TL_ALIASING, s.str());
    }
  }
  plan.checked = true;
  plan.model->originals.release();
}

}  // namespace torchlight
