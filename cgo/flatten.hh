#include "flatten.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <map>
#include <optional>

#include "failure.h"
#include "state.h"

namespace torchlight {
namespace {

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

struct Frame {
  std::unordered_map<const Value*, Ref> env;
  Ref last;  // the latest tensor, for traced modules called without arguments
};

using Attribute = std::pair<const Object*, std::string>;

constexpr int64_t kUnrollLimit = 64;
constexpr int kDepthLimit = 200;

// Results that can be computed now and never change.
bool is_plain(const IValue& v) {
  return v.isNone() || v.isBool() || v.isInt() || v.isDouble() || v.isString() || v.isDevice();
}

class Flattener {
 public:
  Flattener(const jit::Module& module, const std::set<const Object*>& marked) : module_(module), marked_(marked) {
    flat_.graph = std::make_shared<jit::Graph>();
    anchor_ = flat_.graph->insertNode(flat_.graph->createNone());
    changed_ = changed_attributes(module);
  }

  Flat run() {
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

 private:
  // ---- values ----

  Value* materialise(Ref& ref) {
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

  Value* own_constant(const Node* node) {
    Value*& made = constants_[node];
    if (!made) {
      Node* copy = flat_.graph->createClone(const_cast<Node*>(node), [](Value* v) { return v; });
      copy->insertBefore(anchor_);
      made = copy->output();
    }
    return made;
  }

  Value* insert(const IValue& known) {
    jit::WithInsertPoint at(anchor_);
    if (auto made = jit::tryInsertConstant(*flat_.graph, known)) return *made;
    return extra(known);  // a module, or packed weights
  }

  Value* extra(const IValue& known) {
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

  Ref& look(Frame& frame, const Value* v) { return frame.env.at(v); }

  Value* value(Frame& frame, const Value* v) { return materialise(look(frame, v)); }

  // ---- the walk ----

  void body(Block* block, Frame& frame) {
    for (Node* n : block->nodes()) node(n, frame);
  }

  void node(Node* n, Frame& frame) {
    switch (n->kind()) {
      case c10::prim::Constant: return constant(n, frame);
      case c10::prim::GetAttr: return get_attribute(n, frame);
      case c10::prim::SetAttr: return set_attribute(n, frame);
      case c10::prim::CallMethod: return call_method(n, frame);
      case c10::prim::CallFunction: return call_function(n, frame);
      case c10::prim::If: return branch(n, frame);
      case c10::prim::Loop: return loop(n, frame);
      case c10::prim::TupleUnpack:
        if (forward_tuple(n, frame)) return;
        break;
      default: break;
    }
    if (!evaluate(n, frame)) emit(n, frame);
  }

  void constant(Node* n, Frame& frame) {
    Ref ref;
    ref.constant = n;
    ref.known = jit::toIValue(n->output());
    frame.env[n->output()] = ref;
  }

  void get_attribute(Node* n, Frame& frame) {
    const Ref& receiver = look(frame, n->input());
    if (!receiver.known || !receiver.known->isObject()) return emit(n, frame);
    const auto object = receiver.known->toObject();
    const std::string& name = n->s(c10::attr::name);
    const Attribute key{object.get(), name};
    if (lost_.count(key))
      throw Failure(TL_STATEFUL, "attribute " + name + " is changed inside a branch and read afterwards; results would depend on the order of calls");
    auto set = overlay_.find(key);
    if (set != overlay_.end()) {
      frame.env[n->output()] = set->second;
      return;
    }
    IValue now = object->getAttr(name);
    Ref ref;
    if (changed_.count({object->type().get(), name}) && !now.isObject()) {
      Value*& in = state_inputs_[key];
      if (!in) {
        in = flat_.graph->addInput();
        in->setType(n->output()->type());
        flat_.extras.push_back(std::move(now));
        state_.push_back({in, name});
      }
      ref.value = in;
    } else {
      ref.known = std::move(now);
    }
    frame.env[n->output()] = ref;
  }

  void set_attribute(Node* n, Frame& frame) {
    const Ref receiver = look(frame, n->inputs()[0]);
    if (!receiver.known || !receiver.known->isObject())
      throw Failure(TL_STATEFUL, "the model changes attribute " + n->s(c10::attr::name) + " of an object that only the run decides");
    const Attribute key{receiver.known->toObject().get(), n->s(c10::attr::name)};
    flat_.writes_state = true;
    flat_.notes.push_back("assignment to attribute " + key.second + " dropped: a plan leaves the module as it is");
    if (enclosing_) {
      lost_.insert(key);
    } else {
      overlay_[key] = look(frame, n->inputs()[1]);
    }
  }

  void call_method(Node* n, Frame& frame) {
    const Ref receiver = look(frame, n->inputs()[0]);
    if (!receiver.known || !receiver.known->isObject()) return emit(n, frame);
    const auto object = receiver.known->toObject();
    const std::string& name = n->s(c10::attr::name);
    jit::Function* function = object->type()->findMethod(name);
    if (!function) function = object->type()->findHook(name);
    if (!function) throw Failure(TL_MODEL, "the file calls method " + name + ", which its class does not have");
    if (!function->isGraphFunction()) return emit(n, frame);
    if (!object->type()->is_module() || active_.count(object.get())) {  // a module's call of its own method is no new call
      invoke(*function, n->inputs(), n, frame);
      return;
    }
    CallSite site;
    site.object = object.get();
    site.method = name;
    bool tensor_argument = false;
    for (size_t i = 1; i < n->inputs().size(); i++) {
      Ref& in = look(frame, n->inputs()[i]);
      if (in.value && model_inputs_.count(in.value)) site.takes_input = true;
      if (in.value && is_tensor(in.value)) tensor_argument = true;
    }
    const Node* before = last_node();
    Ref before_call = frame.last;
    active_.insert(object.get());
    Ref out = invoke(*function, n->inputs(), n, frame);
    active_.erase(object.get());

    const bool none = out.known && out.known->isNone();
    if (none && !tensor_argument && before_call.value) {
      site.output = before_call.value;
      site.stands_for_input = true;
      site.takes_input = model_inputs_.count(site.output) > 0;
    } else if (!none) {
      site.output = materialise(out);
    }
    if (site.output && marked_.count(site.object)) separate(site, before, n, frame, none);
    site.last = flat_.graph->insertPoint()->prev();
    site.enclosing = enclosing_;
    site.index = count_[site.object]++;
    flat_.calls.push_back(site);
  }

  // A call that returns a value it did not make (an identity, a dropout in
  // evaluation) gets a value of its own, so that what follows can be told from
  // what else uses the original.
  void separate(CallSite& site, const Node* before, Node* n, Frame& frame, bool none) {
    if (!is_tensor(site.output)) return;
    for (const Node* made = last_node(); made && made != before; made = made->prev()) {
      if (made == site.output->node()) return;
      if (made->kind() == c10::prim::Param || made->kind() == c10::prim::Return) break;
    }
    Node* alias = flat_.graph->create(c10::aten::alias, {site.output});
    alias->output()->setType(site.output->type());
    flat_.graph->insertNode(alias);
    if (none) {
      // The rest of the trace goes on with the value that was there before.
      for (auto& [key, ref] : frame.env)
        if (ref.value == site.output) ref.value = alias->output();
      frame.last.value = alias->output();
    } else {
      frame.env[n->output()] = Ref{alias->output(), std::nullopt, nullptr};
    }
    site.output = alias->output();
  }

  void call_function(Node* n, Frame& frame) {
    auto type = n->inputs()[0]->type()->cast<c10::FunctionType>();
    if (!type || !type->function()->isGraphFunction()) return emit(n, frame);
    const auto arguments = n->inputs().slice(1);
    const Ref out = invoke(*type->function(), arguments, n, frame);
    if (arguments.size() == 3) after_hook(look(frame, arguments[0]), look(frame, arguments[2]), out);
  }

  // A forward hook compiled into the file is a function of (module, arguments,
  // output), called right after the module. What it returns is what the
  // submodule returned.
  void after_hook(const Ref& module, const Ref& output, const Ref& result) {
    if (!module.known || !module.known->isObject() || !output.value || !result.value) return;
    const Object* object = module.known->toObject().get();
    for (auto site = flat_.calls.rbegin(); site != flat_.calls.rend(); ++site) {
      if (site->object != object || site->output != output.value) continue;
      site->output = result.value;
      site->last = flat_.graph->insertPoint()->prev();
      return;
    }
  }

  Ref invoke(jit::Function& function, at::ArrayRef<Value*> arguments, Node* n, Frame& frame) {
    if (++depth_ > kDepthLimit) throw Failure(TL_MODEL, "calls are nested deeper than " + std::to_string(kDepthLimit) + " levels");
    function.ensure_defined();
    const auto graph = jit::toGraphFunction(function).graph();
    Frame inner;
    for (size_t i = 0; i < graph->inputs().size(); i++) {
      Ref& in = look(frame, arguments[i]);
      inner.env[graph->inputs()[i]] = in;
      if (!inner.last.value && in.value && is_tensor(in.value)) inner.last = in;
    }
    body(graph->block(), inner);
    depth_--;
    Ref out;
    if (!graph->outputs().empty()) out = look(inner, graph->outputs()[0]);
    if (!n->outputs().empty()) frame.env[n->output()] = out;
    if (out.value && is_tensor(out.value)) frame.last = out;
    return out;
  }

  // ---- control flow ----

  void branch(Node* n, Frame& frame) {
    const Ref& condition = look(frame, n->input());
    if (!condition.known || !condition.known->isBool()) return emit(n, frame);
    Block* taken = n->blocks()[condition.known->toBool() ? 0 : 1];
    body(taken, frame);
    for (size_t i = 0; i < n->outputs().size(); i++) frame.env[n->outputs()[i]] = look(frame, taken->outputs()[i]);
  }

  void loop(Node* n, Frame& frame) {
    const Ref& trips = look(frame, n->inputs()[0]);
    const Ref& start = look(frame, n->inputs()[1]);
    Block* block = n->blocks()[0];
    const Value* go_on = block->outputs()[0];
    const auto always = go_on->node()->kind() == c10::prim::Constant ? jit::toIValue(go_on) : std::nullopt;
    const bool outer_constant = frame.env.count(go_on) && look(frame, go_on).known && look(frame, go_on).known->isBool() && look(frame, go_on).known->toBool();
    const bool counted = (always && always->isBool() && always->toBool()) || outer_constant;
    if (!trips.known || !trips.known->isInt() || trips.known->toInt() > kUnrollLimit || !start.known || !start.known->toBool() || !counted)
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

  // ---- single nodes ----

  bool forward_tuple(Node* n, Frame& frame) {
    Ref& in = look(frame, n->input());
    if (!in.value || in.value->node()->kind() != c10::prim::TupleConstruct) return false;
    for (size_t i = 0; i < n->outputs().size(); i++)
      frame.env[n->outputs()[i]] = Ref{in.value->node()->inputs()[i], std::nullopt, nullptr};
    return true;
  }

  // Computes a node now when everything it reads is known and what it gives is a
  // plain number, flag or None.
  bool evaluate(Node* n, Frame& frame) {
    if (n->outputs().size() != 1 || !n->blocks().empty() || n->inputs().empty()) return false;
    const auto type = n->output()->type()->kind();
    if (type != c10::TypeKind::BoolType && type != c10::TypeKind::IntType && type != c10::TypeKind::FloatType &&
        type != c10::TypeKind::StringType && type != c10::TypeKind::NoneType)
      return false;
    if (n->hasSideEffects() || n->isNondeterministic()) return false;
    const bool metadata = n->kind() == c10::aten::__is__ || n->kind() == c10::aten::__isnot__ || n->kind() == c10::prim::isinstance ||
                          n->kind() == c10::aten::dim || n->kind() == c10::aten::size;
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

  void emit(Node* n, Frame& frame) {
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

  void nested(Block* from, Block* to, Frame& frame) {
    for (const Value* in : from->inputs()) {
      Value* mine = to->addInput();
      mine->setType(in->type());
      frame.env[in] = Ref{mine, std::nullopt, nullptr};
    }
    jit::WithInsertPoint at(to);
    body(from, frame);
    for (const Value* out : from->outputs()) to->registerOutput(value(frame, out));
  }

  void refuse_training(Node* n, Frame& frame) {
    size_t flag = 0;
    const std::string name = n->kind().toUnqualString();
    if (name == "dropout" || name == "dropout_" || name == "feature_dropout" || name == "alpha_dropout" || name == "feature_alpha_dropout") {
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
      throw Failure(TL_TRAIN_MODE, "a batch_norm uses the statistics of the batch, so its samples interact; export the model in evaluation mode with running statistics");
    throw Failure(TL_TRAIN_MODE, "the graph has a " + name + " in training mode baked in; call model.eval() before exporting");
  }

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

}  // namespace

Flat flatten(const jit::Module& module, const std::set<const Object*>& marked) { return Flattener(module, marked).run(); }

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
