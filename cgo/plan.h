// A plan: a model cut at its layers and compiled; a pass: one batch on its way.
#ifndef TORCHLIGHT_PLAN_H
#define TORCHLIGHT_PLAN_H

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cut.h"
#include "form.h"
#include "model.h"
#include "optimise.h"
#include "rows.h"
#include "tap.h"

namespace torchlight {

// How a pass over inputs of certain shapes continues with other rows.
struct Scaling {
  bool together = false;         // rows run in one batch, else each alone
  std::vector<Growth> crossing;  // of each crossing value
};

struct Plan {
  std::shared_ptr<Model> model;
  std::vector<std::string> layers;
  tl_plan_options options{};

  size_t inputs = 0;
  std::vector<c10::IValue> extras;
  Cut cut;  // its graphs, before optimisation where a later one needs them
  size_t head_nodes = 0, tail_nodes = 0;
  bool writes_state = false;
  std::string underivable;  // the first operator of the tail without a derivative: it runs without gradients
  bool once = false;        // the tail has an operator that can be differentiated only once
  std::vector<std::string> notes;

  std::atomic<bool> checked{false};  // the first pass compares with the plain forward

  std::mutex mutex;                  // guards what follows
  Order order = Order::kContiguous;  // in which the head hands values to the tail
  std::unique_ptr<Formed> head;      // compiled before the first pass, like the tail
  jit::Code tail;
  bool light_ready = false;
  jit::Code light;  // the tail, frozen, for runs without gradients
  bool twice_ready = false;
  jit::Code twice;                                                          // the tail that can be differentiated twice
  std::map<std::vector<int64_t>, std::shared_ptr<const Scaling>> scalings;  // by the shapes of the inputs
};

struct Pass {
  std::shared_ptr<Plan> plan;
  jit::Stack prepared;           // the model's inputs
  std::vector<int64_t> samples;  // which of their rows this pass has, one a row; empty when that is not known
  at::Tensor value;              // the cut value, a leaf; undefined if all layers are tapped
  jit::Stack crossing;           // the other inputs of the tail
  std::vector<Slot> slots;
  NamedTensors outputs;                   // with their autograd graph
  std::map<int64_t, jit::Stack> singles;  // crossing values of one sample alone, by its row of the inputs

  bool alone = false;  // its rows ran one by one, so there are no crossing values of all of them

  // The activation of layer i, and what its gradient is taken with respect to:
  // the rule for layers whose value is written to in place tells them apart.
  const at::Tensor& activation(size_t i) const;
  const at::Tensor& differentiated(size_t i) const;
};

// The vector for each output, by its index.
using Cotangents = std::vector<std::pair<size_t, at::Tensor>>;

struct Second {
  NamedTensors hv, jv;  // by layer, by output
};

std::shared_ptr<Plan> make_plan(std::shared_ptr<Model> model, std::vector<std::string> layers,
                                const tl_plan_options& options);
// Compiles head and tail, once.
void compile(Plan& plan);
// Throws where the tail has an operator without a derivative.
void require_derivative(const Plan& plan);
// The tail as gradients need it that have gradients too.
std::shared_ptr<jit::Graph> tail_differentiable_twice(const Plan& plan);
std::unique_ptr<Pass> forward(const std::shared_ptr<Plan>& plan, const tl_tensor* const* inputs, int32_t n);
NamedTensors backward(Pass& pass, const Cotangents& cotangents);
// With H the Hessian of <cotangents, outputs> by the layers' values and J the
// Jacobian of the outputs: H v for each layer and J v for each output. An
// undefined direction is zero.
Second second_order(Pass& pass, const Cotangents& cotangents, const std::vector<at::Tensor>& directions);
// Continues from another value of the earliest layer, whose row i belongs to
// sample rows[i]; without rows, one row a sample in order.
NamedTensors rerun(Pass& pass, const at::Tensor& activation, const std::vector<int64_t>* rows);
// The same with gradients, as a pass of its own.
std::unique_ptr<Pass> rerun_grad(Pass& pass, const at::Tensor& activation, const std::vector<int64_t>* rows);
std::string describe(const Plan& plan);

}  // namespace torchlight

#endif  // TORCHLIGHT_PLAN_H
