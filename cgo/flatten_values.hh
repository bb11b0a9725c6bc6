// What the values of the original program stand for in the flat graph.
#include <torch/csrc/jit/ir/constants.h>

#include "flattener.h"

namespace torchlight {

Value* Flattener::materialise(Ref& ref) {
  if (ref.value) return ref.value;
  if (!ref.known && ref.constant) {  // a constant that only its own node can hold
    return ref.value = own_constant(ref.constant);
  }
  const IValue& known = *ref.known;
  if (known.isTensor() && known.toTensor().defined()) {
    Value*& made = tensors_[known.toTensor().unsafeGetTensorImpl()];
    if (!made) made = insert(known);
    return ref.value = made;
  }
  if (ref.constant) return ref.value = own_constant(ref.constant);
  return ref.value = insert(known);
}

Value* Flattener::own_constant(const Node* node) {
  Value*& made = constants_[node];
  if (!made) {
    Node* copy = flat_.graph->createClone(const_cast<Node*>(node), [](Value* v) { return v; });
    copy->insertBefore(anchor_);
    made = copy->output();
  }
  return made;
}

Value* Flattener::insert(const IValue& known) {
  jit::WithInsertPoint at(anchor_);
  if (auto made = jit::tryInsertConstant(*flat_.graph, known)) return *made;
  return extra(known);  // a module, or packed weights
}

Value* Flattener::extra(const IValue& known) {
  if (known.isObject()) {
    auto found = objects_.find(&known.toObjectRef());
    if (found != objects_.end()) return found->second;
  }
  Value* in = flat_.graph->addInput();
  in->setType(known.type());
  flat_.extras.push_back(known);
  if (known.isObject()) objects_[&known.toObjectRef()] = in;
  return in;
}

}  // namespace torchlight
