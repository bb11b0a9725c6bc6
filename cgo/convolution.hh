#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "convolution.h"
#include "failure.h"

namespace torchlight {
namespace {

namespace autograd = torch::autograd;

// Shapes are remembered up to here, then asked about again. Each order is a copy
// of the weights; of 15 shapes, 1x224x224 to 64x64x64, no convolution wanted more
// than three.
constexpr size_t kMostShapes = 256, kMostOrders = 4;

// The operators of oneDNN in ATen, looked up once; none where one is missing.
struct Operators {
  c10::OperatorHandle order, reorder, reorder_transposed, run, run_added, run_transposed;
};

const std::optional<Operators>& operators() {
  static const std::optional<Operators> all = []() -> std::optional<Operators> {
    if (!at::hasMKLDNN()) return std::nullopt;
    std::vector<c10::OperatorHandle> found;
    for (const c10::OperatorName& name : {c10::OperatorName("mkldnn::_get_mkldnn_serialized_md", ""),
                                          {"mkldnn::_reorder_convolution_weight", ""},
                                          {"mkldnn::_reorder_convolution_transpose_weight", ""},
                                          {"mkldnn::_convolution_pointwise", ""},
                                          {"mkldnn::_convolution_pointwise", "binary"},
                                          {"mkldnn::_convolution_transpose_pointwise", ""}}) {
      const auto one = c10::Dispatcher::singleton().findSchema(name);
      if (!one) return std::nullopt;
      found.push_back(*one);
    }
    return Operators{found[0], found[1], found[2], found[3], found[4], found[5]};
  }();
  return all;
}

at::Tensor call(const c10::OperatorHandle& op, torch::jit::Stack arguments) {
  op.callBoxed(&arguments);
  return std::move(arguments.at(0)).toTensor();
}

c10::IValue list(const std::vector<int64_t>& values) { return c10::IValue(c10::List<int64_t>(values)); }

// Says how a tensor is ordered. The four bytes behind the type are not set.
std::vector<uint8_t> order_of(const at::Tensor& t) {
  const at::Tensor text = call(operators()->order, {t});
  std::vector<uint8_t> bytes(text.data_ptr<uint8_t>(), text.data_ptr<uint8_t>() + text.numel());
  constexpr size_t begin = 108, end = 112;
  for (size_t i = begin; i < std::min(end, bytes.size()); i++) bytes[i] = 0;
  return bytes;
}

at::Tensor for_forward(const at::Tensor& plain, const Convolution::Settings& s, at::IntArrayRef input) {
  return call(operators()->reorder,
              {plain, list(s.padding), list(s.stride), list(s.dilation), s.groups, list(input.vec())});
}

at::Tensor for_backward(const at::Tensor& plain, const Convolution::Settings& s, at::IntArrayRef gradient) {
  const std::vector<int64_t> none(2, 0);
  return call(operators()->reorder_transposed,
              {plain, list(s.padding), list(none), list(s.stride), list(s.dilation), s.groups, list(gradient.vec())});
}

c10::IValue scalars(const PostOp& after) {
  c10::List<std::optional<at::Scalar>> all;
  for (const double b : after.bounds) all.push_back(at::Scalar(b));
  return all;
}

at::Tensor apply(const PostOp& after, at::Tensor sum) {
  if (after.name == "relu") return sum.relu_();
  if (after.name == "hardtanh") return at::hardtanh_(sum, after.bounds.at(0), after.bounds.at(1));
  if (after.name == "hardswish") return at::hardswish_(sum);
  if (after.name == "swish") return at::silu_(sum);
  return sum;
}

// The gradient of the sum, given the result and its gradient.
at::Tensor undo(const PostOp& after, const at::Tensor& gradient, const at::Tensor& result) {
  if (after.name == "relu") return at::threshold_backward(gradient, result, 0);
  if (after.name == "hardtanh") return at::hardtanh_backward(gradient, result, after.bounds.at(0), after.bounds.at(1));
  return gradient;
}

struct Differentiable : public autograd::Function<Differentiable> {
  static at::Tensor forward(autograd::AutogradContext* ctx, const at::Tensor& x, const std::optional<at::Tensor>& added,
                            const c10::intrusive_ptr<Convolution>& self, const PostOp& after) {
    const at::Tensor result = self->forward(x, added.value_or(at::Tensor()), after);
    ctx->saved_data["sum"] = added.has_value();
    ctx->saved_data["shape"] = x.sizes().vec();
    ctx->saved_data["convolution"] = self;
    ctx->saved_data["name"] = after.name;
    ctx->saved_data["bounds"] = after.bounds;
    if (!after.none()) ctx->save_for_backward({result});
    return result;
  }

  static autograd::variable_list backward(autograd::AutogradContext* ctx, autograd::variable_list gradients) {
    at::Tensor g = gradients[0];
    // Without an error the second derivative would be zero.
    if (at::GradMode::is_enabled()) throw std::logic_error("a fused convolution is differentiated twice");
    if (!g.defined()) return {{}, {}, {}, {}};
    PostOp after{ctx->saved_data["name"].toStringRef(), ctx->saved_data["bounds"].toDoubleVector()};
    if (!after.none()) g = undo(after, g, ctx->get_saved_variables()[0]);
    const auto self = ctx->saved_data["convolution"].toCustomClass<Convolution>();
    at::Tensor of_x, of_added;
    if (ctx->needs_input_grad(0)) of_x = self->backward(g, ctx->saved_data["shape"].toIntVector());
    if (ctx->saved_data["sum"].toBool() && ctx->needs_input_grad(1)) of_added = g;
    return {of_x, of_added, {}, {}};
  }
};

}  // namespace

Convolution::Convolution(const at::Tensor& weight, std::optional<at::Tensor> bias, Settings settings)
    : shape_(weight.sizes().vec()),
      type_(weight.scalar_type()),
      bias_(std::move(bias)),
      settings_(std::move(settings)),
      weight_(weight.contiguous()) {}

at::Tensor Convolution::ordered(Orders& orders, Reorder reorder, at::IntArrayRef input) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = orders.by_input.find(input.vec());
  if (found != orders.by_input.end()) return orders.all[found->second];
  const at::Tensor made = reorder(plain_locked(), settings_, input);
  const auto order = order_of(made);
  size_t i = 0;
  while (i < orders.all.size() && order_of(orders.all[i]) != order) i++;
  if (i == kMostOrders) i = 0;  // oneDNN orders it anew in each call
  if (i == orders.all.size()) orders.all.push_back(made);
  if (orders.by_input.size() == kMostShapes) orders.by_input.clear();
  orders.by_input[input.vec()] = i;
  if (!forwards_.all.empty()) weight_ = at::Tensor();
  return orders.all[i];
}

at::Tensor Convolution::plain() {
  std::lock_guard<std::mutex> lock(mutex_);
  return plain_locked();
}

// oneDNN's operator takes a sum with tensors of the result's shape, but not where
// both orders of memory are one, for a single channel or pixel.
bool Convolution::adds(const at::Tensor& added, at::IntArrayRef result) const {
  return usual(added) && added.sizes() == result && result[1] > 1 && result[2] * result[3] > 1;
}

// How far the kernel can move over the padded input, along an axis in space.
int64_t Convolution::reach(at::IntArrayRef x, size_t axis) const {
  const Settings& s = settings_;
  return x[2 + axis] + 2 * s.padding[axis] - s.dilation[axis] * (shape_[2 + axis] - 1) - 1;
}

std::vector<int64_t> Convolution::result_of(at::IntArrayRef x) const {
  const auto& stride = settings_.stride;
  return {x[0], shape_[0], reach(x, 0) / stride[0] + 1, reach(x, 1) / stride[1] + 1};
}

bool Convolution::usual(const at::Tensor& t) const {
  return t.scalar_type() == type_ && t.device().is_cpu() && t.layout() == c10::kStrided;
}

at::Tensor Convolution::forward(const at::Tensor& x, const at::Tensor& added, const PostOp& after) {
  const Settings& s = settings_;
  const auto with_weight = [&](torch::jit::Stack arguments) {
    arguments.insert(arguments.end(), {ordered(forwards_, for_forward, x.sizes()), bias_, list(s.padding),
                                       list(s.stride), list(s.dilation), s.groups});
    return arguments;
  };
  if (!added.defined()) {
    torch::jit::Stack stack = with_weight({x});
    stack.insert(stack.end(), {after.name, scalars(after), c10::IValue()});
    return call(operators()->run, std::move(stack));
  }
  torch::jit::Stack stack = with_weight({x, added});
  stack.insert(stack.end(), {"add", at::Scalar(1), after.none() ? c10::IValue() : c10::IValue(after.name),
                             scalars(after), c10::IValue()});
  return call(operators()->run_added, std::move(stack));
}

at::Tensor Convolution::backward(const at::Tensor& gradient, at::IntArrayRef x) {
  const Settings& s = settings_;
  if (transposes_) {
    const std::vector<int64_t> left_over{reach(x, 0) % s.stride[0], reach(x, 1) % s.stride[1]};
    try {
      return call(operators()->run_transposed,
                  {gradient, ordered(backwards_, for_backward, gradient.sizes()), c10::IValue(), list(s.padding),
                   list(left_over), list(s.stride), list(s.dilation), s.groups, "none", scalars({}), c10::IValue()});
    } catch (const std::exception&) {
      if (!model_refuses()) throw;
      transposes_ = false;  // oneDNN has no transposed convolution of these channels
    }
  }
  const at::Tensor like = gradient.new_empty(x);  // only its shape is read
  const std::vector<int64_t> none(2, 0);
  return std::get<0>(at::convolution_backward(gradient, like, plain(), std::nullopt, s.stride, s.padding, s.dilation,
                                              false, none, s.groups, {true, false, false}));
}

at::Tensor Convolution::run(const c10::intrusive_ptr<Convolution>& self, const at::Tensor& x, const at::Tensor& added,
                            const PostOp& after) {
  const Convolution& c = *self;
  const Settings& s = c.settings_;
  const bool taken = c.usual(x) && x.dim() == 4 && x.numel() > 0 && x.size(1) == c.shape_[1] * s.groups;
  // ATen's own operator says what is wrong with what no convolution takes.
  if (!taken) {
    at::Tensor sum = at::conv2d(x, self->plain(), c.bias_, s.stride, s.padding, s.dilation, s.groups);
    return apply(after, added.defined() ? sum + added : sum);
  }
  if (added.defined() && !c.adds(added, c.result_of(x.sizes()))) return apply(after, run(self, x, {}, {}) + added);
  const bool derived = x.requires_grad() || (added.defined() && added.requires_grad());
  if (!at::GradMode::is_enabled() || !derived) return self->forward(x, added, after);
  return Differentiable::apply(x, added.defined() ? std::optional<at::Tensor>(added) : std::nullopt, self, after);
}

bool Convolution::same(const at::Tensor& weight, const std::optional<at::Tensor>& bias, const Settings& s) {
  if (weight.sizes() != at::IntArrayRef(shape_) || weight.scalar_type() != type_ || !(s == settings_)) return false;
  if (bias.has_value() != bias_.has_value() || (bias && !at::equal(*bias, *bias_))) return false;
  return at::equal(weight, plain());
}

bool can_reorder() { return operators().has_value(); }

bool knows_brain_floats() {
  torch::jit::Stack stack;
  const auto asks = c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
  if (!asks) return false;
  asks->callBoxed(&stack);
  return stack.at(0).toBool();
}

}  // namespace torchlight
