#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "failure.h"
#include "flatten.h"
#include "flattener.h"

namespace torchlight {

// Results that can be computed now and never change.
static bool is_plain(const IValue& v) {
  return v.isNone() || v.isBool() || v.isInt() || v.isDouble() || v.isString() || v.isDevice();
}

Flattener::Flattener(const jit::Module& module, const std::set<const Object*>& marked)
    : module_(module), marked_(marked) {
  flat_.graph = std::make_shared<jit::Graph>();
  anchor_ = flat_.graph->insertNode(flat_.graph->createNone());
  changed_ = changed_attributes(module);
}

Flat Flattener::run() {
  const auto method = module_.get_method("forward");
  auto& function = method.function();
  Frame frame;
  const auto graph = jit::toGraphFunction(function).graph();
  const auto& arguments = function.getSchema().arguments();
  frame.env[graph->inputs()[0]].known = IValue(module_._ivalue());
  for (size_t i = 1; i < graph->inputs().size(); i++) {
    Value* in = graph->inputs()[i];
    if (i < arguments.size() && arguments[i].default_value()) {
      frame.env[in].known = *arguments[i].default_value();
      flat_.notes.push_back("argument " + arguments[i].name() + " keeps its default");
      continue;
    }
    Value* mine = flat_.graph->addInput();
    mine->setType(in->type());
    frame.env[in].value = mine;
    if (!frame.last.value && is_tensor(mine)) frame.last.value = mine;
    model_inputs_.insert(mine);
  }
  flat_.inputs = model_inputs_.size();
  active_.insert(module_._ivalue().get());
  body(graph->block(), frame);
  flat_.graph->registerOutput(materialise(frame.env.at(graph->outputs()[0])));
  protect_state(flat_, state_);
  return std::move(flat_);
}

void Flattener::body(Block* block, Frame& frame) {
  for (Node* n : block->nodes()) node(n, frame);
}

void Flattener::node(Node* n, Frame& frame) {
  switch (n->kind()) {
    case c10::prim::Constant:
      return constant(n, frame);
    case c10::prim::GetAttr:
      return get_attribute(n, frame);
    case c10::prim::SetAttr:
      return set_attribute(n, frame);
    case c10::prim::CallMethod:
      return call_method(n, frame);
    case c10::prim::CallFunction:
      return call_function(n, frame);
    case c10::prim::If:
      return branch(n, frame);
    case c10::prim::Loop:
      return loop(n, frame);
    case c10::prim::TupleUnpack:
      if (forward_tuple(n, frame)) return;
      break;
    default:
      break;
  }
  if (!evaluate(n, frame)) emit(n, frame);
}

void Flattener::constant(Node* n, Frame& frame) {
  Ref ref;
  ref.constant = n;
  ref.known = jit::toIValue(n->output());
  frame.env[n->output()] = ref;
}

bool Flattener::forward_tuple(Node* n, Frame& frame) {
  Ref& in = look(frame, n->input());
  if (!in.value || in.value->node()->kind() != c10::prim::TupleConstruct) return false;
  for (size_t i = 0; i < n->outputs().size(); i++)
    frame.env[n->outputs()[i]] = Ref{in.value->node()->inputs()[i], std::nullopt, nullptr};
  return true;
}

// Computes a node now when everything it reads is known and what it gives is a
// plain number, flag or None.
bool Flattener::evaluate(Node* n, Frame& frame) {
  if (n->outputs().size() != 1 || !n->blocks().empty() || n->inputs().empty()) return false;
  const auto type = n->output()->type()->kind();
  if (type != c10::TypeKind::BoolType && type != c10::TypeKind::IntType && type != c10::TypeKind::FloatType &&
      type != c10::TypeKind::StringType && type != c10::TypeKind::NoneType)
    return false;
  if (n->hasSideEffects() || n->isNondeterministic()) return false;
  const bool metadata = n->kind() == c10::aten::__is__ || n->kind() == c10::aten::__isnot__ ||
                        n->kind() == c10::prim::isinstance || n->kind() == c10::aten::dim ||
                        n->kind() == c10::aten::size;
  jit::Stack stack;
  for (const Value* in : n->inputs()) {
    const Ref& ref = look(frame, in);
    if (!ref.known) return false;
    if (ref.known->isTensor() && !metadata) return false;  // values of tensors may be written later
    stack.push_back(*ref.known);
  }
  const jit::Operator* op = n->maybeOperator();
  if (!op) return false;
  try {
    op->getOperation(n)(stack);
  } catch (const std::exception&) {
    return false;  // the run will say what is wrong
  }
  if (stack.size() != 1 || !is_plain(stack[0])) return false;
  frame.env[n->output()] = Ref{nullptr, stack[0], nullptr};
  return true;
}

void Flattener::emit(Node* n, Frame& frame) {
  refuse_training(n, frame);
  Node* copy = flat_.graph->createClone(n, [&](Value* v) { return value(frame, v); }, /*copy_blocks=*/false);
  flat_.graph->insertNode(copy);
  if (!n->blocks().empty()) {
    Node* outer = enclosing_;
    if (!enclosing_) enclosing_ = copy;
    for (Block* b : n->blocks()) nested(b, copy->addBlock(), frame);
    enclosing_ = outer;
  }
  for (size_t i = 0; i < n->outputs().size(); i++) {
    Ref ref{copy->outputs()[i], std::nullopt, nullptr};
    frame.env[n->outputs()[i]] = ref;
    if (i == 0 && is_tensor(ref.value)) frame.last = ref;
  }
}

void Flattener::refuse_training(Node* n, Frame& frame) {
  size_t flag = 0;
  const std::string name = n->kind().toUnqualString();
  if (name == "dropout" || name == "dropout_" || name == "feature_dropout" || name == "alpha_dropout" ||
      name == "feature_alpha_dropout") {
    flag = 2;
  } else if (name == "batch_norm") {
    flag = 5;
  } else {
    return;
  }
  if (flag >= n->inputs().size()) return;
  const Ref& training = look(frame, n->inputs()[flag]);
  if (!training.known || !training.known->isBool() || !training.known->toBool()) return;
  if (name == "batch_norm")
    throw Failure(TL_TRAIN_MODE,
                  "a batch_norm uses the statistics of the batch, so its samples interact; export the model in "
                  "evaluation mode with running statistics");
  throw Failure(TL_TRAIN_MODE,
                "the graph has a " + name + " in training mode baked in; call model.eval() before exporting");
}

Flat flatten(const jit::Module& module, const std::set<const Object*>& marked) {
  return Flattener(module, marked).run();
}

std::string node_name(const jit::Node* node) {
  std::string name = node->kind().toUnqualString();
  const size_t begin = name.find_first_not_of('_'), end = name.find_last_not_of('_');
  return begin == std::string::npos ? name : name.substr(begin, end - begin + 1);
}

bool names_node(const std::string& op, const std::string& name) {
  if (op == name) return true;
  return op == "conv" && (name == "convolution" || name == "conv1d" || name == "conv2d" || name == "conv3d");
}

}  // namespace torchlight
