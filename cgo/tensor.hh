#include <ATen/ATen.h>

#include <cstring>

#include "device.h"
#include "failure.h"
#include "handles.h"

namespace torchlight {

at::IntArrayRef shape(const int64_t* dims, int32_t ndim, int64_t n) {
  if (ndim < 0) throw Failure(TL_INVALID, "a tensor cannot have " + std::to_string(ndim) + " axes");
  int64_t want = 1;
  for (int32_t i = 0; i < ndim; i++) {
    if (dims[i] < 0)
      throw Failure(TL_INVALID, "extent " + std::to_string(dims[i]) + " of axis " + std::to_string(i) + " is negative");
    want *= dims[i];
  }
  if (want != n)
    throw Failure(TL_INVALID, "the shape wants " + std::to_string(want) + " elements, got " + std::to_string(n));
  return {dims, static_cast<size_t>(ndim)};
}

}  // namespace torchlight

using torchlight::Failure;
using torchlight::guarded;

namespace {

template <class T>
tl_error* from(const T* data, int64_t n, const int64_t* dims, int32_t ndim, at::ScalarType type, tl_tensor** out) {
  return guarded([&] {
    at::Tensor t = at::empty(torchlight::shape(dims, ndim, n), at::TensorOptions().dtype(type));
    if (n > 0) std::memcpy(t.mutable_data_ptr(), data, static_cast<size_t>(n) * sizeof(T));
    *out = new tl_tensor(std::move(t));
  });
}

template <class T>
tl_error* copy(const tl_tensor* t, T* dst, int64_t n, at::ScalarType type) {
  return guarded([&] {
    at::Tensor v = t->value.detach();
    if (v.numel() != n)
      throw Failure(TL_INVALID,
                    "the tensor has " + std::to_string(v.numel()) + " elements, the slice " + std::to_string(n));
    torchlight::OnDevice on(v.device());
    if (v.is_quantized()) v = v.dequantize();
    if (!v.device().is_cpu()) v = v.to(type).contiguous();  // so that one plain copy crosses
    if (n > 0) at::from_blob(dst, v.sizes(), at::TensorOptions().dtype(type)).copy_(v);
  });
}

}  // namespace

extern "C" {

#define TL_ELEMENT(suffix, type, scalar)                                                                               \
  tl_error* tl_tensor_from_##suffix(const type* data, int64_t n, const int64_t* dims, int32_t ndim, tl_tensor** out) { \
    return from(data, n, dims, ndim, scalar, out);                                                                     \
  }                                                                                                                    \
  tl_error* tl_tensor_copy_##suffix(const tl_tensor* t, type* dst, int64_t n) { return copy(t, dst, n, scalar); }

TL_ELEMENT(f32, float, at::kFloat)
TL_ELEMENT(f64, double, at::kDouble)
TL_ELEMENT(i64, int64_t, at::kLong)
TL_ELEMENT(u8, uint8_t, at::kByte)
TL_ELEMENT(bool, uint8_t, at::kBool)
TL_ELEMENT(f16, uint16_t, at::kHalf)
TL_ELEMENT(bf16, uint16_t, at::kBFloat16)
#undef TL_ELEMENT

tl_error* tl_tensor_data_f32(const tl_tensor* t, const float** data) {
  return guarded([&] {
    const at::Tensor& v = t->value;
    if (v.scalar_type() != at::kFloat || !v.device().is_cpu() || !v.is_contiguous())
      throw Failure(TL_INVALID, "only a contiguous float32 tensor on the CPU can be read in place; copy it instead");
    *data = v.const_data_ptr<float>();
  });
}

int32_t tl_tensor_ndim(const tl_tensor* t) { return static_cast<int32_t>(t->value.dim()); }

int64_t tl_tensor_dim(const tl_tensor* t, int32_t axis) {
  return axis >= 0 && axis < t->value.dim() ? t->value.sizes()[static_cast<size_t>(axis)] : -1;
}

int32_t tl_tensor_dtype(const tl_tensor* t) { return static_cast<int32_t>(t->value.scalar_type()); }

tl_device tl_tensor_device(const tl_tensor* t) {
  const at::Device d = t->value.device();
  return {d.is_cuda() ? TL_CUDA : TL_CPU, d.has_index() ? static_cast<int32_t>(d.index()) : 0};
}

tl_error* tl_tensor_to(const tl_tensor* t, int32_t dtype, tl_device device, tl_tensor** out) {
  return guarded([&] {
    const at::Device d = torchlight::as_device(device);
    torchlight::OnDevice on(d.is_cuda() ? d : t->value.device());
    at::Tensor v = t->value.detach().to(d, static_cast<at::ScalarType>(dtype));
    on.finish();
    *out = new tl_tensor(std::move(v));
  });
}

void tl_tensor_free(tl_tensor* t) { delete t; }

tl_error* tl_tensor_from_at(const void* at_tensor, tl_tensor** out) {
  return guarded([&] {
    if (!at_tensor) throw Failure(TL_INVALID, "a nil at::Tensor pointer");
    const auto& v = *static_cast<const at::Tensor*>(at_tensor);
    if (!v.defined()) throw Failure(TL_INVALID, "an undefined at::Tensor");
    *out = new tl_tensor(v.detach());
  });
}

tl_error* tl_tensor_new_at(const tl_tensor* t, void** at_tensor) {
  // Detached: whoever resizes or marks it must not change this one.
  return guarded([&] { *at_tensor = new at::Tensor(t->value.detach()); });
}

int32_t tl_tensors_len(const tl_tensors* l) { return static_cast<int32_t>(l->values.size()); }

const char* tl_tensors_name(const tl_tensors* l, int32_t i) { return l->values[static_cast<size_t>(i)].first.c_str(); }

tl_error* tl_tensors_get(const tl_tensors* l, int32_t i, tl_tensor** out) {
  return guarded([&] {
    if (i < 0 || static_cast<size_t>(i) >= l->values.size())
      throw Failure(TL_INVALID, "no tensor " + std::to_string(i) + " among " + std::to_string(l->values.size()));
    *out = new tl_tensor(l->values[static_cast<size_t>(i)].second);
  });
}

void tl_tensors_free(tl_tensors* l) { delete l; }

}  // extern "C"
