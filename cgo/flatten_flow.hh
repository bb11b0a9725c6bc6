// Branches and loops: taken where constants decide, kept where only a run can.
#include <torch/csrc/jit/ir/constants.h>

#include "flattener.h"

namespace torchlight {

constexpr int64_t kUnrollLimit = 64;

void Flattener::branch(Node* n, Frame& frame) {
  const Ref& condition = look(frame, n->input());
  if (!condition.known || !condition.known->isBool()) return emit(n, frame);
  Block* taken = n->blocks()[condition.known->toBool() ? 0 : 1];
  body(taken, frame);
  for (size_t i = 0; i < n->outputs().size(); i++) frame.env[n->outputs()[i]] = look(frame, taken->outputs()[i]);
}

void Flattener::loop(Node* n, Frame& frame) {
  const Ref& trips = look(frame, n->inputs()[0]);
  const Ref& start = look(frame, n->inputs()[1]);
  Block* block = n->blocks()[0];
  const Value* go_on = block->outputs()[0];
  const auto always = go_on->node()->kind() == c10::prim::Constant ? jit::toIValue(go_on) : std::nullopt;
  const bool outer_constant = frame.env.count(go_on) && look(frame, go_on).known &&
                              look(frame, go_on).known->isBool() && look(frame, go_on).known->toBool();
  const bool counted = (always && always->isBool() && always->toBool()) || outer_constant;
  if (!trips.known || !trips.known->isInt() || trips.known->toInt() > kUnrollLimit || !start.known ||
      !start.known->toBool() || !counted)
    return emit(n, frame);
  std::vector<Ref> carried;
  for (size_t i = 2; i < n->inputs().size(); i++) carried.push_back(look(frame, n->inputs()[i]));
  const int64_t times = trips.known->toInt();
  for (int64_t t = 0; t < times; t++) {
    frame.env[block->inputs()[0]] = Ref{nullptr, IValue(t), nullptr};
    for (size_t i = 0; i < carried.size(); i++) frame.env[block->inputs()[i + 1]] = carried[i];
    body(block, frame);
    for (size_t i = 0; i < carried.size(); i++) carried[i] = look(frame, block->outputs()[i + 1]);
  }
  for (size_t i = 0; i < carried.size(); i++) frame.env[n->outputs()[i]] = carried[i];
}

void Flattener::nested(Block* from, Block* to, Frame& frame) {
  for (const Value* in : from->inputs()) {
    Value* mine = to->addInput();
    mine->setType(in->type());
    frame.env[in] = Ref{mine, std::nullopt, nullptr};
  }
  jit::WithInsertPoint at(to);
  body(from, frame);
  for (const Value* out : from->outputs()) to->registerOutput(value(frame, out));
}

}  // namespace torchlight
