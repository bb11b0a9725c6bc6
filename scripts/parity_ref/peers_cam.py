"""The CAM family by pytorch-grad-cam, over the whole zoo."""

from __future__ import annotations

import pytorch_grad_cam as peer
import torch

from . import cam, draws, replay
from .capture import Address, activation_and_gradient, one_hot
from .case import GRADCAM, SEEDS, Book, Case, classes, measure
from .sensitivity import Moved
from .zoo import Layer

# Kernel PCA has an N x N matrix for N positions, and the SVDs of large layers
# take a minute.
POSITIONS = 28 * 28
# A sum this small beside its terms has few digits left.
CANCELS = 0.02


def captured(model, layer: Layer, x, targets) -> tuple[torch.Tensor, torch.Tensor, list]:
    """A, G and the same moved by rounding error, (N, C, h, w)."""
    address = Address.parse(layer.path)
    outputs, a, g = activation_and_gradient(model, (x,), address, lambda y: ("", one_hot(y[""], targets)))
    cotangent = one_hot(outputs[""], targets)
    others = []
    for seed in range(SEEDS):
        with Moved(model, address, seed) as capture, torch.enable_grad():
            y = model(x)
        (moved_g,) = torch.autograd.grad(y, capture.value, cotangent)
        others.append((cam.spatial(capture.value.detach(), layer.layout), cam.spatial(moved_g, layer.layout)))
    return cam.spatial(a, layer.layout), cam.spatial(g, layer.layout), others


def layer_cases(model, layer: Layer, x, targets: list[int], book: Book) -> None:
    """Every formula of one activation and gradient, in double precision.

    Where channels are negative in sum the denominators of Grad-CAM++ and XGradCAM
    come close to zero, and the peer's float32 then loses up to 3 % itself.
    """
    a, g, others = captured(model, layer, x, targets)
    wide_a, wide_g = a.double(), g.double()
    formulas = dict(replay.CHEAP)
    if 2 < a.shape[2] and a.shape[2] * a.shape[3] <= POSITIONS:
        formulas |= replay.EIGEN
    for method, (cls, sign) in formulas.items():
        found = replay.run(cls, [wide_a], [wide_g], x)
        if not all(value.any() for value in found.arrays().values()):
            continue  # the blank maps of negative sums prove nothing
        scale = terms(method, a, g)
        if scale and float(found.raw[0].abs().max()) < CANCELS * scale:
            found.map = None
            place = f"{book.name} {layer.path}"
            book.reason(method, GRADCAM, "the terms cancel, so that the map is a picture of rounding", place)
        elsewhere = [replay.run(cls, [oa], [og], x) for oa, og in others]
        book.add(
            Case(
                method,
                GRADCAM,
                x,
                classes(targets),
                found,
                (layer,),
                sensitivity=measure(found, elsewhere, sign),
                sign=sign,
                scale=scale,
            )
        )
    if len(x) == 1:
        random_case(a, g, x, targets, layer, book)


def terms(method: str, a, g) -> float | None:
    """The size of what a formula sums, where the terms cancel."""
    return float((a * g).abs().sum(1).max()) if method == "hirescam" else None


def random_case(a, g, x, targets, layer: Layer, book: Book) -> None:
    recorder = draws.Recorder()
    with draws.numpy_uniform(recorder):
        found = replay.run(peer.RandomCAM, [a], [g], x)
    found.draws = {"uniform": recorder.all()}
    if not found.map.any():
        found.map = None  # every sum happens to be negative
    book.add(
        Case(
            "randomcam",
            GRADCAM,
            x,
            classes(targets),
            found,
            (layer,),
            sensitivity=measure(found, []),
        )
    )
