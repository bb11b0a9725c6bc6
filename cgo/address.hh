#include <algorithm>
#include <map>
#include <sstream>

#include "address.h"
#include "failure.h"

namespace torchlight {
namespace {

int number(const std::string& digits, const std::string& text) {
  size_t used = 0;
  int n = 0;
  try {
    n = std::stoi(digits, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != digits.size())
    throw Failure(TL_INVALID, "layer " + text + ": \"" + digits + "\" is no number");
  return n;
}

std::string listed(const Flat& flat) {
  std::map<std::string, int> count;
  for (const auto& [name, node] : named_nodes(flat)) count[name]++;
  std::ostringstream s;
  const char* separator = "";
  for (const auto& [name, n] : count) {
    s << separator << '#' << name << " (" << n << ")";
    separator = ", ";
  }
  return s.str();
}

Target locate_node(const Flat& flat, const Address& a) {
  std::vector<jit::Node*> same;
  for (const auto& [name, node] : named_nodes(flat))
    if (names_node(a.op, name)) same.push_back(node);
  const int n = static_cast<int>(same.size());
  const int i = a.node < 0 ? n + a.node : a.node;
  if (n == 0) throw Failure(TL_LAYER_UNKNOWN, "no node #" + a.op + "; the graph has " + listed(flat));
  if (i < 0 || i >= n)
    throw Failure(TL_LAYER_UNKNOWN, "node " + a.text + ": the graph has " + std::to_string(n) + " #" + a.op +
                                        ", numbered 0 to " + std::to_string(n - 1));
  Target t;
  t.value = same[static_cast<size_t>(i)]->outputs()[0];
  t.last = same[static_cast<size_t>(i)];
  return t;
}

// Takes a tuple that some operator or branch made apart and builds it again, so
// that its elements are values of their own.
void rebuild(Flat& flat, Target& t) {
  jit::Node* unpack = flat.graph->createTupleUnpack(t.value);
  unpack->insertAfter(t.last);
  const auto type = t.value->type()->cast<c10::TupleType>();
  jit::Node* pack = flat.graph->createTuple(unpack->outputs(), type->schema() ? type : nullptr);
  pack->insertAfter(unpack);
  t.value->replaceAllUsesAfterNodeWith(unpack, pack->output());
  t.value = pack->output();
  t.last = unpack;
}

// Goes from a tuple or list to the member that the address names.
void enter(Flat& flat, Target& t, const Address& a) {
  std::stringstream parts(a.element);
  std::string part;
  while (std::getline(parts, part, '.')) {
    const int i = number(part, a.text);
    // A trace drops the None of a tuple (tensor, None), and then the tuple.
    if (is_tensor(t.value) && i == 0) continue;
    if (t.value->node()->kind() != c10::prim::TupleConstruct && t.value->type()->kind() == c10::TypeKind::TupleType &&
        t.last)
      rebuild(flat, t);
    const jit::Node* made = t.value->node();
    if (is_tensor(t.value))
      throw Failure(TL_LAYER_NOT_TENSOR, "layer " + a.text + ": the call returns one tensor; leave out :" + a.element);
    if (made->kind() != c10::prim::TupleConstruct && made->kind() != c10::prim::ListConstruct)
      throw Failure(TL_LAYER_NOT_TENSOR, "layer " + a.text + ": the call returns a " +
                                             t.value->type()->annotation_str() + ", whose elements cannot be reached");
    if (i < 0 || static_cast<size_t>(i) >= made->inputs().size())
      throw Failure(TL_LAYER_NOT_TENSOR, "layer " + a.text + ": the call returns " +
                                             std::to_string(made->inputs().size()) + " elements, numbered from 0");
    t.value = const_cast<jit::Value*>(made->inputs()[static_cast<size_t>(i)]);
  }
}

// A trace may know a shared module by two names, with an object for each and the
// calls on one of them; their parameters are the same memory.
bool same_parameters(const Object* a, const Object* b) {
  const auto module = [](const Object* o) {
    return jit::Module(c10::intrusive_ptr<Object>::unsafe_reclaim_from_nonowning(const_cast<Object*>(o)));
  };
  const jit::Module first = module(a), second = module(b);
  const auto left = first.parameters(), right = second.parameters();
  if (left.size() == 0 || left.size() != right.size()) return false;
  auto r = right.begin();
  for (const auto& l : left) {
    // Not by their bytes, which may not be there.
    if (!l.is_alias_of(*r) || l.storage_offset() != (*r).storage_offset()) return false;
    ++r;
  }
  return true;
}

}  // namespace

Address parse_address(const std::string& text) {
  Address a;
  a.text = text;
  if (text == "input" || text.rfind("input@", 0) == 0) {
    a.is_input = true;
    a.call = text == "input" ? 0 : number(text.substr(6), text);
    return a;
  }
  if (text.empty()) throw Failure(TL_INVALID, "an empty layer name");
  if (text[0] == '#') {
    const size_t colon = text.find(':');
    if (colon == std::string::npos)
      throw Failure(TL_INVALID, "layer " + text + ": a node is addressed as #op:index, for example #conv:-1");
    a.op = text.substr(1, colon - 1);
    a.node = number(text.substr(colon + 1), text);
    return a;
  }
  const size_t colon = text.find(':');
  std::string head = text.substr(0, colon);
  if (colon != std::string::npos) a.element = text.substr(colon + 1);
  const size_t at = head.find('@');
  if (at != std::string::npos) {
    a.call = number(head.substr(at + 1), text);
    head = head.substr(0, at);
  }
  a.path = head;
  return a;
}

const Object* resolve(const jit::Module& module, const Address& address) {
  for (const auto& m : module.named_modules())
    if (!m.name.empty() && m.name == address.path) return m.value._ivalue().get();
  size_t children = 0;
  for (const auto& c : module.children()) {
    (void)c;
    children++;
  }
  if (children == 0)
    throw Failure(TL_FROZEN,
                  "layer " + address.path +
                      ": the file has no submodules (it was frozen); address one of its nodes as #op:index, it has " +
                      listed(flatten(module, {})));
  throw Failure(TL_LAYER_UNKNOWN, "no submodule " + address.path);
}

std::vector<std::pair<std::string, jit::Node*>> named_nodes(const Flat& flat) {
  std::vector<std::pair<std::string, jit::Node*>> out;
  for (jit::Node* n : flat.graph->nodes()) {
    if (n->kind() == c10::prim::Constant || n->outputs().empty() || !n->blocks().empty()) continue;
    if (is_tensor(n->outputs()[0])) out.emplace_back(node_name(n), n);
  }
  return out;
}

Target locate(Flat& flat, const Address& a, const Object* object) {
  Target t;
  if (a.is_input) {
    if (a.call < 0 || static_cast<size_t>(a.call) >= flat.inputs)
      throw Failure(TL_LAYER_UNKNOWN, "no input " + std::to_string(a.call) + "; the model has " +
                                          std::to_string(flat.inputs) + ", numbered from 0");
    t.value = flat.graph->inputs()[static_cast<size_t>(a.call)];
  } else if (!a.op.empty()) {
    t = locate_node(flat, a);
  } else {
    std::vector<const CallSite*> calls;
    for (const auto& c : flat.calls)
      if (c.object == object) calls.push_back(&c);
    if (calls.empty()) {
      for (const auto& c : flat.calls)
        if (same_parameters(c.object, object)) calls.push_back(&c);
    }
    if (calls.empty()) throw Failure(TL_LAYER_NOT_CALLED, "layer " + a.path + " is never called by the forward method");
    size_t i = 0;
    const bool repeated = calls[0]->enclosing != nullptr;  // its executions are counted by the run
    if (!repeated) {
      if (calls.size() > 1 && a.call < 0) {
        std::string methods;
        for (const auto* c : calls)
          methods += (methods.empty() ? "" : ", ") + a.path + "@" + std::to_string(c->index) + " (" + c->method + ")";
        throw Failure(TL_LAYER_AMBIGUOUS, "layer " + a.path + " is called " + std::to_string(calls.size()) +
                                              " times; choose one: " + methods);
      }
      if (a.call >= 0) i = static_cast<size_t>(a.call);
      if (i >= calls.size())
        throw Failure(TL_LAYER_NOT_CALLED, "layer " + a.text + ": it is called " + std::to_string(calls.size()) +
                                               " time(s), numbered from 0");
    } else {
      t.call = a.call < 0 ? 0 : a.call;
      t.chosen = a.call >= 0;
    }
    const CallSite& c = *calls[i];
    if (!c.output) throw Failure(TL_LAYER_NOT_TENSOR, "layer " + a.path + " returns None");
    t.value = c.output;
    t.last = c.last;
    t.enclosing = c.enclosing;
  }
  if (!a.element.empty()) enter(flat, t, a);
  if (!is_tensor(t.value)) {
    const std::string type = t.value->type()->annotation_str();
    const bool holds = type.find("Tensor") != std::string::npos;
    throw Failure(TL_LAYER_NOT_TENSOR,
                  "layer " + a.text + " returns a " + type + ", not a tensor; choose " +
                      (holds ? "an element with " + a.text + (a.element.empty() ? ":0" : ".0") : "another layer"));
  }
  return t;
}

}  // namespace torchlight
