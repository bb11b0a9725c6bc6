"""A peer's whole way from layer to map, layers that are overwritten included."""

from __future__ import annotations

import torch
from captum.attr import LayerAttribution, LayerGradCam
from pytorch_grad_cam import GradCAM, HiResCAM
from torchcam import methods as torchcam

from .case import CAPTUM, GRADCAM, TORCHCAM, Book, Found
from .peers_live import logits
from .peers_live import run as gradcam_run
from .zoo import Layer


def layers(model, chosen: tuple[Layer, ...], x, targets: list[int], book: Book) -> None:
    for layer in chosen:
        for cls, method in ((GradCAM, "gradcam"), (HiResCAM, "hirescam")):
            add(
                method,
                GRADCAM,
                lambda x, cls=cls, layer=layer: gradcam_run(cls, model, (layer,), x, logits(targets)),
                x,
                targets,
                (layer,),
                book,
            )
        add("gradcam", CAPTUM, lambda x, layer=layer: captum(model, layer, x, targets), x, targets, (layer,), book)
        for cls, method in ((torchcam.GradCAM, "gradcam"), (torchcam.LayerCAM, "layercam")):
            add(
                method,
                TORCHCAM,
                lambda x, cls=cls, layer=layer: torch_cam(cls, model, (layer,), x, targets),
                x,
                targets,
                (layer,),
                book,
            )


def several(model, chosen: tuple[Layer, ...], x, targets: list[int], book: Book) -> None:
    """The maximum over layers; LayerCAM's maps go through a tanh before."""
    for cls, method in ((torchcam.GradCAM, "gradcam"), (torchcam.LayerCAM, "layercam")):
        add(method, TORCHCAM, lambda x, cls=cls: torch_cam(cls, model, chosen, x, targets), x, targets, chosen, book)


def add(method: str, oracle: str, once, x, targets, chosen: tuple[Layer, ...], book: Book) -> None:
    peer = oracle.split()[0]
    label = f"{method}, --compat {peer}"
    book.compare(method, oracle, once, x, targets, layers=chosen, compat=peer, label=label)


def captum(model, layer: Layer, x, targets: list[int]) -> Found:
    raw = LayerGradCam(model, model.get_submodule(layer.path)).attribute(x.clone(), target=targets).detach()
    return Found([raw.squeeze(1)], LayerAttribution.interpolate(raw, tuple(x.shape[2:])).squeeze(1))


def torch_cam(cls, model, chosen: tuple[Layer, ...], x, targets: list[int]) -> Found:
    names = [layer.path for layer in chosen]
    with cls(model, names, input_shape=tuple(x.shape[1:])) as extractor, torch.enable_grad():
        scores = model(x.clone())
        maps = [m.detach() for m in extractor(class_idx=targets, scores=scores)]
    return Found([], extractor.fuse_cams(maps).detach())
