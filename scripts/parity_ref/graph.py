"""Finds the node of a frozen graph that computes a given value.

Frozen files have no submodules left, so a layer is addressed by a node:
"#op:index", the index counting the nodes of that operator in execution order.
"""

from __future__ import annotations

import warnings

import torch


def operator_name(kind: str) -> str:
    """aten::relu_ -> relu; in-place and plain operators share a name."""
    return kind.split("::")[-1].strip("_")


def node_values(frozen: torch.jit.ScriptModule, inputs) -> list[tuple[str, torch.Tensor]]:
    """(address, value) of every top-level node that returns one tensor.

    Values are cloned right after their node, before anything writes to them.
    """
    graph = frozen.graph.copy()
    found, count = [], {}
    for node in list(graph.nodes()):
        if not node.kind().startswith("aten::") or node.outputsSize() != 1:
            continue
        name = operator_name(node.kind())
        index = count.get(name, 0)
        count[name] = index + 1
        value = next(node.outputs())
        if value.type().isSubtypeOf(torch._C.TensorType.get()):
            found.append((f"#{name}:{index}", value))
    for old in range(len(list(graph.outputs())) - 1, -1, -1):
        graph.eraseOutput(old)
    clones = [_clone_after(graph, value) for _, value in found]
    values = next(graph.insertNode(graph.create("prim::ListConstruct", clones, 1)).outputs())
    values.setType(torch._C.ListType(torch._C.TensorType.get()))
    graph.registerOutput(values)
    graph.eraseInput(0)  # self, which a frozen graph has no use for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = torch._C._create_function_from_graph("values", graph)
    with torch.no_grad():
        values = function(*inputs)
    return [(address, value) for (address, _), value in zip(found, values, strict=True)]


def _clone_after(graph, value):
    node = graph.create("aten::clone", [value], 1)
    node.insertAfter(value.node())
    none = graph.create("prim::Constant", [], 1)
    none.insertBefore(node)
    constant = next(none.outputs())
    constant.setType(torch._C.NoneType.get())
    node.addInput(constant)
    return next(node.outputs())


def address_of(frozen, inputs, activation: torch.Tensor, tolerance: float = 1e-4) -> str | None:
    """The first node whose value is the activation, or None."""
    scale = activation.abs().max().clamp(min=1e-12)
    for address, value in node_values(frozen, inputs):
        if value.shape == activation.shape and value.dtype == activation.dtype:
            if (value - activation).abs().max() <= tolerance * scale:
                return address
    return None
