// The walk through a forward method that flatten() does: an interpreter that
// writes down what it would run. flatten.hh has the walk itself,
// flatten_values.hh what values stand for, flatten_calls.hh attributes and calls,
// flatten_flow.hh branches and loops.
#ifndef TORCHLIGHT_FLATTENER_H
#define TORCHLIGHT_FLATTENER_H

#include <map>
#include <optional>

#include "flatten.h"
#include "state.h"

namespace torchlight {

using c10::IValue;
using jit::Block;
using jit::Node;
using jit::Value;

// What a value of the original program stands for: a value of the flat graph, or
// something known now (a constant, an attribute, a module).
struct Ref {
  Value* value = nullptr;
  std::optional<IValue> known;
  const Node* constant = nullptr;  // the constant node it came from, if any
};

// The values of one function's body.
struct Frame {
  std::unordered_map<const Value*, Ref> env;
  Ref last;  // the latest tensor, for traced modules called without arguments
};

using Attribute = std::pair<const Object*, std::string>;

class Flattener {
 public:
  Flattener(const jit::Module& module, const std::set<const Object*>& marked);
  Flat run();

 private:
  Value* materialise(Ref& ref);
  Value* own_constant(const Node* node);
  Value* insert(const IValue& known);
  Value* extra(const IValue& known);
  Ref& look(Frame& frame, const Value* v) { return frame.env.at(v); }
  Value* value(Frame& frame, const Value* v) { return materialise(look(frame, v)); }
  void body(Block* block, Frame& frame);
  void node(Node* n, Frame& frame);
  void constant(Node* n, Frame& frame);
  void get_attribute(Node* n, Frame& frame);
  void set_attribute(Node* n, Frame& frame);
  void call_method(Node* n, Frame& frame);
  void separate(CallSite& site, const Node* before, Node* n, Frame& frame, bool none);
  void call_function(Node* n, Frame& frame);
  void after_hook(const Ref& module, const Ref& output, const Ref& result);
  Ref invoke(jit::Function& function, at::ArrayRef<Value*> arguments, Node* n, Frame& frame);
  void branch(Node* n, Frame& frame);
  void loop(Node* n, Frame& frame);
  bool forward_tuple(Node* n, Frame& frame);
  bool evaluate(Node* n, Frame& frame);
  void emit(Node* n, Frame& frame);
  void nested(Block* from, Block* to, Frame& frame);
  void refuse_training(Node* n, Frame& frame);
  Node* last_node() { return flat_.graph->block()->return_node()->prev(); }

  const jit::Module& module_;
  const std::set<const Object*>& marked_;
  Flat flat_;
  Node* anchor_ = nullptr;     // constants go before it
  Node* enclosing_ = nullptr;  // top-level control flow being filled, or null
  int depth_ = 0;
  std::set<const Value*> model_inputs_;
  std::set<const Object*> active_;
  std::unordered_map<const Object*, int> count_;
  std::unordered_map<const c10::TensorImpl*, Value*> tensors_;
  std::unordered_map<const Node*, Value*> constants_;
  std::unordered_map<const Object*, Value*> objects_;
  ChangedAttributes changed_;
  std::map<Attribute, Ref> overlay_;  // attributes assigned in this run
  std::set<Attribute> lost_;          // assigned where only the run knows
  std::map<Attribute, Value*> state_inputs_;
  std::vector<StateInput> state_;
};

}  // namespace torchlight

#endif  // TORCHLIGHT_FLATTENER_H
