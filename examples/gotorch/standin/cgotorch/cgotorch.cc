#include "cgotorch.h"

#include <ATen/ATen.h>

#include <cstring>

namespace {

at::Tensor& of(Tensor t) { return *static_cast<at::Tensor*>(t); }

}  // namespace

extern "C" {

Tensor Standin_New(const float* data, const int64_t* dims, int64_t ndim) {
  auto* t = new at::Tensor(at::empty(at::IntArrayRef(dims, static_cast<size_t>(ndim)), at::kFloat));
  std::memcpy(t->mutable_data_ptr(), data, t->nbytes());
  return t;
}

void Standin_Fill(Tensor t, float value) { of(t).fill_(value); }

void Standin_Read(Tensor t, float* out) {
  const at::Tensor dense = of(t).to(at::kFloat).contiguous();
  std::memcpy(out, dense.const_data_ptr(), dense.nbytes());
}

int64_t Standin_Len(Tensor t) { return of(t).numel(); }

int64_t Standin_Users(Tensor t) { return static_cast<int64_t>(of(t).storage().use_count()); }

Tensor Standin_Transposed(Tensor t) { return new at::Tensor(of(t).transpose(0, 1)); }

void Standin_Close(Tensor t) { delete static_cast<at::Tensor*>(t); }

}  // extern "C"
