#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "rows.h"

namespace torchlight {
namespace {

Growth tensor_growth(const at::Tensor& batch, const at::Tensor& longer, int64_t n, double tolerance) {
  if (batch.sizes() == longer.sizes()) return {};
  if (batch.dim() == 0 || batch.dim() != longer.dim() || batch.size(0) == 0 ||
      batch.size(0) * (n + 1) != longer.size(0) * n || batch.sizes().slice(1) != longer.sizes().slice(1))
    return {Growth::kUnknown, 0, {}};
  const int64_t same = batch.size(0), each = same / n;
  // The rows of a sample lie together, and in the order of the samples.
  if (!agree(longer.narrow(0, 0, same), batch, tolerance) ||
      !agree(longer.narrow(0, same, each), batch.narrow(0, 0, each), tolerance))
    return {Growth::kUnknown, 0, {}};
  return {Growth::kRows, 0, {}};
}

Growth members_growth(const std::vector<c10::IValue>& batch, const std::vector<c10::IValue>& longer, int64_t n,
                      double tolerance) {
  if (batch.size() != longer.size()) return {Growth::kUnknown, 0, {}};
  Growth g{Growth::kMembers, 0, {}};
  for (size_t i = 0; i < batch.size(); i++) g.members.push_back(growth(batch[i], longer[i], n, tolerance));
  const auto fixed = [](const Growth& m) { return m.kind == Growth::kFixed; };
  return std::all_of(g.members.begin(), g.members.end(), fixed) ? Growth{} : g;
}

std::vector<c10::IValue> members(const c10::IValue& v) {
  std::vector<c10::IValue> all;
  if (v.isTuple()) {
    const auto& elements = v.toTupleRef().elements();
    all.assign(elements.begin(), elements.end());
  } else if (v.isList()) {
    const auto list = v.toListRef();
    all.assign(list.begin(), list.end());
  } else if (v.isGenericDict()) {
    for (const auto& entry : v.toGenericDict()) all.push_back(entry.value());
  }
  return all;
}

}  // namespace

bool Growth::known() const {
  return kind != kUnknown && std::all_of(members.begin(), members.end(), [](const Growth& m) { return m.known(); });
}

std::vector<int64_t> in_order(int64_t n) {
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

bool agree(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  if (a.sizes() != b.sizes()) return false;
  if (a.numel() == 0) return true;
  if (a.is_quantized()) return at::equal(a.int_repr(), b.int_repr());
  if (!a.is_floating_point()) return at::equal(a, b);
  const at::Tensor want = b.detach().to(at::kDouble), delta = (a.detach().to(at::kDouble) - want).abs();
  const at::Tensor scale = want.abs().nan_to_num(0, 0, 0).max() * tolerance;
  return at::logical_or(delta <= scale, delta.isnan()).all().item<bool>();
}

Growth growth(const c10::IValue& batch, const c10::IValue& longer, int64_t n, double tolerance) {
  if (batch.isTensor() && longer.isTensor()) {
    if (!batch.toTensor().defined() || !longer.toTensor().defined()) return {};
    return tensor_growth(batch.toTensor(), longer.toTensor(), n, tolerance);
  }
  if (batch.isInt() && longer.isInt()) {
    const int64_t slope = longer.toInt() - batch.toInt();
    return {slope == 0 ? Growth::kFixed : Growth::kNumber, slope, {}};
  }
  if (batch.isTuple() || batch.isList() || batch.isGenericDict())
    return members_growth(members(batch), members(longer), n, tolerance);
  return {};  // a flag, a number with a fraction, None, packed weights
}

at::Tensor pick(const at::Tensor& t, const std::vector<int64_t>& rows, int64_t n) {
  const int64_t each = t.size(0) / n;
  at::Tensor index = at::empty({static_cast<int64_t>(rows.size()), each}, at::kLong);
  auto* to = index.mutable_data_ptr<int64_t>();
  for (const int64_t row : rows)
    for (int64_t i = 0; i < each; i++) *to++ = row * each + i;
  return t.detach().index_select(0, index.view({-1}).to(t.device()));
}

c10::IValue pick(const c10::IValue& v, const Growth& growth, const std::vector<int64_t>& rows, int64_t n) {
  const auto count = static_cast<int64_t>(rows.size());
  switch (growth.kind) {
    case Growth::kRows:
      return pick(v.toTensor(), rows, n);
    case Growth::kNumber:
      return v.toInt() + growth.slope * (count - n);
    case Growth::kMembers:
      break;
    default:
      return v;
  }
  std::vector<c10::IValue> changed = members(v);
  for (size_t i = 0; i < changed.size() && i < growth.members.size(); i++)
    changed[i] = pick(changed[i], growth.members[i], rows, n);
  if (v.isTuple()) return c10::ivalue::Tuple::create(std::move(changed));
  if (v.isList()) {
    c10::List<c10::IValue> list(v.toList().elementType());
    for (auto& member : changed) list.push_back(std::move(member));
    return list;
  }
  const auto from = v.toGenericDict();
  c10::Dict<c10::IValue, c10::IValue> to(from.keyType(), from.valueType());
  size_t i = 0;
  for (const auto& entry : from) to.insert(entry.key(), changed[i++]);
  return to;
}

}  // namespace torchlight
