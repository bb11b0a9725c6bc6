// What running a plan and running it again share.
#ifndef TORCHLIGHT_PASS_H
#define TORCHLIGHT_PASS_H

#include "plan.h"

namespace torchlight {

// Largest relative differences between head -> tail and the plain forward.
// Aliasing changes values even when the operators are those of the file; folding
// changes rounding, which deep networks amplify.
struct Limits {
  double exact, folded;
};
Limits limits(const Model& model);

// The outputs of the plain forward method.
NamedTensors as_in_file(const Plan& plan, const jit::Stack& inputs);
// Compares the first pass of a plan with them, and refuses a cut that changes the
// model.
void check(Plan& plan, const jit::Stack& inputs, const NamedTensors& got, const NamedTensors& want);

// The number of samples: the first axis of the first input. 0 when it has none.
int64_t batch_size(const jit::Stack& inputs);

jit::Stack run_head(const Plan& plan, jit::Stack inputs);
// Runs a tail with gradients, recording what the taps see.
void record(Pass& pass, const jit::Code& tail);
Cotangents cotangents_of(const Pass& pass, const int32_t* which, const tl_tensor* const* vectors, int32_t n);
// An undefined value is none: all layers are tapped.
jit::Stack run_tail(const jit::Code& code, const jit::Stack& crossing, const at::Tensor& value);

}  // namespace torchlight

#endif  // TORCHLIGHT_PASS_H
