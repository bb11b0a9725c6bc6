#include <torch/csrc/jit/ir/alias_analysis.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "cut.h"
#include "failure.h"
#include "nodes.h"
#include "tap.h"

namespace torchlight {
namespace {

using jit::Block;
using jit::Graph;
using jit::Node;
using jit::Value;
using Values = std::unordered_map<const Value*, Value*>;

bool writes(const Node* n) {
  if (mutates(n)) return true;
  for (const Block* b : n->blocks())
    if (any_node(b, mutates)) return true;
  return false;
}

// Every value that a node or its blocks read from outside themselves.
void reads(const Node* n, std::vector<Value*>& out) {
  for (const Value* in : n->inputs()) out.push_back(const_cast<Value*>(in));
  for (const Block* b : n->blocks()) {
    for (const Node* inner : b->nodes()) reads(inner, out);
    for (const Value* v : b->outputs()) out.push_back(const_cast<Value*>(v));
  }
}

// The nodes up to `last` that compute from `value`: views and the like, made
// inside the layer's own call. They belong behind the cut, so that their
// gradient counts, unless one of them changes the value itself: then they stay,
// and what they computed is lost for the gradient.
std::unordered_set<const Node*> dependents(Graph& graph, const Value* value, const Node* last,
                                           std::unordered_set<const Value*>& lost) {
  std::unordered_set<const Node*> found;
  std::unordered_set<const Value*> tainted{value};
  if (value->node()->kind() == c10::prim::Param) return found;
  bool mutation = false;
  for (Node* n = value->node()->next(); n != graph.return_node() && value->node() != last; n = n->next()) {
    std::vector<Value*> in;
    reads(n, in);
    if (std::any_of(in.begin(), in.end(), [&](Value* v) { return tainted.count(v) > 0; })) {
      found.insert(n);
      mutation = mutation || writes(n);
      for (const Value* out : n->outputs()) tainted.insert(out);
    }
    if (n == last) break;
  }
  if (mutation) {
    found.clear();
    lost = std::move(tainted);
  }
  return found;
}

// Copies nodes of one graph into another, bringing constants along.
class Copier {
 public:
  Copier(std::shared_ptr<Graph> to, Values known) : to_(std::move(to)), known_(std::move(known)) {}

  Value* get(Value* v) {
    auto found = known_.find(v);
    if (found != known_.end()) return found->second;
    TORCH_INTERNAL_ASSERT(v->node()->kind() == c10::prim::Constant, "value ", v->debugName(),
                          " does not cross the cut");
    Node* copy = to_->createClone(v->node(), [](Value* x) { return x; });
    to_->block()->prependNode(copy);
    return known_[v] = copy->output();
  }

  void add(Node* n) {
    if (n->kind() == c10::prim::Constant) return;  // comes when it is used
    Node* copy = to_->appendNode(to_->createClone(n, [&](Value* v) { return get(v); }));
    for (size_t i = 0; i < n->outputs().size(); i++) known_[n->outputs()[i]] = copy->outputs()[i];
  }

 private:
  std::shared_ptr<Graph> to_;
  Values known_;
};

Node* before(Node* top) { return top->prev(); }

// The node after which the head ends; the return node stands for "before all".
Node* cut_point(Graph& graph, const Target& t) {
  if (t.enclosing) return before(t.enclosing);
  return t.last ? t.last : graph.return_node();
}

bool earlier(Graph& graph, Node* a, Node* b) {
  if (a == b || b == graph.return_node()) return false;
  return a == graph.return_node() || a->isBefore(b);
}

void insert_tap(Graph& graph, const Target& t, size_t slot) {
  Node* tap = graph.create(tap_symbol(), 1);
  tap->output()->setType(t.value->type());
  tap->addInput(t.value);
  if (t.last) {
    tap->insertAfter(t.last);
  } else {
    graph.block()->prependNode(tap);
  }
  jit::WithInsertPoint front(*graph.nodes().begin());
  tap->addInput(graph.insertConstant(static_cast<int64_t>(slot)));
  t.value->replaceAllUsesAfterNodeWith(tap, tap->output());
}

// Gives the tail its own copy, per run, of each input that it may write. All are
// copied first, so that the analysis can tell them apart; the copies that turn
// out not to be written are taken out again.
void own_inputs(const std::shared_ptr<Graph>& tail) {
  std::vector<Value*> inputs;
  for (Value* in : tail->inputs())
    if (is_tensor(in) && !in->uses().empty()) inputs.push_back(in);
  std::vector<Node*> clones;
  for (Value* in : inputs) {
    Node* clone = tail->create(c10::aten::clone, 1);
    tail->block()->prependNode(clone);
    in->replaceAllUsesWith(clone->output());
    clone->addInput(in);
    {
      jit::WithInsertPoint at(clone);
      clone->addInput(tail->insertConstant(c10::IValue()));
    }
    clone->output()->setType(in->type());
    clones.push_back(clone);
  }
  std::vector<Node*> idle;
  {
    jit::AliasDb aliases(tail);
    for (Node* c : clones)
      if (!aliases.hasWriters(c->output())) idle.push_back(c);
  }
  for (Node* c : idle) {
    c->output()->replaceAllUsesWith(c->inputs()[0]);
    c->destroy();
  }
}

std::string described(const Value* v) {
  if (v->node()->kind() == c10::prim::Param) return "an input of the model";
  return std::string("the result of ") + v->node()->kind().toQualString();
}

// Values that share memory with the cut value while something behind the cut
// writes to it: the reason when a cut changes the model.
std::vector<std::string> find_suspects(const Flat& flat, const Value* value, const std::vector<Value*>& crossing) {
  std::vector<std::string> names;
  jit::AliasDb aliases(flat.graph);
  if (!aliases.hasWriters(value)) return names;
  for (Value* c : crossing)
    if (is_tensor(c) && aliases.mayAlias(value, c)) names.push_back(described(c));
  return names;
}

}  // namespace

Cut cut(Flat& flat, const std::vector<Target>& targets, bool tap_value) {
  Graph& graph = *flat.graph;
  Cut result;

  const Target* first = &targets[0];
  for (const Target& t : targets)
    if (earlier(graph, cut_point(graph, t), cut_point(graph, *first))) first = &t;
  result.has_value = !first->enclosing;
  Node* end = cut_point(graph, *first);

  std::map<std::pair<const Value*, int>, size_t> slots;
  for (const Target& t : targets) {
    Capture c;
    if (result.has_value && t.value == first->value) {
      c.at_cut = true;
    } else {
      const auto key = std::make_pair(static_cast<const Value*>(t.value), t.call);
      auto found = slots.find(key);
      if (found == slots.end()) {
        found = slots.emplace(key, slots.size()).first;
        insert_tap(graph, t, found->second);
      }
      c.slot = found->second;
      c.execution = t.call < 0 ? 0 : t.call;
      c.chosen = !t.enclosing || t.chosen;
    }
    result.captures.push_back(c);
  }
  result.slots = slots.size();

  std::unordered_set<const Node*> moved;
  std::unordered_set<const Value*> lost;
  if (result.has_value && end != graph.return_node()) moved = dependents(graph, first->value, end, lost);
  std::vector<Node*> head, tail;
  bool in_head = end != graph.return_node();
  for (Node* n : graph.nodes()) {
    (in_head && !moved.count(n) ? head : tail).push_back(n);
    if (n == end) in_head = false;
  }

  // What the tail reads of the head.
  std::unordered_set<const Value*> made;
  for (const Node* n : head)
    for (const Value* v : n->outputs()) made.insert(v);
  for (const Value* v : graph.inputs()) made.insert(v);
  std::vector<Value*> crossing, wanted;
  for (const Node* n : tail) reads(n, wanted);
  for (const Value* v : graph.outputs()) wanted.push_back(const_cast<Value*>(v));
  std::unordered_set<const Value*> seen;
  for (Value* v : wanted) {
    if (!made.count(v) || v->node()->kind() == c10::prim::Constant || !seen.insert(v).second) continue;
    if (result.has_value && v == first->value) continue;
    if (is_tensor(v) && lost.count(v))
      throw Failure(TL_ALIASING, "cutting there would lose the gradient of " + described(v) +
                                     ", which shares the layer's value: the layer's own call writes to it in place; "
                                     "hook the layer before or after it");
    crossing.push_back(v);
  }
  result.crossing = crossing.size();
  if (result.has_value) result.suspects = find_suspects(flat, first->value, crossing);

  result.head = std::make_shared<Graph>();
  Values known;
  for (Value* in : graph.inputs()) {
    known[in] = result.head->addInput();
    known[in]->setType(in->type());
  }
  Copier to_head(result.head, known);
  for (Node* n : head) to_head.add(n);
  if (result.has_value) result.head->registerOutput(to_head.get(first->value));
  for (Value* v : crossing) result.head->registerOutput(to_head.get(v));

  result.tail = std::make_shared<Graph>();
  known.clear();
  auto add_input = [&](Value* v) {
    known[v] = result.tail->addInput();
    known[v]->setType(v->type());
  };
  if (result.has_value) add_input(first->value);
  for (Value* v : crossing) add_input(v);
  Copier to_tail(result.tail, known);
  for (Node* n : tail) to_tail.add(n);
  for (Value* v : graph.outputs()) result.tail->registerOutput(to_tail.get(v));
  if (result.has_value && tap_value) {
    Target value;
    value.value = result.tail->inputs()[0];
    insert_tap(*result.tail, value, result.slots);
    for (Capture& c : result.captures)
      if (c.at_cut) c.slot = result.slots;
    result.slots++;
  }
  own_inputs(result.tail);
  return result;
}

}  // namespace torchlight
