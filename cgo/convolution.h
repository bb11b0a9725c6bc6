// A convolution whose weights are constants, in the memory layout that oneDNN
// multiplies fastest, with a derivative.
#ifndef TORCHLIGHT_CONVOLUTION_H
#define TORCHLIGHT_CONVOLUTION_H

#include <ATen/ATen.h>
#include <torch/custom_class.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace torchlight {

// A weight in the orders that its inputs' shapes want: few, for many shapes.
struct Orders {
  std::vector<at::Tensor> all;
  std::map<std::vector<int64_t>, size_t> by_input;
};

// What oneDNN does to the sum before it is written.
struct PostOp {
  std::string name = "none";   // relu, hardtanh, ...: as ATen's operators of oneDNN call it
  std::vector<double> bounds;  // of hardtanh

  bool none() const { return name == "none"; }
};

class Convolution : public torch::CustomClassHolder {
 public:
  struct Settings {
    std::vector<int64_t> stride, padding, dilation;
    int64_t groups = 1;

    bool operator==(const Settings& o) const {
      return stride == o.stride && padding == o.padding && dilation == o.dilation && groups == o.groups;
    }
  };

  Convolution(const at::Tensor& weight, std::optional<at::Tensor> bias, Settings settings);

  // after(convolution(x) + added), (N,C,H,W), its memory channels-last; added may
  // be undefined. Differentiable once with respect to x and added where autograd
  // asks for it, if after's derivative can be told from its result.
  static at::Tensor run(const c10::intrusive_ptr<Convolution>& self, const at::Tensor& x, const at::Tensor& added,
                        const PostOp& after);

  // The same, without autograd, for inputs that oneDNN takes.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& added, const PostOp& after);
  // The gradient with respect to x, of this shape, for the sum's.
  at::Tensor backward(const at::Tensor& gradient, at::IntArrayRef x);

  bool same(const at::Tensor& weight, const std::optional<at::Tensor>& bias, const Settings& settings);

 private:
  using Reorder = at::Tensor (*)(const at::Tensor& plain, const Settings& settings, at::IntArrayRef input);

  bool usual(const at::Tensor& t) const;
  bool adds(const at::Tensor& added, at::IntArrayRef result) const;
  int64_t reach(at::IntArrayRef x, size_t axis) const;
  std::vector<int64_t> result_of(at::IntArrayRef x) const;
  at::Tensor ordered(Orders& orders, Reorder reorder, at::IntArrayRef input);
  at::Tensor plain();
  at::Tensor plain_locked() const { return weight_.defined() ? weight_ : forwards_.all[0].to_dense(); }

  const std::vector<int64_t> shape_;  // of the weight
  const c10::ScalarType type_;
  const std::optional<at::Tensor> bias_;
  const Settings settings_;
  std::atomic<bool> transposes_{true};  // oneDNN has the transposed convolution

  std::mutex mutex_;   // guards what follows
  at::Tensor weight_;  // until there is an order to have it from
  Orders forwards_, backwards_;
};

// Whether this libtorch has the operators.
bool can_reorder();
// Whether they take brain floats on this processor.
bool knows_brain_floats();

}  // namespace torchlight

#endif  // TORCHLIGHT_CONVOLUTION_H
