// What a forward method changes of its own module.
//
// A plan never writes to the shared module: assignments are dropped, buffers
// that the graph writes are copied per run. A model whose output depends on what
// earlier calls left behind is refused.
#ifndef TORCHLIGHT_STATE_H
#define TORCHLIGHT_STATE_H

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "flatten.h"

namespace torchlight {

using ChangedAttributes = std::set<std::pair<const c10::ClassType*, std::string>>;

// Attributes that any method of any submodule assigns.
ChangedAttributes changed_attributes(const jit::Module& module);

// A graph input that holds an attribute as it was before the run.
struct StateInput {
  jit::Value* input;
  std::string name;
};

// Gives the graph its own copy, per run, of each constant tensor that it writes,
// and throws TL_STATEFUL if the output depends on state that the run changes.
void protect_state(Flat& flat, const std::vector<StateInput>& state);

}  // namespace torchlight

#endif  // TORCHLIGHT_STATE_H
