"""The peers' methods by our names, prepared to be timed: hooks are put on outside
the clock, and what is timed is what one calls for each image."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import captum.attr
import pytorch_grad_cam
import torch
import torchcam.methods
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection
from torch import nn

GRAD_CAM = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
    "xgradcam": pytorch_grad_cam.XGradCAM,
    "layercam": pytorch_grad_cam.LayerCAM,
    "elementwise": pytorch_grad_cam.GradCAMElementWise,
    "eigengradcam": pytorch_grad_cam.EigenGradCAM,
    "segeigencam": pytorch_grad_cam.SegEigenCAM,
    "fullgrad": pytorch_grad_cam.FullGrad,
    "shapleycam": pytorch_grad_cam.ShapleyCAM,
    "finercam": pytorch_grad_cam.FinerCAM,
    "eigencam": pytorch_grad_cam.EigenCAM,
    "kpcacam": pytorch_grad_cam.KPCA_CAM,
    "fem": pytorch_grad_cam.FEM,
    "randomcam": pytorch_grad_cam.RandomCAM,
    "ablationcam": pytorch_grad_cam.AblationCAM,
    "scorecam": pytorch_grad_cam.ScoreCAM,
}
TORCH_CAM = {
    "gradcam": torchcam.methods.GradCAM,
    "gradcam++": torchcam.methods.GradCAMpp,
    "xgradcam": torchcam.methods.XGradCAM,
    "layercam": torchcam.methods.LayerCAM,
    "smoothgradcam++": torchcam.methods.SmoothGradCAMpp,
    "scorecam": torchcam.methods.ScoreCAM,
}
BY_INPUT = {
    "saliency": captum.attr.Saliency,
    "inputxgradient": captum.attr.InputXGradient,
    "integrated-gradients": captum.attr.IntegratedGradients,
    "guided-backprop": captum.attr.GuidedBackprop,
    "deconvnet": captum.attr.Deconvolution,
}


@dataclasses.dataclass(frozen=True)
class Call:
    """hooked yields what is timed; value takes out of its result what is compared."""

    hooked: Callable[[], contextlib.AbstractContextManager[Callable[[], object]]]
    value: Callable[[object], object]


def plain(call: Callable[[], object], value: Callable[[object], object] = lambda y: y) -> Call:
    """A call without hooks."""
    return Call(lambda: contextlib.nullcontext(call), value)


def prepare(what: str, method: str, model: nn.Module, layer: str, x: torch.Tensor, targets: list[int]) -> Call:
    module = model.get_submodule(layer)
    if what == "pytorch_grad_cam":
        return grad_cam(GRAD_CAM[method], model, module, x, targets)
    if what == "torch_cam":
        return torch_cam(TORCH_CAM[method], model, module, x, targets)
    if what == "captum" and method == "gradcam":
        explainer = captum.attr.LayerGradCam(model, module)
        return plain(lambda: explainer.attribute(x, target=targets))
    if what == "captum":
        explainer = BY_INPUT[method](model)
        return plain(lambda: explainer.attribute(x, target=targets))
    if what == "projection":
        activation = activation_of(model, module, x)
        return plain(lambda: get_2d_projection(activation))
    raise ValueError(f"what {what!r}: see the head of bench_peers.py")


def grad_cam(method, model, module, x, targets) -> Call:
    """With the method's defaults. FinerCAM chooses its class itself."""
    classes = None if method is pytorch_grad_cam.FinerCAM else [ClassifierOutputTarget(t) for t in targets]

    @contextlib.contextmanager
    def hooked() -> Iterator[Callable[[], object]]:
        with method(model, [module]) as explainer:
            yield lambda: explainer(input_tensor=x, targets=classes)

    return Call(hooked, lambda maps: maps)


def torch_cam(method, model, module, x, targets) -> Call:
    @contextlib.contextmanager
    def hooked() -> Iterator[Callable[[], object]]:
        with method(model, target_layer=module) as explainer:
            yield lambda: explainer(targets, model(x))

    return Call(hooked, lambda maps: maps[0])


def activation_of(model, module, x):
    kept = []
    handle = module.register_forward_hook(lambda _module, _inputs, value: kept.append(value))
    with torch.no_grad():
        model(x)
    handle.remove()
    return kept[0].numpy()
