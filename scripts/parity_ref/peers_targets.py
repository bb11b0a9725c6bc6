"""Targets: value and gradient by torch autograd, as Grad-CAM of one layer shows them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from pytorch_grad_cam.utils import model_targets as peer

from . import cam
from .capture import Address, Capture
from .case import GRADCAM, Book, Found
from .zoo import Layer

AUTOGRAD = "torch autograd"


def case(
    model, layer: Layer, x, name: str, oracle: str, targets: list[str], score: Callable, book: Book, **more
) -> None:
    """score(outputs, sample) is a scalar tensor."""

    def once(x):
        with Capture(model, Address.parse(layer.path)) as capture, torch.enable_grad():
            outputs = model(x)
        scores = torch.stack([score(outputs, n).reshape(()) for n in range(len(x))])
        (g,) = torch.autograd.grad(scores.sum(), capture.value)
        return Found([cam.gradcam(capture.value.detach(), g)], score=scores.detach())

    book.compare("gradcam", oracle, once, x, targets, layers=(layer,), label=f"target {name}", **more)


def classes(model, layer: Layer, x, targets: list[int], book: Book) -> None:
    """Targets of class scores. The peer has four of them."""
    others = [(t + 3) % 10 for t in targets]
    known = {
        "logit": ("{}", peer.ClassifierOutputTarget),
        "probability": ("prob:{}", peer.ClassifierOutputSoftmaxTarget),
        "logit minus cross-entropy": ("rest:{}", peer.ClassifierOutputReST),
    }
    for name, (text, cls) in known.items():
        names = [text.format(t) for t in targets]
        case(model, layer, x, name, GRADCAM, names, lambda y, n, cls=cls: cls(targets[n])(y[n]), book)
    formulas = {
        "log-probability": ("logprob:{0}", lambda y, n: y[n].log_softmax(0)[targets[n]]),
        "margin": ("margin:{0}-{1}", lambda y, n: y[n, targets[n]] - y[n, others[n]]),
        "negative": ("neg:{0}", lambda y, n: -y[n, targets[n]]),
    }
    for name, (text, score) in formulas.items():
        names = [text.format(*pair) for pair in zip(targets, others, strict=True)]
        case(model, layer, x, name, AUTOGRAD, names, score, book)


def embeddings(model, layer: Layer, x, book: Book) -> None:
    """How alike the output is to that of another image."""
    with torch.no_grad():
        reference = model(x.flip(3, 2)).mean(0)
    alike = {
        "similar": lambda y, n: torch.cosine_similarity(y[n], reference, 0),
        "dot": lambda y, n: y[n] @ reference,
    }
    names = {"similar": "embedding similarity", "dot": "embedding dot product"}
    for kind, score in alike.items():
        arrays = {"reference": reference}
        case(model, layer, x, names[kind], AUTOGRAD, [kind] * len(x), score, book, arrays=arrays)


def segmentation(model, layer: Layer, x, book: Book) -> None:
    mask = np.zeros(x.shape[2:], np.float32)
    mask[5:17, 8:30] = 1
    target = peer.SemanticSegmentationTarget(2, mask)
    case(
        model,
        layer,
        x,
        "segmentation mask",
        GRADCAM,
        ["mask:2"] * len(x),
        lambda y, n: target(y[n]),
        book,
        arrays={"segment": torch.from_numpy(mask)},
    )
    position = 7 * x.shape[3] + 11
    names = [f"anchor:{position}:2"] * len(x)
    case(model, layer, x, "one position", AUTOGRAD, names, lambda y, n: y[n, 2, 7, 11], book)


def single(model, layer: Layer, x, book: Book) -> None:
    for category in (1, 0):
        target = peer.BinaryClassifierOutputTarget(category)
        names = [f"binary:{category}"] * len(x)
        case(model, layer, x, "binary", GRADCAM, names, lambda y, n, target=target: target(y[n]), book)
    target = peer.RawScoresOutputTarget()
    case(model, layer, x, "raw output", GRADCAM, ["raw"] * len(x), lambda y, n: target(y[n]), book)


def detection(model, layer: Layer, x, book: Book) -> None:
    """Two boxes near ones that are found, one far from all."""
    with torch.no_grad():
        found = model(x)
    names, targets = [], []
    for n in range(len(x)):
        boxes = found["boxes"][n, :2] + torch.tensor([0.5, -0.25, 1.0, 0.75])
        boxes = torch.cat([boxes, torch.tensor([[20.0, 20, 24, 24]])]).double().numpy().round(3)
        labels = [*found["labels"][n, :2].tolist(), 1]
        texts = [",".join(f"{edge:g}" for edge in box) + f",{label}" for box, label in zip(boxes, labels, strict=True)]
        names.append("box:" + ";".join(texts))
        targets.append(peer.FasterRCNNBoxScoreTarget(labels, boxes))

    def score(y, n):
        return targets[n]({key: value[n] for key, value in y.items()})

    case(model, layer, x, "detection boxes", GRADCAM, names, score, book)
