"""pytorch-grad-cam's methods that run the network themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytorch_grad_cam as peer
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputReST, ClassifierOutputTarget

from . import cam, replay
from .case import GRADCAM, Book, Case, Found, classes, watched
from .zoo import Layer


def modules(model, layers: tuple[Layer, ...]) -> list[torch.nn.Module]:
    return [model.get_submodule(layer.path) for layer in layers]


def reshape_of(layer: Layer) -> Callable | None:
    return None if layer.layout == "nchw" else lambda value: cam.spatial(value, layer.layout)


def run(cls, model, layers: tuple[Layer, ...], x, targets, **call) -> Found:
    """The class's raw maps and map, everything by the peer."""
    options = {k: call.pop(k) for k in ("batch_size",) if k in call}
    with cls(model, modules(model, layers), reshape_transform=reshape_of(layers[0]), **options) as explainer:
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

    found, sensitivity = watched(once, x)
    book.add(Case("finercam", GRADCAM, x, classes(targets), found, layers, sensitivity=sensitivity))


def shapley(model, layers, x, targets: list[int], book: Book) -> None:
    """Of logit minus cross-entropy: a plain logit has no curvature behind ReLUs."""
    rest = [ClassifierOutputReST(t) for t in targets]
    found, sensitivity = watched(lambda x: run(peer.ShapleyCAM, model, layers, x, rest), x)
    names = [f"rest:{t}" for t in targets]
    book.add(Case("shapleycam", GRADCAM, x, names, found, layers, sensitivity=sensitivity))


def fullgrad(model, x, targets: list[int], book: Book) -> None:
    def once(x):
        with peer.FullGrad(model, []) as explainer:
            sums, original = [], explainer.compute_cam_per_layer
            explainer.compute_cam_per_layer = lambda *a: sums.append(original(*a)) or sums[-1]
            final = explainer(x.clone(), logits(targets))
        return Found([replay.tensor(sums[0][:, 0])], replay.tensor(final))

    found, sensitivity = watched(once, x)
    reason = "freezing folds batch norms into convolutions, whose biases are others"
    folds = any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules())
    skip = {"frozen": reason} if folds else {}
    book.add(Case("fullgrad", GRADCAM, x, classes(targets), found, sensitivity=sensitivity, skip=skip))


def score(model, layers, x, targets: list[int], book: Book) -> None:
    found, sensitivity = watched(lambda x: run(peer.ScoreCAM, model, layers, x, logits(targets)), x)
    book.add(Case("scorecam", GRADCAM, x, classes(targets), found, layers, sensitivity=sensitivity, tolerance=1e-4))


def ablation(model, layers, x, targets: list[int], book: Book) -> None:
    """One channel a pass: with more the peer lowers the minimum again and again."""

    def once(x):
        return run(peer.AblationCAM, model, layers, x, logits(targets), batch_size=32 if positive else 1)

    with torch.no_grad():
        kept = []
        handle = modules(model, layers)[0].register_forward_hook(lambda m, args, out: kept.append(out.clone()))
        model(x)
        handle.remove()
    positive = all(float(row.min()) == 0 for row in kept[0])
    found, sensitivity = watched(once, x)
    book.add(Case("ablationcam", GRADCAM, x, classes(targets), found, layers, sensitivity=sensitivity, tolerance=1e-4))


def refine(model, layers, x, targets: list[int], book: Book) -> None:
    """The product of finished maps; the map is all there is."""

    def once(x):
        explainer = peer.RefineCAM(model, modules(model, layers))
        final = explainer(x.clone(), logits(targets))
        for base in explainer.base_cam_per_layer:
            base.activations_and_grads.release()
        return Found([], replay.tensor(final))

    found, sensitivity = watched(once, x)
    book.add(Case("refinecam", GRADCAM, x, classes(targets), found, layers, sensitivity=sensitivity))


def fused(model, layers, x, targets: list[int], book: Book) -> None:
    """Several layers: the mean of their maps. The peer lists them as they run."""
    found, sensitivity = watched(lambda x: run(peer.GradCAM, model, layers, x, logits(targets)), x)
    book.add(Case("gradcam", GRADCAM, x, classes(targets), found, layers, sensitivity=sensitivity))


def smoothed(model, layers, x, targets: list[int], book: Book) -> None:
    """Test-time augmentation and eigen smoothing."""
    for cls, method in ((peer.GradCAM, "gradcam"), (peer.LayerCAM, "layercam")):
        for option in ("aug_smooth", "eigen_smooth"):
            kw = {option: True}
            found, sensitivity = watched(
                lambda x, cls=cls, kw=kw: run(cls, model, layers, x, logits(targets), **kw), x, sign=True
            )
            if option == "aug_smooth":
                found.raw = []  # six of them, of augmented inputs
            book.add(
                Case(
                    method,
                    GRADCAM,
                    x,
                    classes(targets),
                    found,
                    layers,
                    smoothing=option,
                    sensitivity=sensitivity,
                    sign=option == "eigen_smooth",
                )
            )
