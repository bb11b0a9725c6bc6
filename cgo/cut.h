// Cutting a flat graph in two at the hooked layers.
//
// The head is everything up to and including the call of the earliest layer, the
// tail is the rest. What the tail needs besides the layer's value crosses the
// cut as outputs of the head. Later layers are captured in the tail by taps. A
// layer inside a branch or loop cannot be cut at: the cut then comes before the
// whole branch or loop, and all layers are tapped.
#ifndef TORCHLIGHT_CUT_H
#define TORCHLIGHT_CUT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "address.h"
#include "flatten.h"

namespace torchlight {

// Where the value of one layer is found.
struct Capture {
  bool at_cut = false;     // it is the cut value
  size_t slot = SIZE_MAX;  // else, or as well, the tap that records it
  int execution = 0;       // and which of its executions
  bool chosen = true;      // false: the address names none, so there must be one
};

struct Cut {
  std::shared_ptr<jit::Graph> head;  // inputs: the model's and the extras; outputs: [cut value,] crossing values
  std::shared_ptr<jit::Graph> tail;  // inputs: the head's outputs; output: the model's
  bool has_value = false;            // false: all layers are tapped
  size_t crossing = 0;
  size_t slots = 0;
  std::vector<Capture> captures;      // in the order of the addresses
  std::vector<std::string> suspects;  // crossing values that may share memory with the cut value and are written
  std::vector<std::string> notes;
};

// Cuts (and consumes) the graph of flat. With tap_value, the cut value too goes
// through a tap, in the captures' slot.
Cut cut(Flat& flat, const std::vector<Target>& targets, bool tap_value);

}  // namespace torchlight

#endif  // TORCHLIGHT_CUT_H
