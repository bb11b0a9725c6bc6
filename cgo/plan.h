// A plan: a model cut at its layers and compiled; a pass: one batch on its way.
#ifndef TORCHLIGHT_PLAN_H
#define TORCHLIGHT_PLAN_H

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cut.h"
#include "model.h"
#include "tap.h"

namespace torchlight {

struct Plan {
  std::shared_ptr<Model> model;
  std::vector<std::string> layers;
  bool folding = true;

  size_t inputs = 0;
  std::vector<c10::IValue> extras;
  Cut cut;  // its graphs, before optimisation where a later one needs them
  jit::Code head, tail;
  size_t head_nodes = 0, tail_nodes = 0;
  bool writes_state = false;
  std::vector<std::string> notes;

  std::atomic<bool> checked{false};  // the first pass compares with the plain forward

  std::mutex mutex;  // guards what follows
  bool light_ready = false;
  jit::Code light;  // the tail, frozen, for runs without gradients
};

struct Pass {
  std::shared_ptr<Plan> plan;
  at::Tensor value;     // the cut value, a leaf; undefined if all layers are tapped
  jit::Stack crossing;  // the other inputs of the tail
  std::vector<Slot> slots;
  NamedTensors outputs;  // with their autograd graph

  // The activation of layer i: what its gradient is taken with respect to.
  const at::Tensor& activation(size_t i) const;
};

std::shared_ptr<Plan> make_plan(std::shared_ptr<Model> model, std::vector<std::string> layers, bool folding);
std::unique_ptr<Pass> forward(const std::shared_ptr<Plan>& plan, const tl_tensor* const* inputs, int32_t n);
NamedTensors backward(Pass& pass, const std::vector<std::pair<size_t, at::Tensor>>& cotangents);
NamedTensors rerun(Pass& pass, const at::Tensor& activation);
std::string describe(const Plan& plan);

}  // namespace torchlight

#endif  // TORCHLIGHT_PLAN_H
