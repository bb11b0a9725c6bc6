// Differentiable forms of the fused attention operators. The formulas are those
// of torch.nn.functional.multi_head_attention_forward and of
// torch.nn.TransformerEncoderLayer on their unfused paths.
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "fuse.h"
#include "nodes.h"
#include "optimise.h"

namespace torchlight {
namespace {

// 11 is torch.bool: the names of types are unknown here.
const char* const kSource = R"(
def _native_multi_head_attention(query, key, value, embed_dim: int, num_head: int, qkv_weight, qkv_bias, proj_weight, proj_bias,
        mask: Optional[Tensor], need_weights: bool, average_attn_weights: bool, mask_type: Optional[int]):
    n, t, s = query.size(0), query.size(1), key.size(1)
    d = embed_dim // num_head
    w, b = qkv_weight.chunk(3), qkv_bias.chunk(3)
    q = torch.matmul(query, w[0].t()).add(b[0]).view(n, t, num_head, d).transpose(1, 2)
    k = torch.matmul(key, w[1].t()).add(b[1]).view(n, s, num_head, d).transpose(1, 2)
    v = torch.matmul(value, w[2].t()).add(b[2]).view(n, s, num_head, d).transpose(1, 2)
    a = torch.matmul(q * (float(d) ** -0.5), k.transpose(-2, -1))
    if mask is not None:
        m = mask
        if m.dim() == 2 and (mask_type is None or mask_type != 0):
            m = m.view(n, 1, 1, s)
        if m.dtype == 11:
            a = a.masked_fill(m, float('-inf'))
        else:
            a = a + m
    p = torch.softmax(a, -1)
    y = torch.matmul(p, v).transpose(1, 2).reshape(n, t, embed_dim)
    y = torch.matmul(y, proj_weight.t()).add(proj_bias)
    if average_attn_weights:
        p = p.mean(1)
    return y, p

def scaled_dot_product_attention(query, key, value, attn_mask: Optional[Tensor], dropout_p: float, is_causal: bool,
        scale: Optional[float], enable_gqa: bool):
    k, v = key, value
    if enable_gqa:
        k = k.repeat_interleave(query.size(-3) // k.size(-3), -3)
        v = v.repeat_interleave(query.size(-3) // v.size(-3), -3)
    factor = float(query.size(-1)) ** -0.5
    if scale is not None:
        factor = scale
    a = torch.matmul(query * factor, k.transpose(-2, -1))
    if is_causal:
        ahead = torch.ones([query.size(-2), k.size(-2)], dtype=11, device=query.device).triu(1)
        a = a.masked_fill(ahead, float('-inf'))
    if attn_mask is not None:
        if attn_mask.dtype == 11:
            a = a.masked_fill(torch.logical_not(attn_mask), float('-inf'))
        else:
            a = a + attn_mask
    return torch.matmul(torch.softmax(a, -1), v)

def hardsigmoid(x):
    return torch.hardtanh(x + 3.0, 0.0, 6.0) / 6.0

def hardsigmoid_(x):
    return x.copy_(torch.hardtanh(x + 3.0, 0.0, 6.0) / 6.0)

def _transformer_encoder_layer_fwd(src, embed_dim: int, num_heads: int, qkv_weight, qkv_bias, proj_weight, proj_bias,
        use_gelu: bool, norm_first: bool, eps: float, norm_weight_1, norm_bias_1, norm_weight_2, norm_bias_2,
        ffn_weight_1, ffn_bias_1, ffn_weight_2, ffn_bias_2, mask: Optional[Tensor], mask_type: Optional[int]):
    x = src
    h = x
    if norm_first:
        h = torch.layer_norm(h, [embed_dim], norm_weight_1, norm_bias_1, eps)
    h = _native_multi_head_attention(h, h, h, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, mask, False, True, mask_type)[0]
    x = x + h
    if not norm_first:
        x = torch.layer_norm(x, [embed_dim], norm_weight_1, norm_bias_1, eps)
    h = x
    if norm_first:
        h = torch.layer_norm(h, [embed_dim], norm_weight_2, norm_bias_2, eps)
    h = torch.matmul(h, ffn_weight_1.t()).add(ffn_bias_1)
    if use_gelu:
        h = torch.gelu(h)
    else:
        h = torch.relu(h)
    h = torch.matmul(h, ffn_weight_2.t()).add(ffn_bias_2)
    x = x + h
    if not norm_first:
        x = torch.layer_norm(x, [embed_dim], norm_weight_2, norm_bias_2, eps)
    return x
)";

bool is_fused(const torch::jit::Node* n) {
  const std::string name = n->kind().toQualString();
  return name == "aten::_native_multi_head_attention" || name == "aten::_transformer_encoder_layer_fwd";
}

// Whether the operator's derivative has none.
bool is_once(const torch::jit::Node* n) {
  const std::string name = n->kind().toQualString();
  return name == "aten::scaled_dot_product_attention" || name == "aten::hardsigmoid" || name == "aten::hardsigmoid_";
}

void collect(torch::jit::Block* block, bool twice, std::vector<torch::jit::Node*>& out) {
  for (torch::jit::Node* n : block->nodes()) {
    if (is_fused(n) || (twice && is_once(n))) out.push_back(n);
    for (torch::jit::Block* b : n->blocks()) collect(b, twice, out);
  }
}

}  // namespace

bool differentiates_once(const torch::jit::Block* block) {
  return any_node(block, [](const auto* n) { return is_once(n) || n->kind() == convolution_symbol(); });
}

int decompose_fused(const std::shared_ptr<torch::jit::Graph>& graph, bool twice) {
  std::vector<torch::jit::Node*> fused;
  collect(graph->block(), twice, fused);
  if (fused.empty()) return 0;
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  unit->define(std::nullopt, kSource, torch::jit::nativeResolver(), nullptr);
  for (torch::jit::Node* n : fused) {
    auto& function = torch::jit::toGraphFunction(unit->get_function(c10::QualifiedName(n->kind().toUnqualString())));
    auto body = function.graph()->copy();
    torch::jit::Inline(*body);
    torch::jit::WithInsertPoint at(n);
    std::vector<torch::jit::Value*> made = torch::jit::insertGraph(*graph, *body, n->inputs());
    if (n->outputs().size() > 1) made = torch::jit::createTupleUnpack(made[0]).vec();
    for (size_t i = 0; i < n->outputs().size(); i++) n->outputs()[i]->replaceAllUsesWith(made[i]);
    n->destroy();
  }
  return static_cast<int>(fused.size());
}

}  // namespace torchlight
