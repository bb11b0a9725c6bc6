#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <limits>
#include <mutex>
#include <optional>

#include "rectify.h"

namespace torchlight {
namespace {

namespace autograd = torch::autograd;

// max(x, 0), or min(max(x, 0), cap). The guided rule (arXiv:1412.6806) lets a
// gradient pass where it is positive and the rectifier is open, deconvnet
// (arXiv:1311.2901) where it is positive.
struct Rectify : public autograd::Function<Rectify> {
  static at::Tensor forward(autograd::AutogradContext* ctx, at::Tensor x, double cap, int64_t rule, bool in_place) {
    const bool capped = cap < std::numeric_limits<double>::infinity();
    ctx->saved_data["guided"] = rule == TL_RELU_GUIDED;
    if (rule == TL_RELU_GUIDED) {
      at::Tensor open = x > 0;
      if (capped) open.logical_and_(x < cap);
      ctx->save_for_backward({open});
    }
    if (!in_place) return capped ? x.clamp(0, cap) : x.relu();
    capped ? x.clamp_(0, cap) : x.relu_();
    ctx->mark_dirty({x});
    return x;
  }

  static autograd::variable_list backward(autograd::AutogradContext* ctx, autograd::variable_list gradients) {
    at::Tensor g = gradients[0];
    if (g.defined()) {
      g = g.clamp_min(0);
      if (ctx->saved_data["guided"].toBool()) g = g * ctx->get_saved_variables()[0];
    }
    return {g, {}, {}, {}};
  }
};

template <bool in_place>
void run_rectify(torch::jit::Stack& stack) {
  const int64_t rule = torch::jit::pop(stack).toInt();
  const double cap = torch::jit::pop(stack).toDouble();
  at::Tensor x = torch::jit::pop(stack).toTensor();
  torch::jit::push(stack, Rectify::apply(x, cap, rule, in_place));
}

void register_rectifiers() {
  static std::once_flag once;
  std::call_once(once, [] {
    const auto kind = c10::AliasAnalysisKind::FROM_SCHEMA;
    torch::jit::registerOperator(
        torch::jit::Operator("torchlight::rectify(Tensor x, float cap, int rule) -> Tensor", run_rectify<false>, kind));
    torch::jit::registerOperator(torch::jit::Operator(
        "torchlight::rectify_(Tensor(a!) x, float cap, int rule) -> Tensor(a!)", run_rectify<true>, kind));
  });
}

// A constant number; nothing for anything else.
std::optional<double> number(const torch::jit::Node* n, size_t input) {
  const auto v = torch::jit::toIValue(n->inputs()[input]);
  if (!v || !v->isScalar()) return std::nullopt;
  return v->toScalar().toDouble();
}

bool absent(const torch::jit::Node* n, size_t input) {
  const auto v = torch::jit::toIValue(n->inputs()[input]);
  return v && v->isNone();
}

// The value above which a rectifier is closed again, infinity for a plain one;
// nothing for a node that is no rectifier.
std::optional<double> cap_of(const torch::jit::Node* n) {
  constexpr double none = std::numeric_limits<double>::infinity();
  if (!n->kind().is_aten() || n->inputs().empty()) return std::nullopt;
  std::string name = n->kind().toUnqualString();
  if (name.back() == '_') name.pop_back();
  if (name == "relu") return none;
  if (name == "relu6") return 6;
  if (n->inputs().size() < 2 || number(n, 1) != 0.0) return std::nullopt;
  if (name == "clamp_min") return none;
  if (name == "threshold") return number(n, 2) == 0.0 ? std::optional<double>(none) : std::nullopt;
  if (name != "hardtanh" && name != "clamp" && name != "clip") return std::nullopt;
  if (absent(n, 2)) return none;
  const auto cap = number(n, 2);
  return cap && *cap > 0 ? cap : std::nullopt;
}

int rewrite(torch::jit::Block* block, tl_relu rule) {
  int count = 0;
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    torch::jit::Node* n = *it++;
    for (torch::jit::Block* b : n->blocks()) count += rewrite(b, rule);
    const auto cap = cap_of(n);
    if (!cap) continue;
    const bool in_place = std::string(n->kind().toUnqualString()).back() == '_';
    auto* graph = block->owningGraph();
    torch::jit::WithInsertPoint at(n);
    torch::jit::Node* made =
        graph->create(c10::Symbol::fromQualString(in_place ? "torchlight::rectify_" : "torchlight::rectify"),
                      {n->inputs()[0], graph->insertConstant(*cap), graph->insertConstant(static_cast<int64_t>(rule))});
    made->output()->setType(n->output()->type());
    graph->insertNode(made);
    n->output()->replaceAllUsesWith(made->output());
    n->destroy();
    count++;
  }
  return count;
}

}  // namespace

int rewrite_rectifiers(const std::shared_ptr<torch::jit::Graph>& graph, tl_relu rule) {
  if (rule == TL_RELU_PLAIN) return 0;
  register_rectifiers();
  return rewrite(graph->block(), rule);
}

}  // namespace torchlight
