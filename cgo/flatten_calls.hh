// Attributes, and calls of methods and functions.
#include <torch/csrc/jit/api/function_impl.h>

#include "failure.h"
#include "flattener.h"

namespace torchlight {

constexpr int kDepthLimit = 200;  // of nested calls

void Flattener::get_attribute(Node* n, Frame& frame) {
  const Ref& receiver = look(frame, n->input());
  if (!receiver.known || !receiver.known->isObject()) return emit(n, frame);
  const auto object = receiver.known->toObject();
  const std::string& name = n->s(c10::attr::name);
  const Attribute key{object.get(), name};
  if (lost_.count(key))
    throw Failure(TL_STATEFUL,
                  "attribute " + name +
                      " is changed inside a branch and read afterwards; results would depend on the order of calls");
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

void Flattener::set_attribute(Node* n, Frame& frame) {
  const Ref receiver = look(frame, n->inputs()[0]);
  if (!receiver.known || !receiver.known->isObject())
    throw Failure(TL_STATEFUL,
                  "the model changes attribute " + n->s(c10::attr::name) + " of an object that only the run decides");
  const Attribute key{receiver.known->toObject().get(), n->s(c10::attr::name)};
  flat_.writes_state = true;
  flat_.notes.push_back("assignment to attribute " + key.second + " dropped: a plan leaves the module as it is");
  if (enclosing_) {
    lost_.insert(key);
  } else {
    overlay_[key] = look(frame, n->inputs()[1]);
  }
}

void Flattener::call_method(Node* n, Frame& frame) {
  const Ref receiver = look(frame, n->inputs()[0]);
  if (!receiver.known || !receiver.known->isObject()) return emit(n, frame);
  const auto object = receiver.known->toObject();
  const std::string& name = n->s(c10::attr::name);
  jit::Function* function = object->type()->findMethod(name);
  if (!function) function = object->type()->findHook(name);
  if (!function) throw Failure(TL_MODEL, "the file calls method " + name + ", which its class does not have");
  if (!function->isGraphFunction()) return emit(n, frame);
  if (!object->type()->is_module() ||
      active_.count(object.get())) {  // a module's call of its own method is no new call
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
void Flattener::separate(CallSite& site, const Node* before, Node* n, Frame& frame, bool none) {
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

void Flattener::call_function(Node* n, Frame& frame) {
  auto type = n->inputs()[0]->type()->cast<c10::FunctionType>();
  if (!type || !type->function()->isGraphFunction()) return emit(n, frame);
  const auto arguments = n->inputs().slice(1);
  const Ref out = invoke(*type->function(), arguments, n, frame);
  if (arguments.size() == 3) after_hook(look(frame, arguments[0]), look(frame, arguments[2]), out);
}

// A forward hook compiled into the file is a function of (module, arguments,
// output), called right after the module. What it returns is what the
// submodule returned.
void Flattener::after_hook(const Ref& module, const Ref& output, const Ref& result) {
  if (!module.known || !module.known->isObject() || !output.value || !result.value) return;
  const Object* object = module.known->toObject().get();
  for (auto site = flat_.calls.rbegin(); site != flat_.calls.rend(); ++site) {
    if (site->object != object || site->output != output.value) continue;
    site->output = result.value;
    site->last = flat_.graph->insertPoint()->prev();
    return;
  }
}

Ref Flattener::invoke(jit::Function& function, at::ArrayRef<Value*> arguments, Node* n, Frame& frame) {
  if (++depth_ > kDepthLimit)
    throw Failure(TL_MODEL, "calls are nested deeper than " + std::to_string(kDepthLimit) + " levels");
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

}  // namespace torchlight
