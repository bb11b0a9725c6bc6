#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "failure.h"
#include "nodes.h"
#include "state.h"

namespace torchlight {
namespace {

void collect(const jit::Block* block, ChangedAttributes& out) {
  for (const jit::Node* n : block->nodes()) {
    if (n->kind() == c10::prim::SetAttr) {
      if (auto type = n->inputs()[0]->type()->cast<c10::ClassType>()) out.insert({type.get(), n->s(c10::attr::name)});
    }
    for (const jit::Block* b : n->blocks()) collect(b, out);
  }
}

bool writes_anything(const jit::Block* block) { return any_node(block, mutates); }

std::vector<jit::Value*> constant_tensors(jit::Graph& graph) {
  std::vector<jit::Value*> found;
  for (jit::Node* n : graph.nodes())
    if (n->kind() == c10::prim::Constant && n->output()->type()->kind() == c10::TypeKind::TensorType)
      found.push_back(n->output());
  return found;
}

// An operator that replaces all of its first argument.
bool overwrites(const jit::Node* n) {
  const std::string name = n->kind().toUnqualString();
  return name == "copy_" || name == "zero_" || name == "fill_";
}

// The old contents of v matter unless its first use replaces them.
bool old_contents_matter(const jit::Value* v, const jit::Node* return_node) {
  const jit::Node* first = nullptr;
  for (const auto& use : v->uses()) {
    if (use.user == return_node) continue;
    if (!first || use.user->isBefore(first)) first = use.user;
  }
  return first && !(overwrites(first) && first->inputs()[0] == v);
}

}  // namespace

ChangedAttributes changed_attributes(const jit::Module& module) {
  // __setstate__ of packed weights assigns too, but it runs when the file is
  // loaded.
  ChangedAttributes out;
  std::set<const c10::ClassType*> seen;
  for (const auto& m : module.modules()) {
    const auto type = m.type();
    if (!seen.insert(type.get()).second) continue;
    for (jit::Function* f : type->methods())
      if (f->isGraphFunction() && f->name() != "__setstate__") collect(jit::toGraphFunction(*f).graph()->block(), out);
    for (jit::Function* f : type->getForwardHooks())
      if (f->isGraphFunction()) collect(jit::toGraphFunction(*f).graph()->block(), out);
    for (jit::Function* f : type->getForwardPreHooks())
      if (f->isGraphFunction()) collect(jit::toGraphFunction(*f).graph()->block(), out);
  }
  return out;
}

void protect_state(Flat& flat, const std::vector<StateInput>& state) {
  const bool writes = writes_anything(flat.graph->block());
  if (state.empty() && !writes) return;

  // What survives without the dropped assignments is what the output needs.
  auto live = flat.graph->copy();
  jit::EliminateDeadCode(live);
  for (const auto& s : state) {
    if (!live->inputs()[s.input->offset()]->uses().empty())
      throw Failure(TL_STATEFUL, "the output depends on attribute " + s.name +
                                     ", which the forward method changes; results would depend on the order of calls");
  }
  if (!writes) return;

  {
    jit::AliasDb aliases(live);
    for (jit::Value* v : constant_tensors(*live)) {
      if (aliases.hasWriters(v) && old_contents_matter(v, live->return_node()))
        throw Failure(TL_STATEFUL,
                      "the output depends on a buffer that the forward method writes in place; results would depend on "
                      "the order of calls");
    }
  }
  std::vector<jit::Value*> written;
  {
    jit::AliasDb aliases(flat.graph);
    for (jit::Value* v : constant_tensors(*flat.graph))
      if (aliases.hasWriters(v)) written.push_back(v);
  }
  for (jit::Value* v : written) {
    jit::Node* clone = flat.graph->create(c10::aten::clone);
    jit::WithInsertPoint at(v->node()->next());
    clone->addInput(v);
    clone->addInput(flat.graph->insertConstant(c10::IValue()));
    flat.graph->insertNode(clone);
    clone->output()->setType(v->type());
    v->replaceAllUsesAfterNodeWith(clone, clone->output());
    flat.writes_state = true;
    flat.notes.push_back("a buffer that the forward pass writes is copied for each run");
  }
}

}  // namespace torchlight
