// Other rules for gradients through rectifiers.
#ifndef TORCHLIGHT_RECTIFY_H
#define TORCHLIGHT_RECTIFY_H

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

#include "torchlight.h"

namespace torchlight {

// Replaces every rectifier of the graph, in blocks too, by an operator with the
// same values whose gradient follows the rule. Rectifiers are relu, relu6,
// hardtanh and clamp from 0, clamp_min(0) and threshold(0, 0), also in their
// in-place forms. Returns how many there were.
int rewrite_rectifiers(const std::shared_ptr<torch::jit::Graph>& graph, tl_relu rule);

}  // namespace torchlight

#endif  // TORCHLIGHT_RECTIFY_H
