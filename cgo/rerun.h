// What continuing a pass with other rows needs to know.
#ifndef TORCHLIGHT_RERUN_H
#define TORCHLIGHT_RERUN_H

#include "pass.h"

namespace torchlight {

using Rows = std::vector<int64_t>;

// The layer that the graph was cut at, from which it can be continued.
const std::string& earliest(const Plan& plan);

// The tail for runs without gradients, compiled on first use.
const jit::Code& light_tail(Plan& plan);

// The model's inputs for a batch whose row i is sample rows[i] of the pass, and
// its crossing values.
jit::Stack inputs_of(const Pass& pass, const Rows& rows);
jit::Stack crossing_of(const Pass& pass, const Scaling& scaling, const Rows& rows);

// How many rows of an output belong to one sample, -1 if they do not grow with
// the batch.
int64_t rows_each(const at::Tensor& of_pass, int64_t n);

// Whether the outputs of a run of that many rows are those of the pass, row for
// row. An output that does not grow with the batch keeps its shape.
bool fits(const Pass& pass, const NamedTensors& got, int64_t count);

// Runs a tail row by row, each with its sample's own crossing values.
NamedTensors one_by_one(Pass& pass, const jit::Code& tail, const at::Tensor& value, const Rows& rows);

// How this pass grows, learnt once for inputs of its shapes.
std::shared_ptr<const Scaling> scaling_of(const Pass& pass, const jit::Code& light);

}  // namespace torchlight

#endif  // TORCHLIGHT_RERUN_H
