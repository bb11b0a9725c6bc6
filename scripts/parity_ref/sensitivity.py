"""How far a gradient moves when its activation is rounded differently.

A gradient through ReLUs and max-pools jumps where an input is within rounding
error of zero or of another maximum. Two correct float32 computations then differ
by whole terms, however good they are. So the reference measures itself: the
activation is moved by rounding error, and what happens to gradient and maps in
eager Python is what no comparison in float32 can be better than.
"""

from __future__ import annotations

import torch

from parity_ref import cam
from parity_ref.capture import Address, Capture, outputs_by_name

# Folding a batch norm into a convolution moves activations of the zoo by up to
# 5e-6 of their largest value. What that does to a map in eager Python is what no
# comparison with a folded network can be better than.
ROUNDING = 5e-6
SEEDS = 2


def moved(value: torch.Tensor, seed: int) -> torch.Tensor:
    """The value off by rounding error."""
    noise = torch.rand(value.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return value + noise * ROUNDING * value.abs().max()


class Moved(Capture):
    """Captures a value moved by rounding error, and lets the network go on with it."""

    def __init__(self, model, address: Address, seed: int):
        super().__init__(model, address)
        self.seed = seed

    def _leaf(self, value):
        return moved(value.detach(), self.seed).requires_grad_()


def gradients(model, x, address: Address, cotangents: list[torch.Tensor], seed: int) -> list[torch.Tensor]:
    with Moved(model, address, seed) as capture, torch.enable_grad():
        output = outputs_by_name(model(x))[""]
    return [torch.autograd.grad(output, capture.value, c, retain_graph=True)[0] for c in cotangents]


def measure(
    model, layer, x, cotangents: dict[str, torch.Tensor], arrays: dict[str, torch.Tensor], seed_scale: float
) -> dict[str, float]:
    """Largest movement by stage, relative as the comparison is: to the largest
    value, for the seed recipe to seed_scale."""
    address, size = Address.parse(layer.path), tuple(x.shape[2:])
    worst: dict[str, float] = {}

    def note(stage: str, moved: torch.Tensor, scale: float) -> None:
        worst[stage] = max(worst.get(stage, 0.0), float((moved - arrays[stage]).abs().max()) / scale)

    a = cam.spatial(arrays["activation"], layer.layout)
    for seed in range(SEEDS):
        moved = dict(zip(cotangents, gradients(model, x, address, list(cotangents.values()), seed), strict=True))
        note("gradient", moved["logit"], float(arrays["gradient"].abs().max()))
        raw = cam.gradcam(a, cam.spatial(moved["logit"], layer.layout))
        note("raw", raw, float(arrays["raw"].abs().max()))
        note("map", cam.normalised_map(raw, size), 1.0)
        raw = cam.elementwise(a, cam.spatial(moved["softmax"], layer.layout))
        note("seed_raw", raw, seed_scale)
        note("seed_map", cam.plain_map(raw, size), seed_scale)
    return worst
