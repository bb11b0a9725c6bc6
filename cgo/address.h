// Layer addresses: "path", "path@call", "path:element", "#op:index", "input".
#ifndef TORCHLIGHT_ADDRESS_H
#define TORCHLIGHT_ADDRESS_H

#include <string>

#include "flatten.h"

namespace torchlight {

struct Address {
  std::string text;
  bool is_input = false;  // call is then its number
  std::string path;       // of a submodule
  int call = -1;          // chosen call, -1 when none was named
  std::string element;    // of a tuple, "" for the value itself
  std::string op;         // of a node
  int node = 0;           // 0-based, negative from the end
};

// Throws TL_INVALID for text that is no address.
Address parse_address(const std::string& text);

// Where an address leads in a flat graph.
struct Target {
  jit::Value* value = nullptr;
  jit::Node* last = nullptr;       // the cut comes after it; null: before everything
  jit::Node* enclosing = nullptr;  // top-level control flow around it, or null
  int call = -1;                   // for a target in a loop: which of its executions
  bool chosen = false;
};

// Finds the submodule of that path; throws TL_LAYER_UNKNOWN or TL_FROZEN.
const Object* resolve(const jit::Module& module, const Address& address);

// Finds the value; throws the TL_LAYER_* codes. A tuple may be taken apart and
// built again for it.
Target locate(Flat& flat, const Address& address, const Object* object);

// The tensor-valued nodes outside branches and loops, by name, in order.
std::vector<std::pair<std::string, jit::Node*>> named_nodes(const Flat& flat);

}  // namespace torchlight

#endif  // TORCHLIGHT_ADDRESS_H
