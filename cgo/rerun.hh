// Continuing a pass from other values of its earliest layer.
#include <ATen/ATen.h>

#include <algorithm>

#include "failure.h"
#include "optimise.h"
#include "pass.h"

namespace torchlight {
namespace {

constexpr size_t kMostScalings = 256;  // shapes of inputs remembered by a plan

using Rows = std::vector<int64_t>;

// The layer that the graph was cut at, from which it can be continued.
const std::string& earliest(const Plan& plan) {
  for (size_t i = 0; i < plan.layers.size(); i++)
    if (plan.cut.captures[i].at_cut) return plan.layers[i];
  return plan.layers[0];
}

const jit::Code& light_tail(Plan& plan) {
  std::lock_guard<std::mutex> lock(plan.mutex);
  if (!plan.light_ready) {
    auto graph = plan.cut.tail->copy();
    if (plan.folding) optimise_inference(graph, plan.model->device);
    plan.light = jit::Code(graph, "tail without gradients");
    plan.light_ready = true;
  }
  return plan.light;
}

// The model's inputs for a batch whose row i is sample rows[i] of the pass.
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

// How many rows of an output belong to one sample, -1 if they do not grow with
// the batch.
int64_t rows_each(const at::Tensor& of_pass, int64_t n) {
  return of_pass.dim() > 0 && of_pass.size(0) % n == 0 ? of_pass.size(0) / n : -1;
}

// Whether the outputs of a run of that many rows are those of the pass, row for
// row. An output that does not grow with the batch keeps its shape.
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

// Learns how the crossing values grow by running the head on one sample more,
// and checks that samples do not interact: a row run alone must be the pass's
// own. A pass of one sample runs it beside another row instead.
Scaling learn(const Pass& pass, const jit::Code& light) {
  const auto n = static_cast<int64_t>(pass.samples.size());
  const double tolerance = limits(pass.plan->model->dtype).folded;
  Scaling scaling;
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
  } catch (const c10::Error&) {
    // The model does not run at another batch size.
  } catch (const std::runtime_error&) {
  }
  return scaling;
}

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

// The crossing values of one sample alone, kept for the next time.
const jit::Stack& single(Pass& pass, int64_t row, int64_t each) {
  if (pass.crossing.empty()) return pass.crossing;
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

// Runs a tail row by row, each with its sample's own crossing values.
NamedTensors one_by_one(Pass& pass, const jit::Code& tail, const at::Tensor& value, const Rows& rows) {
  const auto n = static_cast<int64_t>(pass.samples.size()), each = pass.value.size(0) / n;
  std::vector<NamedTensors> parts;
  for (size_t i = 0; i < rows.size(); i++) {
    try {
      const jit::Stack& crossing = single(pass, rows[i], each);
      const at::Tensor row = value.narrow(0, static_cast<int64_t>(i) * each, each);
      parts.push_back(outputs_of(run_tail(tail, crossing, row).at(0)));
    } catch (const Failure&) {
      throw;
    } catch (const c10::OutOfMemoryError&) {
      throw;
    } catch (const std::exception& e) {
      if (n == 1) throw;
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

void check_continuable(const Plan& plan) {
  if (!plan.cut.has_value)
    throw Failure(
        TL_INVALID,
        "layer " + plan.layers[0] +
            " sits inside a branch or loop, so the model cannot be continued from it; choose a layer outside");
}

}  // namespace

NamedTensors rerun(Pass& pass, const at::Tensor& activation, const Rows* rows) {
  Plan& plan = *pass.plan;
  check_continuable(plan);
  if (rows) {
    check_shape(pass, activation, *rows);
  } else if (activation.sizes() != pass.value.sizes()) {
    throw Failure(TL_INVALID, "the activation has shape " + c10::str(activation.sizes()) + ", layer " + earliest(plan) +
                                  " returned " + c10::str(pass.value.sizes()));
  }
  const jit::Code& light = light_tail(plan);
  const at::Tensor value = activation.to(pass.value.device(), pass.value.scalar_type());
  if (!rows || *rows == in_order(static_cast<int64_t>(pass.samples.size())))
    return outputs_of(run_tail(light, pass.crossing, value).at(0));
  const auto scaling = scaling_of(pass, light);
  if (scaling->together) {
    NamedTensors out = outputs_of(run_tail(light, crossing_of(pass, *scaling, *rows), value).at(0));
    if (fits(pass, out, static_cast<int64_t>(rows->size()))) return out;
  }
  return one_by_one(pass, light, value, *rows);
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

tl_error* tl_pass_rerun(tl_pass* p, const tl_tensor* activation, const int64_t* rows, int64_t count, tl_tensors** out) {
  return torchlight::guarded([&] {
    const auto all = torchlight::as_rows(rows, count);
    *out = new tl_tensors(torchlight::rerun(*p->pass, activation->value, rows ? &all : nullptr));
  });
}

tl_error* tl_pass_rerun_f32(tl_pass* p, const float* data, int64_t n, const int64_t* dims, int32_t ndim,
                            const int64_t* rows, int64_t count, tl_tensors** out) {
  return torchlight::guarded([&] {
    const auto all = torchlight::as_rows(rows, count);
    const at::Tensor lent = at::from_blob(const_cast<float*>(data), torchlight::shape(dims, ndim, n), at::kFloat);
    torchlight::NamedTensors outputs = torchlight::rerun(*p->pass, lent, rows ? &all : nullptr);
    torchlight::own_memory(outputs, lent);
    *out = new tl_tensors(std::move(outputs));
  });
}

}  // extern "C"
