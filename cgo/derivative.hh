// Finding operators through which autograd loses the thread.
//
// Quantised and custom operators often have a CPU kernel and nothing for
// autograd: libtorch then warns and treats the result as a constant. Operators
// of ATen without a derivative throw when the backward pass reaches them.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <unordered_set>

#include "optimise.h"
#include "tap.h"

namespace torchlight {
namespace {

namespace jit = torch::jit;

bool differentiable(const jit::Node* n) {
  const auto* schema = n->maybeSchema();
  if (!schema || n->kind().is_prim() || n->kind().ns() == tap_symbol().ns()) return true;
  const auto handle = c10::Dispatcher::singleton().findSchema(schema->operator_name());
  if (!handle) return true;  // an operator of the interpreter, made of others
  for (const auto key : {c10::DispatchKey::Autograd, c10::DispatchKey::AutogradCPU, c10::DispatchKey::AutogradCUDA,
                         c10::DispatchKey::CompositeImplicitAutograd})
    if (handle->hasKernelForDispatchKey(key)) return true;
  return false;
}

bool gives_tensors(const jit::Node* n) {
  for (const jit::Value* v : n->outputs())
    if (v->type()->isSubtypeOf(*c10::TensorType::get())) return true;
  return false;
}

class Search {
 public:
  explicit Search(const jit::Value* from) {
    if (from) tainted_.insert(from);
  }

  std::string block(const jit::Block* b) {
    for (const jit::Node* n : b->nodes()) {
      bool reached = n->kind() == tap_symbol();
      for (const jit::Value* in : n->inputs()) reached = reached || tainted_.count(in) > 0;
      // A branch or loop carries its inputs into its blocks and results out.
      for (const jit::Block* inner : n->blocks()) {
        if (reached)
          for (const jit::Value* in : inner->inputs()) tainted_.insert(in);
        const std::string found = block(inner);
        if (!found.empty()) return found;
        for (const jit::Value* out : inner->outputs()) reached = reached || tainted_.count(out) > 0;
      }
      if (!reached) continue;
      if (!differentiable(n) && gives_tensors(n)) return n->kind().toQualString();
      for (const jit::Value* out : n->outputs()) tainted_.insert(out);
    }
    return "";
  }

 private:
  std::unordered_set<const jit::Value*> tainted_;
};

}  // namespace

std::string underivable(const jit::Graph& graph, const jit::Value* from) { return Search(from).block(graph.block()); }

}  // namespace torchlight
