"""Captum's attributions by changed copies of the input."""

from __future__ import annotations

import contextlib

import captum.attr as peer
import torch

from . import draws
from .case import CAPTUM, Book, Case, Found, classes, watched


def blocks(x: torch.Tensor, rows: int = 3, columns: int = 4) -> torch.Tensor:
    """Superpixels: (H, W) of numbers from 0, the same for every channel."""
    height, width = x.shape[2:]
    row = torch.arange(height) * rows // height
    column = torch.arange(width) * columns // width
    return row[:, None] * columns + column[None]


def occlusion(model, x, targets: list[int], book: Book, window: tuple[int, int], stride: tuple[int, int]) -> None:
    """All channels together, as a photograph is occluded, from a grey of 0.1."""
    method, channels = peer.Occlusion(model), x.shape[1]

    def once(x):
        return method.attribute(
            x,
            sliding_window_shapes=(channels, *window),
            strides=(channels, *stride),
            target=targets,
            baselines=0.1,
            perturbations_per_eval=8,
        )

    found, sensitivity = watched(lambda x: Found([once(x)]), x)
    options = {
        "Window": [channels, *window],
        "Stride": [channels, *stride],
        "Baseline": {"Value": 0.1},
    }
    book.add(Case("occlusion", CAPTUM, x, classes(targets), found, options=options, sensitivity=sensitivity))


def ablation(model, x, targets: list[int], book: Book) -> None:
    method, mask = peer.FeatureAblation(model), blocks(x)
    found, sensitivity = watched(
        lambda x: Found([method.attribute(x, target=targets, feature_mask=mask[None, None], baselines=0.1)]), x
    )
    book.add(
        Case(
            "feature-ablation",
            CAPTUM,
            x,
            classes(targets),
            found,
            options={"Baseline": {"Value": 0.1}},
            arrays={"mask": mask},
            sensitivity=sensitivity,
        )
    )


def shapley(model, x, targets: list[int], book: Book, samples: int = 25) -> None:
    """One permutation a sample of the estimate, the same for all images."""
    method, mask = peer.ShapleyValueSampling(model), blocks(x)
    recorders = []

    def once(x):
        recorders.append(draws.Recorder())
        method.permutation_generator = lambda total, n: (recorders[-1].permutation(total) for _ in range(n))
        return method.attribute(
            x, target=targets, feature_mask=mask[None, None], n_samples=samples, perturbations_per_eval=4
        )

    found, sensitivity = watched(lambda x: Found([once(x)]), x)
    book.add(
        Case(
            "shapley-sampling",
            CAPTUM,
            x,
            classes(targets),
            found,
            options={"Samples": samples},
            draws={"permutation": recorders[0].all().unsqueeze(1)},
            arrays={"mask": mask},
            sensitivity=sensitivity,
        )
    )


def surrogates(model, x, targets: list[int], book: Book) -> None:
    """A linear model a sample: KernelSHAP's least squares and LIME's lasso."""
    kernel_shap(model, x, targets, book)
    lime(model, x, targets, book)


def kernel_shap(model, x, targets: list[int], book: Book, samples: int = 40) -> None:
    """Subset i, from 2: uniform draw 2i chooses how many features are on, normal
    draw 2i+1 which."""
    method, mask = peer.KernelShap(model), blocks(x)
    recorders = []

    def once(x):
        recorders.append((draws.Recorder(1), draws.Recorder(2)))
        with contextlib.ExitStack() as stack:
            stack.enter_context(draws.categorical(recorders[-1][0]))
            stack.enter_context(draws.torch_randn(recorders[-1][1]))
            return method.attribute(
                x, target=targets, feature_mask=mask[None, None], n_samples=samples, perturbations_per_eval=8
            )

    found, sensitivity = watched(lambda x: Found([once(x)]), x)
    uniform, normal = (by_example(r.all(), len(x)) for r in recorders[0])
    uniform, normal = every_other(uniform, 4), every_other(normal, 5)
    book.add(
        Case(
            "kernelshap",
            CAPTUM,
            x,
            classes(targets),
            found,
            options={"Samples": samples},
            draws={"uniform": uniform, "normal": normal},
            arrays={"mask": mask},
            sensitivity=sensitivity,
        )
    )


def lime(model, x, targets: list[int], book: Book, samples: int = 50) -> None:
    """A feature is on where a uniform number is below a half."""
    method, mask = peer.Lime(model), blocks(x)
    recorders = []

    def once(x):
        recorders.append(draws.Recorder())
        with draws.torch_bernoulli(recorders[-1]):
            return method.attribute(
                x, target=targets, feature_mask=mask[None, None], n_samples=samples, perturbations_per_eval=8
            )

    found, sensitivity = watched(lambda x: Found([once(x)]), x)
    book.add(
        Case(
            "lime",
            CAPTUM,
            x,
            classes(targets),
            found,
            options={"Samples": samples},
            draws={"uniform": by_example(recorders[0].all(), len(x))},
            arrays={"mask": mask},
            sensitivity=sensitivity,
        )
    )


def by_example(calls: torch.Tensor, examples: int) -> torch.Tensor:
    """The peer explains one example after another -> (draws, examples, values)."""
    return calls.reshape(examples, -1, calls[0].numel()).transpose(0, 1).contiguous()


def every_other(numbers: torch.Tensor, first: int) -> torch.Tensor:
    """Draws at first, first + 2 and so on; no others are asked for."""
    spread = torch.zeros(first + 2 * len(numbers), *numbers.shape[1:])
    spread[first::2] = numbers
    return spread
