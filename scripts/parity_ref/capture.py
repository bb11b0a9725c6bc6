"""Activation and gradient of a submodule in eager PyTorch, by the clone rule.

The activation A is the value as the submodule returned it; the rest of the
network works on a clone, so an in-place operation after the submodule changes
neither A nor dscore/dA. Captum's layer hooks follow the same rule.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import nn


@dataclasses.dataclass(frozen=True)
class Address:
    """Where to look: path[@call][:element], with the method that is called."""

    path: str
    call: int = 0
    element: str | None = None
    method: str = "forward"

    @classmethod
    def parse(cls, text: str, method: str = "forward") -> Address:
        path, _, element = text.partition(":")
        path, _, call = path.partition("@")
        return cls(path, int(call or 0), element or None, method)


class Capture:
    """Keeps the submodule's value and hands a clone on, while entered."""

    def __init__(self, model: nn.Module, address: Address):
        self.module = model.get_submodule(address.path)
        self.address = address
        self.value: torch.Tensor | None = None
        self.calls = 0
        self._undo = None

    def __enter__(self) -> Capture:
        if self.module._forward_hooks:
            # A later hook sees the value after the hooks that the model came with.
            handle = self.module.register_forward_hook(lambda m, args, out: self._take(out))
            self._undo = handle.remove
            return self
        name = self.address.method
        original = getattr(self.module, name)
        setattr(self.module, name, lambda *args, **kw: self._take(original(*args, **kw)))
        self._undo = lambda: delattr(self.module, name)
        return self

    def __exit__(self, *exc: Any) -> None:
        self._undo()

    def _take(self, out: Any) -> Any:
        self.calls += 1
        if self.calls - 1 != self.address.call:
            return out
        if self.address.element is None:
            self.value = self._leaf(out)
            return self.value.clone()
        key = self.address.element
        if isinstance(out, dict):
            self.value = self._leaf(out[key])
            return {k: self.value.clone() if k == key else v for k, v in out.items()}
        index = int(key)
        self.value = self._leaf(out[index])
        return type(out)(self.value.clone() if i == index else v for i, v in enumerate(out))

    @staticmethod
    def _leaf(value: torch.Tensor) -> torch.Tensor:
        return value if value.requires_grad else value.requires_grad_()


def activation(model: nn.Module, path: str, x: torch.Tensor) -> torch.Tensor:
    """The value of a layer."""
    with torch.no_grad(), Capture(model, Address.parse(path)) as capture:
        model(x)
    return capture.value.detach()


def outputs_by_name(result: Any, prefix: str = "") -> dict[str, torch.Tensor]:
    """Flattens a model's result: "" for a lone tensor, "0", "out", "1.boxes"."""
    if isinstance(result, torch.Tensor):
        return {prefix: result if result.layout == torch.strided else result.to_dense()}
    if result is None:
        return {}
    items = result.items() if isinstance(result, dict) else enumerate(result)
    found: dict[str, torch.Tensor] = {}
    for key, value in items:
        found.update(outputs_by_name(value, f"{prefix}.{key}" if prefix else str(key)))
    return found


def one_hot(output: torch.Tensor, index: int | list[int]) -> torch.Tensor:
    """The cotangent of sum_n output[n, ..., index[n]]."""
    rows = [index] * output.shape[0] if isinstance(index, int) else index
    cotangent = torch.zeros_like(output)
    for row, column in enumerate(rows):
        cotangent[row, ..., column] = 1
    return cotangent


def activation_and_gradient(model, inputs, address: Address, cotangent_of):
    """Runs the model once and differentiates <cotangent_of(outputs), outputs>.

    cotangent_of takes the outputs by name and returns (name, cotangent). Returns
    (outputs by name, activation, gradient), all detached.
    """
    with Capture(model, address) as capture, torch.enable_grad():
        outputs = outputs_by_name(model(*inputs))
    if capture.value is None:
        raise LookupError(f"layer {address.path}: call {address.call} of {capture.calls} never happened")
    name, cotangent = cotangent_of({k: v.detach() for k, v in outputs.items()})
    (gradient,) = torch.autograd.grad(outputs[name], capture.value, cotangent)
    detached = {k: v.detach() for k, v in outputs.items()}
    return detached, capture.value.detach(), gradient.detach()
