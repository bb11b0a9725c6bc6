// A library of custom operators, as a user would write one: the operator that
// testdata/models/broken/missing_operator.pt calls.
#include <torch/library.h>

namespace {

// Twice the input; its derivative is that of the operator it is made of.
at::Tensor frobnicate(const at::Tensor& x) { return x.add(x); }

}  // namespace

TORCH_LIBRARY(nosuch, m) { m.def("frobnicate(Tensor x) -> Tensor", &frobnicate); }
