"""pytorch-grad-cam's methods that run the network themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytorch_grad_cam as peer
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputReST, ClassifierOutputTarget

from . import cam, replay
from .capture import activation
from .case import GRADCAM, Book, Found
from .zoo import Layer


def modules(model, layers: tuple[Layer, ...]) -> list[torch.nn.Module]:
    return [model.get_submodule(layer.path) for layer in layers]


def reshape_of(layer: Layer) -> Callable | None:
    return None if layer.layout == "nchw" else lambda value: cam.spatial(value, layer.layout)


def run(cls, model, layers: tuple[Layer, ...], x, targets, **call) -> Found:
    """The class's raw maps and map, everything by the peer."""
    with cls(model, modules(model, layers), reshape_transform=reshape_of(layers[0])) as explainer:
        raw = replay.tapped(explainer)
        final = explainer(x.clone(), targets, **call)
    return Found([replay.tensor(r) for r in raw], replay.tensor(final))


def logits(targets: list[int]) -> list:
    return [ClassifierOutputTarget(t) for t in targets]


def finer(model, layers, x, targets: list[int], book: Book) -> None:
    """The peer takes the best class itself, so targets must be that."""

    def once(x):
        explainer = peer.FinerCAM(model, modules(model, layers), reshape_of(layers[0]))
        raw = replay.tapped(explainer.base_cam)
        with explainer:
            final = explainer(x.clone())
        return Found([replay.tensor(r) for r in raw], replay.tensor(final))

    book.compare("finercam", GRADCAM, once, x, targets, layers=layers)


def shapley(model, layers, x, targets: list[int], book: Book) -> None:
    """Of logit minus cross-entropy: a plain logit has no curvature behind ReLUs."""
    rest = [ClassifierOutputReST(t) for t in targets]
    names = [f"rest:{t}" for t in targets]
    book.compare("shapleycam", GRADCAM, lambda x: run(peer.ShapleyCAM, model, layers, x, rest), x, names, layers=layers)


def fullgrad(model, x, targets: list[int], book: Book) -> None:
    def once(x):
        with peer.FullGrad(model, []) as explainer:
            sums, original = [], explainer.compute_cam_per_layer
            explainer.compute_cam_per_layer = lambda *a: sums.append(original(*a)) or sums[-1]
            final = explainer(x.clone(), logits(targets))
        return Found([replay.tensor(sums[0][:, 0])], replay.tensor(final))

    reason = "freezing folds batch norms into convolutions, whose biases are others"
    folds = any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules())
    skip = {"frozen": reason} if folds else {}
    book.compare("fullgrad", GRADCAM, once, x, targets, skip=skip)


def score(model, layers, x, targets: list[int], book: Book) -> None:
    def once(x):
        return run(peer.ScoreCAM, model, layers, x, logits(targets))

    book.compare("scorecam", GRADCAM, once, x, targets, layers=layers, tolerance=1e-4)


def ablation(model, layers, x, targets: list[int], book: Book) -> None:
    """One channel a pass: with more the peer lowers the minimum again and again."""
    positive = all(float(row.min()) == 0 for row in activation(model, layers[0].path, x))
    cls = functools.partial(peer.AblationCAM, batch_size=32 if positive else 1)

    def once(x):
        return run(cls, model, layers, x, logits(targets))

    book.compare("ablationcam", GRADCAM, once, x, targets, layers=layers, tolerance=1e-4)


def refine(model, layers, x, targets: list[int], book: Book) -> None:
    """The product of finished maps; the map is all there is."""

    def once(x):
        explainer = peer.RefineCAM(model, modules(model, layers))
        final = explainer(x.clone(), logits(targets))
        for base in explainer.base_cam_per_layer:
            base.activations_and_grads.release()
        return Found([], replay.tensor(final))

    book.compare("refinecam", GRADCAM, once, x, targets, layers=layers)


def fused(model, layers, x, targets: list[int], book: Book) -> None:
    """Several layers: the mean of their maps. The peer lists them as they run."""

    def once(x):
        return run(peer.GradCAM, model, layers, x, logits(targets))

    book.compare("gradcam", GRADCAM, once, x, targets, layers=layers)


def smoothed(model, layers, x, targets: list[int], book: Book) -> None:
    """Test-time augmentation and eigen smoothing."""
    for cls, method in ((peer.GradCAM, "gradcam"), (peer.LayerCAM, "layercam")):
        for option in ("aug_smooth", "eigen_smooth"):

            def once(x, cls=cls, option=option):
                found = run(cls, model, layers, x, logits(targets), **{option: True})
                if option == "aug_smooth":
                    found.raw = []  # six of them, of augmented inputs
                return found

            sign = option == "eigen_smooth"
            book.compare(method, GRADCAM, once, x, targets, layers=layers, smoothing=option, sign=sign)
