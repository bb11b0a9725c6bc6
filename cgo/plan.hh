#include "device.h"
#include "failure.h"
#include "json.h"
#include "optimise.h"
#include "plan.h"
#include "rectify.h"

namespace torchlight {
namespace {

// The tail with what gradients ask for, not optimised yet, and how many operators
// were replaced for it.
struct Rewritten {
  std::shared_ptr<jit::Graph> graph;
  int fused = 0, rectifiers = 0;
};

Rewritten rewritten_tail(const Plan& plan, bool twice) {
  Rewritten tail{plan.cut.tail->copy()};
  tail.fused = decompose_fused(tail.graph, twice);
  tail.rectifiers = rewrite_rectifiers(tail.graph, static_cast<tl_relu>(plan.options.relu));
  return tail;
}

}  // namespace

std::shared_ptr<jit::Graph> tail_differentiable_twice(const Plan& plan) {
  auto tail = rewritten_tail(plan, /*twice=*/true).graph;
  plan.model->originals.lend(*tail);
  if (!plan.options.unfolded) optimise_differentiable(tail);
  if (plan.order == Order::kChannelsLast && !settle_layout(tail))
    throw std::logic_error("the tail reads its inputs' strides");
  return tail;
}

std::shared_ptr<Plan> make_plan(std::shared_ptr<Model> model, std::vector<std::string> layers,
                                const tl_plan_options& options) {
  if (layers.empty()) throw Failure(TL_INVALID, "a plan needs at least one layer");
  auto plan = std::make_shared<Plan>();
  plan->model = std::move(model);
  plan->layers = std::move(layers);
  plan->options = options;

  std::vector<Address> addresses;
  std::vector<const Object*> objects;
  std::set<const Object*> marked;
  for (const auto& text : plan->layers) {
    addresses.push_back(parse_address(text));
    const Address& a = addresses.back();
    objects.push_back(a.is_input || !a.op.empty() ? nullptr : resolve(plan->model->module, a));
    if (objects.back()) marked.insert(objects.back());
  }
  Flat flat = flatten(plan->model->module, marked);
  plan->inputs = flat.inputs;
  plan->extras = flat.extras;
  keep_attributes(*plan->model, flat);
  plan->writes_state = flat.writes_state;

  std::vector<Target> targets;
  for (size_t i = 0; i < addresses.size(); i++) {
    targets.push_back(locate(flat, addresses[i], objects[i]));
    for (const auto& c : flat.calls)
      if (c.object == objects[i] && objects[i] && c.stands_for_input)
        plan->notes.push_back(addresses[i].path + " is an identity in this trace: its input is explained");
  }
  plan->cut = cut(flat, targets, options.in_place != TL_AS_RETURNED);
  plan->notes.insert(plan->notes.end(), flat.notes.begin(), flat.notes.end());

  auto [tail, fused, rectifiers] = rewritten_tail(*plan, /*twice=*/false);
  if (fused > 0)
    plan->notes.push_back(std::to_string(fused) +
                          " fused attention operator(s) behind the layer replaced by differentiable ones");
  plan->underivable = underivable(*tail, plan->cut.has_value ? tail->inputs()[0] : nullptr);
  if (options.relu != TL_RELU_PLAIN)
    plan->notes.push_back(std::to_string(rectifiers) +
                          " rectifier(s) behind the layer with another rule for gradients");
  plan->head_nodes = count_nodes(*plan->cut.head);
  plan->tail_nodes = count_nodes(*tail);
  return plan;
}

void compile(Plan& plan) {
  std::lock_guard<std::mutex> lock(plan.mutex);
  if (plan.head) return;
  auto tail = rewritten_tail(plan, /*twice=*/false).graph;
  plan.model->originals.lend(*tail);
  if (!plan.options.unfolded) {
    optimise_differentiable(tail);
    if (take_channels_last(tail, *plan.model, /*gradients=*/true)) plan.order = Order::kChannelsLast;
  }
  plan.once = plan.once || differentiates_once(tail->block());
  plan.tail = compiled(tail, "tail");
  auto head = plan.cut.head->copy();
  plan.model->originals.lend(*head);
  plan.head = std::make_unique<Formed>(std::move(head), *plan.model, plan.options.unfolded == 0, plan.order, "head");
}

void require_derivative(const Plan& plan) {
  if (!plan.underivable.empty())
    throw Failure(TL_NO_DERIVATIVE,
                  "operator " + plan.underivable + " behind layer " + plan.layers[0] + " has no derivative");
}

std::string describe(const Plan& plan) {
  Json j;
  j.open('{').key("kind").value(plan.cut.has_value ? "cut" : "tap");
  j.key("head").value(static_cast<int64_t>(plan.head_nodes)).key("tail").value(static_cast<int64_t>(plan.tail_nodes));
  j.key("crossing").value(static_cast<int64_t>(plan.cut.crossing));
  return j.key("notes").strings(plan.notes).close('}').text();
}

}  // namespace torchlight

using torchlight::guarded;

extern "C" {

tl_error* tl_plan_new(tl_module* m, const char* const* layers, int32_t n, const tl_plan_options* options,
                      tl_plan** out) {
  return guarded([&] {
    std::vector<std::string> all(layers, layers + n);
    torchlight::OnDevice on(m->model->device);  // constants are computed there
    auto plan = torchlight::make_plan(m->model, std::move(all), options ? *options : tl_plan_options{});
    on.finish();
    *out = new tl_plan(std::move(plan));
  });
}

tl_error* tl_plan_describe(const tl_plan* p, tl_text** json) {
  return guarded([&] { *json = new tl_text{torchlight::describe(*p->plan)}; });
}

tl_error* tl_plan_differentiable(const tl_plan* p) {
  return guarded([&] { torchlight::require_derivative(*p->plan); });
}

void tl_plan_free(tl_plan* p) { delete p; }

}  // extern "C"
