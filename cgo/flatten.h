// A model's forward method as one flat graph.
//
// Every call of a method or function is pasted in, receivers are followed by
// object identity (a trace may know one module by two names), attributes become
// constants, and branches and loops that constants decide are taken. What is
// left of control flow is what only a run can decide.
//
// Method graphs are read with GraphFunction::graph(), never optimized_graph():
// the latter depends on what the executor did before.
#ifndef TORCHLIGHT_FLATTEN_H
#define TORCHLIGHT_FLATTEN_H

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace torchlight {

namespace jit = torch::jit;
using Object = c10::ivalue::Object;

inline bool is_tensor(const jit::Value* v) { return v->type()->isSubtypeOf(*c10::TensorType::get()); }

// One call of one submodule, in the order in which the calls return.
struct CallSite {
  const Object* object = nullptr;
  std::string method;
  int index = 0;                   // which call of this object
  jit::Value* output = nullptr;    // what it returned; null for None
  jit::Node* last = nullptr;       // the node after which it has returned, in its own block
  jit::Node* enclosing = nullptr;  // top-level branch or loop around it, or null
  bool takes_input = false;
  bool stands_for_input = false;  // output is what went in: a traced Identity
};

struct Flat {
  std::shared_ptr<jit::Graph> graph;  // inputs: the model's own, then the extras
  size_t inputs = 0;                  // how many are the model's own
  std::vector<c10::IValue> extras;    // values of the inputs after those
  std::vector<CallSite> calls;
  std::vector<std::string> notes;  // what was changed on the way, for people
  bool writes_state = false;       // the original forward changes its module
};

// Flattens the forward method. The outputs of the objects in `marked` are made
// values of their own even where a call returns its input unchanged.
// Throws Failure with TL_STATEFUL or TL_TRAIN_MODE.
Flat flatten(const jit::Module& module, const std::set<const Object*>& marked);

// Name of a node as "#op:index" addresses know it: without underscores at its
// ends, so that relu_ and relu are one operator.
std::string node_name(const jit::Node* node);

// Whether an address may mean a node of that name: "conv" is every convolution.
bool names_node(const std::string& op, const std::string& name);

}  // namespace torchlight

#endif  // TORCHLIGHT_FLATTEN_H
