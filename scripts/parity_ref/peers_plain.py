"""Methods without a peer, transcribed from their papers: RISE and ReciproCAM."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from . import draws
from .capture import Address, Capture, activation
from .case import PLAIN, Book, Found
from .zoo import Layer


def tail(model, layer: Layer, x, values: torch.Tensor) -> torch.Tensor:
    """The outputs when the layer returns other values, row by row."""

    class Replaced(Capture):
        def _take(self, out):
            return values

    with torch.no_grad(), Replaced(model, Address.parse(layer.path)):
        return model(x.expand(len(values), *x.shape[1:]))


def reciprocam(model, layer: Layer, x, targets: list[int], book: Book) -> None:
    """The class's probability when one place of the layer is left, alone or spread
    over its neighbours by a Gaussian (Byun and Lee 2022, arXiv:2209.14074)."""
    for gaussian in (False, True):

        def once(x, gaussian=gaussian):
            rows = [positions(model, layer, x[n : n + 1], t, gaussian) for n, t in enumerate(targets)]
            return Found([torch.stack(rows)])

        book.compare("reciprocam", PLAIN, once, x, targets, layers=(layer,), options={"Gaussian": gaussian})


def positions(model, layer: Layer, x, target: int, gaussian: bool) -> torch.Tensor:
    a = activation(model, layer.path, x)
    _, channels, height, width = a.shape
    weights = torch.tensor([0.25, 0.5, 0.25]) if gaussian else torch.tensor([0.0, 1.0, 0.0])
    kernel = weights[:, None] * weights[None]
    scores = torch.zeros(height, width)
    for i in range(height):
        rows = torch.zeros(width, channels, height + 2, width + 2)
        for j in range(width):
            rows[j, :, i : i + 3, j : j + 3] = a[0, :, i, j][:, None, None] * kernel
        y = tail(model, layer, x, rows[:, :, 1:-1, 1:-1].contiguous())
        scores[i] = y.softmax(-1)[:, target]
    return scores


def rise(model, x, targets: list[int], book: Book, samples: int = 60, cells: int = 7, p: float = 0.5) -> None:
    """Masks weighted by the class's probability seen through them (Petsiuk et al.
    2018, arXiv:1806.07421), over the sum of the masks, as xplique has it."""
    recorder = draws.Recorder()
    masks = [mask_of(recorder.uniform((cells * cells + 2,)), x.shape[2:], cells, p) for _ in range(samples)]
    masks, drawn = torch.stack(masks), {"uniform": recorder.all().unsqueeze(1)}

    def once(x):
        rows = []
        for n, target in enumerate(targets):
            with torch.no_grad():
                scores = model(x[n : n + 1] * masks[:, None]).softmax(-1)[:, target]
            weighted = (scores.double()[:, None, None] * masks.double()).sum(0)
            rows.append(weighted / (masks.double().sum(0) + 1e-4))
        return Found([torch.stack(rows).float()], draws=drawn)

    book.compare("rise", PLAIN, once, x, targets, options={"Masks": samples})


def mask_of(u: torch.Tensor, size, cells: int, p: float) -> torch.Tensor:
    """The grid by rows, then how far the crop is from the top and from the left."""
    height, width = size
    tall, wide = height + height // cells, width + width // cells
    grid = (u[:-2].reshape(1, 1, cells, cells) < p).float()
    large = F.interpolate(grid, (tall, wide), mode="bilinear", align_corners=False)[0, 0]
    top, left = int(float(u[-2]) * (tall - height + 1)), int(float(u[-1]) * (wide - width + 1))
    return large[top : top + height, left : left + width]
