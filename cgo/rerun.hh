// Continuing a pass from other values of its earliest layer.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <optional>

#include "device.h"
#include "failure.h"
#include "rerun.h"

namespace torchlight {
namespace {

// The crossing values of one sample alone, kept for the next time.
const jit::Stack& single(Pass& pass, int64_t row, int64_t each) {
  if (pass.plan->cut.crossing == 0) return pass.crossing;
  const int64_t sample = pass.samples.at(static_cast<size_t>(row));
  auto found = pass.singles.find(sample);
  if (found == pass.singles.end()) {
    jit::Stack stack = run_head(*pass.plan, inputs_of(pass, {row}));
    const at::Tensor& value = stack.at(0).toTensor();
    if (value.dim() == 0 || value.size(0) != each)
      throw Failure(TL_INVALID, "the first axis of layer " + earliest(*pass.plan) +
                                    "'s value is not the batch, so the model cannot be continued with other rows");
    stack.erase(stack.begin());
    found = pass.singles.emplace(sample, std::move(stack)).first;
  }
  return found->second;
}

// Joins the outputs of rows that ran alone. What has no axis becomes one value a
// row.
NamedTensors join(const Pass& pass, const std::vector<NamedTensors>& parts) {
  NamedTensors all;
  for (size_t i = 0; i < parts[0].size(); i++) {
    const std::string& name = parts[0][i].first;
    std::vector<at::Tensor> pieces;
    for (const NamedTensors& part : parts) {
      if (part.size() != parts[0].size() || part[i].first != name)
        throw Failure(TL_INVALID, "the model's outputs differ from row to row; continue one row at a time");
      const at::Tensor& t = part[i].second;
      pieces.push_back(t.dim() == 0 ? t.unsqueeze(0) : t);
      if (pieces.back().sizes().slice(1) != pieces[0].sizes().slice(1))
        throw Failure(TL_INVALID, "output \"" + name + "\" has another shape for each row; continue one row at a time");
    }
    all.emplace_back(name, at::cat(pieces));
  }
  if (parts.size() > 1 && all.size() != pass.outputs.size())
    throw Failure(TL_INVALID, "the number of outputs depends on the batch; continue one row at a time");
  return all;
}

}  // namespace

NamedTensors one_by_one(Pass& pass, const jit::Code& tail, const at::Tensor& value, const Rows& rows) {
  const auto n = static_cast<int64_t>(pass.samples.size()), each = pass.value.size(0) / n;
  std::vector<NamedTensors> parts;
  for (size_t i = 0; i < rows.size(); i++) {
    try {
      const jit::Stack& crossing = single(pass, rows[i], each);
      const at::Tensor row = value.narrow(0, static_cast<int64_t>(i) * each, each);
      parts.push_back(outputs_of(run_tail(tail, crossing, row).at(0)));
    } catch (const std::exception&) {
      if (n == 1 || !model_refuses()) throw;
      throw Failure(TL_MODEL, "layer " + earliest(*pass.plan) +
                                  " cannot be continued with other rows: the file was traced for a fixed batch, of " +
                                  std::to_string(n) +
                                  " samples; trace it with one sample, or export it with torch.jit.script");
    }
    for (size_t k = 0; k < parts[i].size() && k < pass.outputs.size(); k++) {
      const at::Tensor &was = pass.outputs[k].second, &now = parts[i][k].second;
      const int64_t want = rows_each(was, n);
      if (want > 0 && now.dim() == was.dim() && now.size(0) != want)
        throw Failure(TL_INVALID, "output \"" + pass.outputs[k].first + "\" has " + std::to_string(now.size(0)) +
                                      " rows for one sample of layer " + earliest(*pass.plan) + ", not " +
                                      std::to_string(want) + ": the first axis of both must be the batch");
    }
  }
  return join(pass, parts);
}

namespace {

void check_shape(const Pass& pass, const at::Tensor& activation, const Rows& rows) {
  const Plan& plan = *pass.plan;
  const auto n = static_cast<int64_t>(pass.samples.size()), count = static_cast<int64_t>(rows.size());
  if (n == 0 || pass.value.dim() == 0 || pass.value.size(0) % n != 0)
    throw Failure(TL_INVALID, "the first axis of layer " + earliest(plan) +
                                  "'s value is not the batch, so the model cannot be continued with other rows");
  if (count == 0) throw Failure(TL_INVALID, "no rows to continue");
  for (const int64_t row : rows)
    if (row < 0 || row >= n)
      throw Failure(TL_INVALID, "row " + std::to_string(row) + " is not among the pass's " + std::to_string(n) +
                                    " samples, numbered from 0");
  auto want = pass.value.sizes().vec();
  want[0] = want[0] / n * count;
  if (activation.sizes() != at::IntArrayRef(want))
    throw Failure(TL_INVALID, "the activation has shape " + c10::str(activation.sizes()) + ", " +
                                  std::to_string(count) + " row(s) of layer " + earliest(plan) + " have " +
                                  c10::str(at::IntArrayRef(want)));
}

// The rows to continue with, the pass's own if none are given. Throws for wrong
// ones.
Rows chosen(const Pass& pass, const at::Tensor& activation, const Rows* given) {
  const Plan& plan = *pass.plan;
  if (!plan.cut.has_value)
    throw Failure(
        TL_INVALID,
        "layer " + plan.layers[0] +
            " sits inside a branch or loop, so the model cannot be continued from it; choose a layer outside");
  if (given) {
    check_shape(pass, activation, *given);
    return *given;
  }
  if (activation.sizes() != pass.value.sizes())
    throw Failure(TL_INVALID, "the activation has shape " + c10::str(activation.sizes()) + ", layer " + earliest(plan) +
                                  " returned " + c10::str(pass.value.sizes()));
  return in_order(static_cast<int64_t>(pass.samples.size()));
}

// Whether the rows are the pass's own, in order.
bool own(const Pass& pass, const Rows& rows) { return rows == in_order(static_cast<int64_t>(pass.samples.size())); }

// The crossing values with which the rows run in one batch, if they can.
std::optional<jit::Stack> together(const Pass& pass, const Rows& rows) {
  if (pass.alone) return std::nullopt;
  if (own(pass, rows)) return pass.crossing;
  const auto scaling = scaling_of(pass, light_tail(*pass.plan));
  if (!scaling->together) return std::nullopt;
  return crossing_of(pass, *scaling, rows);
}

// Whether the outputs of such a run are one for each of the rows.
bool complete(const Pass& pass, const NamedTensors& outputs, const Rows& rows) {
  return own(pass, rows) || fits(pass, outputs, static_cast<int64_t>(rows.size()));
}

at::Tensor as_value(const Pass& pass, const at::Tensor& activation) {
  return activation.detach().to(pass.value.device(), pass.value.scalar_type());
}

}  // namespace

NamedTensors rerun(Pass& pass, const at::Tensor& activation, const Rows* given) {
  const Rows rows = chosen(pass, activation, given);
  const jit::Code& light = light_tail(*pass.plan);
  const at::Tensor value = as_value(pass, activation);
  if (const auto crossing = together(pass, rows)) {
    NamedTensors out = outputs_of(run_tail(light, *crossing, value).at(0));
    if (complete(pass, out, rows)) return out;
  }
  return one_by_one(pass, light, value, rows);
}

std::unique_ptr<Pass> rerun_grad(Pass& pass, const at::Tensor& activation, const Rows* given) {
  const Plan& plan = *pass.plan;
  require_derivative(plan);
  const Rows rows = chosen(pass, activation, given);
  auto next = std::make_unique<Pass>();
  next->plan = pass.plan;
  next->prepared = pass.prepared;
  for (const int64_t row : rows) next->samples.push_back(pass.samples.at(static_cast<size_t>(row)));
  next->value = as_value(pass, activation);
  if (next->value.is_floating_point()) next->value.requires_grad_(true);
  if (auto crossing = together(pass, rows)) {
    next->crossing = std::move(*crossing);
    record(*next, plan.tail);
    if (complete(pass, next->outputs, rows)) return next;
  }
  if (plan.cut.slots > 0)
    throw Failure(TL_INVALID, "the rows of this model run one by one, with gradients for one layer only; choose one");
  at::AutoGradMode enabled(true);
  next->alone = true;
  next->outputs = one_by_one(pass, plan.tail, next->value, rows);
  return next;
}

namespace {

// The activation's memory may be the caller's, lent for this call only.
void own_memory(NamedTensors& outputs, const at::Tensor& lent) {
  for (auto& [name, t] : outputs)
    if (t.has_storage() && t.is_alias_of(lent)) t = t.clone();
}

std::vector<int64_t> as_rows(const int64_t* rows, int64_t count) {
  return rows ? std::vector<int64_t>(rows, rows + count) : std::vector<int64_t>();
}

}  // namespace
}  // namespace torchlight

extern "C" {

tl_error* tl_pass_rerun_grad(tl_pass* p, const tl_tensor* activation, const int64_t* rows, int64_t count,
                             tl_pass** out) {
  return torchlight::guarded([&] {
    const auto all = torchlight::as_rows(rows, count);
    torchlight::OnDevice on(p->pass->plan->model->device);
    auto pass = torchlight::rerun_grad(*p->pass, activation->value, rows ? &all : nullptr);
    on.finish();
    *out = new tl_pass(std::move(pass));
  });
}

tl_error* tl_pass_rerun(tl_pass* p, const tl_tensor* activation, const int64_t* rows, int64_t count, tl_tensors** out) {
  return torchlight::guarded([&] {
    const auto all = torchlight::as_rows(rows, count);
    torchlight::OnDevice on(p->pass->plan->model->device);
    auto outputs = torchlight::rerun(*p->pass, activation->value, rows ? &all : nullptr);
    on.finish();
    *out = new tl_tensors(std::move(outputs));
  });
}

tl_error* tl_pass_rerun_f32(tl_pass* p, const float* data, int64_t n, const int64_t* dims, int32_t ndim,
                            const int64_t* rows, int64_t count, tl_tensors** out) {
  return torchlight::guarded([&] {
    const auto all = torchlight::as_rows(rows, count);
    const at::Tensor lent = at::from_blob(const_cast<float*>(data), torchlight::shape(dims, ndim, n), at::kFloat);
    torchlight::OnDevice on(p->pass->plan->model->device);
    torchlight::NamedTensors outputs = torchlight::rerun(*p->pass, lent, rows ? &all : nullptr);
    torchlight::own_memory(outputs, lent);
    on.finish();
    *out = new tl_tensors(std::move(outputs));
  });
}

}  // extern "C"
