#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <mutex>

#include "tap.h"

namespace torchlight {
namespace {

thread_local std::vector<Slot>* recording = nullptr;
thread_local std::vector<Notes>* noting = nullptr;

// More executions of one call are not listed: a loop may turn a million times.
constexpr size_t kMostExecutions = 1000;

at::Tensor tap(const at::Tensor& x, int64_t index) {
  if (!recording) return x;
  Slot& slot = (*recording)[static_cast<size_t>(index)];
  if (slot.executed++ != slot.wanted) return x;
  slot.value = x;
  if (at::GradMode::is_enabled() && !x.requires_grad()) slot.value = x.detach().requires_grad_(true);
  at::Tensor passed = slot.value.clone();
  if (slot.keep) slot.passed = passed;
  return passed;
}

void run_tap(torch::jit::Stack& stack) {
  const int64_t index = torch::jit::pop(stack).toInt();
  const at::Tensor x = torch::jit::pop(stack).toTensor();
  torch::jit::push(stack, tap(x, index));
}

void run_note(torch::jit::Stack& stack) {
  const int64_t index = torch::jit::pop(stack).toInt();
  const c10::IValue x = torch::jit::pop(stack);
  if (!noting) return;
  Notes& executions = (*noting)[static_cast<size_t>(index)];
  if (executions.size() == kMostExecutions) return;
  auto& notes = executions.emplace_back();
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  flatten_tensors(x, "", tensors);
  for (const auto& [name, t] : tensors) notes.push_back({name, t.sizes().vec(), t.scalar_type()});
}

void register_operators() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Conservative: no pass may move, merge or drop them.
    const auto kind = c10::AliasAnalysisKind::CONSERVATIVE;
    torch::jit::registerOperator(torch::jit::Operator("torchlight::tap(Tensor x, int slot) -> Tensor", run_tap, kind));
    torch::jit::registerOperator(torch::jit::Operator("torchlight::note(Any x, int slot) -> ()", run_note, kind));
  });
}

std::string join(const std::string& name, const std::string& key) { return name.empty() ? key : name + "." + key; }

}  // namespace

Recording::Recording(std::vector<Slot>* slots) : outer_(recording) { recording = slots; }
Recording::~Recording() { recording = outer_; }

Noting::Noting(std::vector<Notes>* notes) : outer_(noting) { noting = notes; }
Noting::~Noting() { noting = outer_; }

c10::Symbol tap_symbol() {
  register_operators();
  return c10::Symbol::fromQualString("torchlight::tap");
}

c10::Symbol note_symbol() {
  register_operators();
  return c10::Symbol::fromQualString("torchlight::note");
}

void flatten_tensors(const c10::IValue& v, const std::string& name,
                     std::vector<std::pair<std::string, at::Tensor>>& out) {
  if (v.isTensor()) {
    const at::Tensor& t = v.toTensor();
    if (t.defined()) out.emplace_back(name, t.layout() == c10::kStrided ? t : t.to_dense());
  } else if (v.isTuple()) {
    const auto& elements = v.toTupleRef().elements();
    for (size_t i = 0; i < elements.size(); i++) flatten_tensors(elements[i], join(name, std::to_string(i)), out);
  } else if (v.isList()) {
    const auto list = v.toListRef();
    for (size_t i = 0; i < list.size(); i++) flatten_tensors(list[i], join(name, std::to_string(i)), out);
  } else if (v.isGenericDict()) {
    for (const auto& entry : v.toGenericDict())
      flatten_tensors(
          entry.value(),
          join(name, entry.key().isString() ? entry.key().toStringRef() : std::to_string(entry.key().toInt())), out);
  }
}

}  // namespace torchlight
