#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <sstream>

#include "device.h"
#include "failure.h"
#include "memory.h"
#include "optimise.h"
#include "pass.h"

namespace torchlight {
namespace {

// Lists and dicts may be appended to by the tail, so each run gets its own.
jit::Stack own_containers(const jit::Stack& values) {
  jit::Stack out;
  out.reserve(values.size());
  for (const auto& v : values) out.push_back(v.isList() || v.isGenericDict() ? v.deepcopy() : v);
  return out;
}

const Slot& recorded(const Pass& pass, size_t i) {
  const Capture& capture = pass.plan->cut.captures[i];
  const Slot& slot = pass.slots[capture.slot];
  if (!capture.chosen && slot.executed > 1) {
    const std::string& layer = pass.plan->layers[i];
    throw Failure(TL_LAYER_AMBIGUOUS, "layer " + layer + " is called " + std::to_string(slot.executed) +
                                          " times for this input; choose one: " + layer + "@0 to " + layer + "@" +
                                          std::to_string(slot.executed - 1));
  }
  if (!slot.value.defined()) {
    const std::string& layer = pass.plan->layers[i];
    if (slot.executed == 0)
      throw Failure(TL_LAYER_NOT_CALLED, "layer " + layer + " sits in a branch that this input does not take");
    throw Failure(TL_LAYER_NOT_CALLED, "layer " + layer + " ran " + std::to_string(slot.executed) +
                                           " time(s) for this input, numbered from 0");
  }
  return slot;
}

void require_float(const Pass& pass, size_t i) {
  const at::Tensor& a = pass.activation(i);
  if (a.is_floating_point()) return;
  throw Failure(TL_LAYER_NOT_TENSOR,
                "layer " + pass.plan->layers[i] + " returns " + std::string(c10::toString(a.scalar_type())) +
                    " values, which have no gradient; choose a layer that returns floating-point values");
}

}  // namespace

jit::Stack run_tail(const jit::Code& code, const jit::Stack& crossing, const at::Tensor& value) {
  jit::Stack stack;
  if (value.defined()) stack.emplace_back(value);
  for (auto& v : own_containers(crossing)) stack.push_back(std::move(v));
  return run(code, std::move(stack));
}

int64_t batch_size(const jit::Stack& inputs) {
  for (const auto& v : inputs)
    if (v.isTensor()) return v.toTensor().dim() > 0 ? v.toTensor().size(0) : 0;
  return 0;
}

jit::Stack run_head(const Plan& plan, jit::Stack inputs) {
  for (const auto& e : plan.extras) inputs.push_back(e);
  return plan.head->run(std::move(inputs));
}

const at::Tensor& Pass::activation(size_t i) const {
  if (plan->options.in_place != TL_AS_RETURNED) return recorded(*this, i).passed;
  return plan->cut.captures[i].at_cut ? value : recorded(*this, i).value;
}

const at::Tensor& Pass::differentiated(size_t i) const {
  if (plan->options.in_place == TL_BOTH_AFTER) return recorded(*this, i).passed;
  return plan->cut.captures[i].at_cut ? value : recorded(*this, i).value;
}

void record(Pass& pass, const jit::Code& tail) {
  const Plan& plan = *pass.plan;
  pass.slots.assign(plan.cut.slots, {});
  for (const Capture& c : plan.cut.captures) {
    if (c.slot >= pass.slots.size()) continue;  // cut at, without a tap
    pass.slots[c.slot].wanted = c.execution;
    pass.slots[c.slot].keep = plan.options.in_place != TL_AS_RETURNED;
  }
  at::AutoGradMode enabled(plan.underivable.empty());
  Recording recording(&pass.slots);
  pass.outputs = outputs_of(run_tail(tail, pass.crossing, pass.value).at(0));
}

std::unique_ptr<Pass> forward(const std::shared_ptr<Plan>& plan, const tl_tensor* const* inputs, int32_t n) {
  check_count(*plan->model, plan->inputs, n);
  auto pass = std::make_unique<Pass>();
  pass->plan = plan;
  pass->prepared = prepare(*plan->model, inputs, n);
  pass->samples = in_order(batch_size(pass->prepared));
  std::optional<NamedTensors> want;
  if (!plan->checked) want = as_in_file(*plan, pass->prepared);  // before the weights are used up
  compile(*plan);
  jit::Stack stack = run_head(*plan, pass->prepared);

  size_t next = 0;
  if (plan->cut.has_value) {
    pass->value = stack.at(next++).toTensor().detach();
    if (pass->value.is_floating_point() && plan->underivable.empty()) {
      at::AutoGradMode grad(true);
      pass->value.requires_grad_(true);
    }
  }
  pass->crossing.assign(std::make_move_iterator(stack.begin() + static_cast<std::ptrdiff_t>(next)),
                        std::make_move_iterator(stack.end()));
  record(*pass, plan->tail);
  for (size_t i = 0; i < plan->layers.size(); i++) require_float(*pass, i);
  if (want) check(*plan, pass->prepared, pass->outputs, *want);
  return pass;
}

Cotangents cotangents_of(const Pass& pass, const int32_t* which, const tl_tensor* const* vectors, int32_t n) {
  Cotangents all;
  for (int32_t i = 0; i < n; i++) {
    if (which[i] < 0 || static_cast<size_t>(which[i]) >= pass.outputs.size())
      throw Failure(TL_INVALID, "no output " + std::to_string(which[i]));
    const auto& [name, out] = pass.outputs[static_cast<size_t>(which[i])];
    const at::Tensor& vector = vectors[i]->value;
    if (vector.sizes() != out.sizes())
      throw Failure(TL_INVALID, "the cotangent of output \"" + name + "\" has shape " + c10::str(vector.sizes()) +
                                    ", the output " + c10::str(out.sizes()));
    all.emplace_back(static_cast<size_t>(which[i]), vector);
  }
  return all;
}

NamedTensors backward(Pass& pass, const Cotangents& cotangents) {
  require_derivative(*pass.plan);
  at::AutoGradMode grad(true);
  std::vector<at::Tensor> outputs, vectors, layers;
  for (const auto& [which, vector] : cotangents) {
    const at::Tensor& out = pass.outputs.at(which).second;
    if (!out.requires_grad()) continue;  // it does not depend on the layers
    outputs.push_back(out);
    vectors.push_back(vector.to(out.device(), out.scalar_type()));
  }
  for (size_t i = 0; i < pass.plan->layers.size(); i++) layers.push_back(pass.differentiated(i));
  std::vector<at::Tensor> gradients(layers.size());
  if (!outputs.empty())
    gradients = torch::autograd::grad(outputs, layers, vectors, /*retain_graph=*/true, /*create_graph=*/false,
                                      /*allow_unused=*/true);
  NamedTensors named;
  for (size_t i = 0; i < layers.size(); i++)
    named.emplace_back(pass.plan->layers[i],
                       gradients[i].defined() ? gradients[i].detach() : at::zeros_like(layers[i]));
  return named;
}

}  // namespace torchlight

using torchlight::Failure;
using torchlight::guarded;

tl_pass::tl_pass(std::unique_ptr<torchlight::Pass> p) : pass(std::move(p)) { torchlight::live().passes++; }
tl_pass::~tl_pass() { torchlight::live().passes--; }

extern "C" {

tl_error* tl_plan_forward(tl_plan* p, const tl_tensor* const* inputs, int32_t n, tl_pass** out) {
  return guarded([&] {
    torchlight::OnDevice on(p->plan->model->device);
    auto pass = torchlight::forward(p->plan, inputs, n);
    on.finish();
    torchlight::keep_freed_memory();
    *out = new tl_pass(std::move(pass));
  });
}

tl_error* tl_pass_outputs(const tl_pass* p, tl_tensors** out) {
  return guarded([&] {
    torchlight::NamedTensors detached;
    for (const auto& [name, t] : p->pass->outputs) detached.emplace_back(name, t.detach());
    *out = new tl_tensors(std::move(detached));
  });
}

tl_error* tl_pass_activations(const tl_pass* p, tl_tensors** out) {
  return guarded([&] {
    torchlight::NamedTensors all;
    const auto& layers = p->pass->plan->layers;
    for (size_t i = 0; i < layers.size(); i++) all.emplace_back(layers[i], p->pass->activation(i).detach());
    *out = new tl_tensors(std::move(all));
  });
}

tl_error* tl_pass_backward(tl_pass* p, const int32_t* which, const tl_tensor* const* cotangents, int32_t n,
                           tl_tensors** gradients) {
  return guarded([&] {
    torchlight::OnDevice on(p->pass->plan->model->device);
    auto all = torchlight::backward(*p->pass, torchlight::cotangents_of(*p->pass, which, cotangents, n));
    on.finish();
    *gradients = new tl_tensors(std::move(all));
  });
}

void tl_pass_free(tl_pass* p) {
  torchlight::ThreadState state;  // freeing an autograd graph runs code of libtorch
  delete p;
}

}  // extern "C"
