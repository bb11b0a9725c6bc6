"""Guided backprop and deconvnet through every rectifier, functional ones too.

Captum sees nn.ReLU modules alone. Here F.relu and F.hardtanh, which ReLU6 calls,
are replaced by functions with the rule's gradient.
"""

from __future__ import annotations

import contextlib
from unittest import mock

import torch
import torch.nn.functional as F

from .capture import one_hot
from .case import PLAIN, Book, Found


class Rectify(torch.autograd.Function):
    """max(x, 0), up to a cap, whose gradient lets positive values pass; guided:
    only where x is between 0 and the cap."""

    @staticmethod
    def forward(ctx, x, cap: float, guided: bool):
        ctx.save_for_backward((x > 0) & (x < cap))
        ctx.guided = guided
        return x.clamp(0, cap)

    @staticmethod
    def backward(ctx, gradient):
        (is_open,) = ctx.saved_tensors
        gradient = gradient.clamp(min=0)
        return (gradient * is_open if ctx.guided else gradient), None, None


@contextlib.contextmanager
def rule(guided: bool):
    def relu(x, inplace=False):
        return Rectify.apply(x, float("inf"), guided)

    def hardtanh(x, low, high, inplace=False):
        assert low == 0, "no rectifier"
        return Rectify.apply(x, high, guided)

    with mock.patch.object(F, "relu", relu), mock.patch.object(F, "hardtanh", hardtanh):
        yield


def rules(model, x, targets: list[int], book: Book) -> None:
    for method, guided in (("guided-backprop", True), ("deconvnet", False)):

        def once(x, guided=guided):
            x = x.clone().requires_grad_()
            with rule(guided), torch.enable_grad():
                y = model(x)
            (gradient,) = torch.autograd.grad(y, x, one_hot(y, targets))
            return Found([gradient])

        book.compare(method, PLAIN, once, x, targets)
