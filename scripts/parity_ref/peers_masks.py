"""Captum's attributions by changed copies of the input."""

from __future__ import annotations

import contextlib

import captum.attr as peer
import torch

from . import draws
from .case import CAPTUM, Book, Found


def blocks(x: torch.Tensor, rows: int = 3, columns: int = 4) -> torch.Tensor:
    """Superpixels: (H, W) of numbers from 0, the same for every channel."""
    height, width = x.shape[2:]
    row = torch.arange(height) * rows // height
    column = torch.arange(width) * columns // width
    return row[:, None] * columns + column[None]


def occlusion(model, x, targets: list[int], book: Book, window: tuple[int, int], stride: tuple[int, int]) -> None:
    """All channels together, as a photograph is occluded, from a grey of 0.1."""
    method, channels = peer.Occlusion(model), x.shape[1]
    windows = {"sliding_window_shapes": (channels, *window), "strides": (channels, *stride)}

    def once(x):
        return Found([method.attribute(x, target=targets, baselines=0.1, perturbations_per_eval=8, **windows)])

    options = {"Window": [channels, *window], "Stride": [channels, *stride], "Baseline": {"Value": 0.1}}
    book.compare("occlusion", CAPTUM, once, x, targets, options=options)


def by_blocks(name: str, method, x, targets: list[int], book: Book, options: dict, draw=None, **call) -> None:
    """Superpixels by any method of the peer. draw() says which of the peer's random
    calls to replace, and what the Go side will be asked for in their place."""
    mask = blocks(x)

    def once(x):
        patch, drawn = draw() if draw else (contextlib.nullcontext(), dict)
        with patch:
            value = method.attribute(x, target=targets, feature_mask=mask[None, None], **call)
        return Found([value], draws=drawn())

    book.compare(name, CAPTUM, once, x, targets, options=options, arrays={"mask": mask})


def ablation(model, x, targets: list[int], book: Book) -> None:
    options = {"Baseline": {"Value": 0.1}}
    by_blocks("feature-ablation", peer.FeatureAblation(model), x, targets, book, options, baselines=0.1)


def shapley(model, x, targets: list[int], book: Book, samples: int = 25) -> None:
    """One permutation a sample of the estimate, the same for all images."""
    method = peer.ShapleyValueSampling(model)

    def draw():
        recorder = draws.Recorder()
        method.permutation_generator = lambda total, n: (recorder.permutation(total) for _ in range(n))
        return contextlib.nullcontext(), lambda: {"permutation": recorder.all().unsqueeze(1)}

    call = {"n_samples": samples, "perturbations_per_eval": 4}
    by_blocks("shapley-sampling", method, x, targets, book, {"Samples": samples}, draw, **call)


def surrogates(model, x, targets: list[int], book: Book) -> None:
    """A linear model a sample: KernelSHAP's least squares and LIME's lasso."""
    kernel_shap(model, x, targets, book)
    lime(model, x, targets, book)


def kernel_shap(model, x, targets: list[int], book: Book, samples: int = 40) -> None:
    """Subset i, from 2: uniform draw 2i chooses how many features are on, normal
    draw 2i+1 which."""

    def draw():
        size, which = draws.Recorder(1), draws.Recorder(2)
        patches = contextlib.ExitStack()
        patches.enter_context(draws.categorical(size))
        patches.enter_context(draws.torch_randn(which))
        return patches, lambda: {
            "uniform": every_other(by_example(size.all(), len(x)), 4),
            "normal": every_other(by_example(which.all(), len(x)), 5),
        }

    call = {"n_samples": samples, "perturbations_per_eval": 8}
    by_blocks("kernelshap", peer.KernelShap(model), x, targets, book, {"Samples": samples}, draw, **call)


def lime(model, x, targets: list[int], book: Book, samples: int = 50) -> None:
    """A feature is on where a uniform number is below a half."""

    def draw():
        recorder = draws.Recorder()
        return draws.torch_bernoulli(recorder), lambda: {"uniform": by_example(recorder.all(), len(x))}

    call = {"n_samples": samples, "perturbations_per_eval": 8}
    by_blocks("lime", peer.Lime(model), x, targets, book, {"Samples": samples}, draw, **call)


def by_example(calls: torch.Tensor, examples: int) -> torch.Tensor:
    """The peer explains one example after another -> (draws, examples, values)."""
    return calls.reshape(examples, -1, calls[0].numel()).transpose(0, 1).contiguous()


def every_other(numbers: torch.Tensor, first: int) -> torch.Tensor:
    """Draws at first, first + 2 and so on; no others are asked for."""
    spread = torch.zeros(first + 2 * len(numbers), *numbers.shape[1:])
    spread[first::2] = numbers
    return spread
