// How a pass grows when it is continued with other rows.
#include <ATen/ATen.h>

#include "failure.h"
#include "optimise.h"
#include "rerun.h"

namespace torchlight {

const std::string& earliest(const Plan& plan) {
  for (size_t i = 0; i < plan.layers.size(); i++)
    if (plan.cut.captures[i].at_cut) return plan.layers[i];
  return plan.layers[0];
}

const jit::Code& light_tail(Plan& plan) {
  std::lock_guard<std::mutex> lock(plan.mutex);
  if (!plan.light_ready) {
    auto graph = plan.cut.tail->copy();
    plan.model->originals.lend(*graph);
    const bool fits = plan.options.unfolded || optimise_inference(graph, *plan.model, plan.order) == plan.order;
    plan.light = fits ? compiled(graph, "tail without gradients") : plan.tail;
    plan.light_ready = true;
    plan.model->originals.release();
  }
  return plan.light;
}

jit::Stack inputs_of(const Pass& pass, const Rows& rows) {
  const int64_t n = batch_size(pass.prepared);
  Rows mine;
  for (const int64_t row : rows) mine.push_back(pass.samples.at(static_cast<size_t>(row)));
  jit::Stack inputs;
  for (const auto& v : pass.prepared) {
    const bool batched = v.isTensor() && v.toTensor().dim() > 0 && v.toTensor().size(0) == n;
    inputs.push_back(batched ? c10::IValue(pick(v.toTensor(), mine, n)) : v);
  }
  return inputs;
}

jit::Stack crossing_of(const Pass& pass, const Scaling& scaling, const Rows& rows) {
  const auto n = static_cast<int64_t>(pass.samples.size());
  jit::Stack out;
  for (size_t i = 0; i < pass.crossing.size(); i++)
    out.push_back(scaling.crossing.empty() ? pass.crossing[i] : pick(pass.crossing[i], scaling.crossing[i], rows, n));
  return out;
}

int64_t rows_each(const at::Tensor& of_pass, int64_t n) {
  return of_pass.dim() > 0 && of_pass.size(0) % n == 0 ? of_pass.size(0) / n : -1;
}

bool fits(const Pass& pass, const NamedTensors& got, int64_t count) {
  const auto n = static_cast<int64_t>(pass.samples.size());
  if (got.size() != pass.outputs.size()) return false;
  for (size_t i = 0; i < got.size(); i++) {
    const at::Tensor &was = pass.outputs[i].second, &now = got[i].second;
    if (got[i].first != pass.outputs[i].first || was.dim() != now.dim()) return false;
    const int64_t each = rows_each(was, n);
    if (each < 0 ? was.sizes() != now.sizes()
                 : now.size(0) != each * count || was.sizes().slice(1) != now.sizes().slice(1))
      return false;
  }
  return true;
}

namespace {

constexpr size_t kMostScalings = 256;  // shapes of inputs remembered by a plan

// Learns how the crossing values grow by running the head on one sample more,
// and checks that samples do not interact: a row run alone must be the pass's
// own. A pass of one sample runs it beside another row instead.
Scaling learn(const Pass& pass, const jit::Code& light) {
  const auto n = static_cast<int64_t>(pass.samples.size());
  const double tolerance = limits(*pass.plan->model).folded;
  Scaling scaling;
  // A dynamically quantised operator takes its scale from the whole batch.
  const bool dynamic = pass.plan->underivable.find("_dynamic") != std::string::npos;
  if (pass.plan->options.alone || dynamic) return scaling;
  try {
    if (!pass.crossing.empty()) {
      Rows longer = in_order(n);
      longer.push_back(0);
      const jit::Stack stack = run_head(*pass.plan, inputs_of(pass, longer));
      for (size_t i = 0; i < pass.crossing.size(); i++) {
        scaling.crossing.push_back(growth(pass.crossing[i], stack.at(i + 1), n, tolerance));
        if (!scaling.crossing.back().known()) return scaling;
      }
    }
    const int64_t last = n - 1;
    const Rows rows = n == 1 ? Rows{0, 0} : Rows{last};
    at::Tensor value = pick(pass.value, rows, n);
    if (n == 1) value.narrow(0, value.size(0) / 2, value.size(0) / 2).mul_(0.5);
    const NamedTensors got = outputs_of(run_tail(light, crossing_of(pass, scaling, rows), value).at(0));
    if (!fits(pass, got, static_cast<int64_t>(rows.size()))) return scaling;
    for (size_t i = 0; i < got.size(); i++) {
      const at::Tensor& was = pass.outputs[i].second;
      const int64_t each = rows_each(was, n);
      const bool same = each < 0 ? agree(got[i].second, was, tolerance)
                                 : agree(got[i].second.narrow(0, 0, each), was.narrow(0, last * each, each), tolerance);
      if (!same) return scaling;
    }
    scaling.together = true;
  } catch (const std::exception&) {
    if (!model_refuses()) throw;
    // The model does not run at another batch size.
  }
  return scaling;
}

}  // namespace

std::shared_ptr<const Scaling> scaling_of(const Pass& pass, const jit::Code& light) {
  Plan& plan = *pass.plan;
  std::vector<int64_t> shapes{static_cast<int64_t>(pass.samples.size())};
  for (const auto& v : pass.prepared) {
    if (!v.isTensor()) continue;
    const auto sizes = v.toTensor().sizes();
    shapes.push_back(static_cast<int64_t>(sizes.size()));
    shapes.insert(shapes.end(), sizes.begin(), sizes.end());
  }
  {
    std::lock_guard<std::mutex> lock(plan.mutex);
    const auto found = plan.scalings.find(shapes);
    if (found != plan.scalings.end()) return found->second;
  }
  auto learnt = std::make_shared<const Scaling>(learn(pass, light));
  std::lock_guard<std::mutex> lock(plan.mutex);
  if (plan.scalings.size() >= kMostScalings) plan.scalings.clear();
  plan.scalings[shapes] = learnt;
  return learnt;
}

}  // namespace torchlight
