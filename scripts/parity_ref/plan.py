"""Which method is compared on which network.

Formulas of one activation and gradient run on every layer of the zoo, for one
image and three. What takes many passes runs on the small network and on real
ones with few channels or small images; no method is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from . import (
    export_forms,
    graph,
    heads,
    peers_cam,
    peers_captum,
    peers_compat,
    peers_concepts,
    peers_live,
    peers_masks,
    peers_plain,
    peers_rectifiers,
    peers_targets,
    peers_torchcam,
    photos,
    small,
    toy,
    zoo,
)
from .capture import Address, Capture
from .case import Book
from .files import Folder


class Net:
    """A network of the zoo with what its cases need."""

    def __init__(self, entry: zoo.Entry, model, book: Book):
        self.entry, self.model, self.book = entry, model, book

    def layer(self, path: str) -> zoo.Layer:
        return next(layer for layer in self.entry.layers if layer.path == path)

    def layers(self, *paths: str) -> tuple[zoo.Layer, ...]:
        return tuple(self.layer(path) for path in paths)

    def images(self, batch: int, size: int | None = None) -> tuple[torch.Tensor, list[int]]:
        """The images and the best class of each."""
        x = small.shrunk(batch, (size, size)) if size else images_of(self.entry)(batch)
        with torch.no_grad():
            best = self.model(x).argmax(1).tolist()
        return x, [0] * batch if self.entry.name == "toy" else best


def images_of(entry: zoo.Entry) -> Callable[[int], torch.Tensor]:
    return {"toy": toy.images, "small": small.images}.get(entry.name, photos.batch)


def formulas(net: Net) -> None:
    """Every formula, on every layer."""
    for batch in (1, 3):
        x, targets = net.images(batch)
        for layer in net.entry.layers:
            peers_cam.layer_cases(net.model, layer, x, targets, net.book)


def toy_net(net: Net) -> None:
    x, targets = net.images(3)
    model, book, relu1 = net.model, net.book, net.layers("relu1")
    peers_live.fullgrad(model, x, targets, book)
    peers_live.score(model, relu1, x, targets, book)
    peers_live.ablation(model, relu1, x, targets, book)
    peers_captum.gradients(model, x, targets, book)
    peers_captum.rules(model, x, targets, book)
    peers_captum.guided_gradcam(model, relu1[0], x, targets, book)
    peers_captum.path(model, x, targets, book)
    peers_masks.occlusion(model, x, targets, book, (2, 2), (1, 1))
    peers_plain.reciprocam(model, relu1[0], x, targets, book)
    peers_compat.layers(model, net.entry.layers, x, targets, book)


def small_net(net: Net) -> None:
    x, targets = net.images(3)
    model, book, relu3 = net.model, net.book, net.layers("relu3")
    peers_live.finer(model, relu3, x, targets, book)
    peers_live.shapley(model, relu3, x, targets, book)
    peers_live.shapley(model, net.layers("relu1"), x, targets, book)
    peers_live.fullgrad(model, x, targets, book)
    peers_live.score(model, relu3, x, targets, book)
    peers_live.ablation(model, relu3, x, targets, book)
    peers_live.ablation(model, net.layers("conv3"), x, targets, book)
    peers_live.refine(model, net.layers("relu1", "relu3"), x, targets, book)
    peers_live.fused(model, net.layers("relu1", "relu3"), x, targets, book)
    peers_live.smoothed(model, relu3, x, targets, book)
    peers_torchcam.cam(model, relu3[0], "fc", x, targets, book)
    peers_torchcam.smoothgrad(model, relu3[0], x, targets, book)
    peers_torchcam.smoothed_score(model, relu3[0], x, targets, book, 35)
    peers_torchcam.integrated_score(model, relu3[0], x, targets, book, 10)
    attributions(net, x, targets, relu3[0])
    masks(net, x, targets, (6, 8), (3, 4))
    peers_plain.reciprocam(model, relu3[0], x, targets, book)
    peers_plain.rise(model, x, targets, book)
    peers_concepts.factorisation(model, relu3[0], x, book, 5)
    peers_targets.classes(model, relu3[0], x, targets, book)
    peers_targets.embeddings(model, relu3[0], x, book)


def attributions(net: Net, x, targets, layer: zoo.Layer) -> None:
    model, book = net.model, net.book
    peers_captum.gradients(model, x, targets, book)
    peers_captum.rules(model, x, targets, book)
    peers_rectifiers.rules(model, x, targets, book)
    peers_captum.guided_gradcam(model, layer, x, targets, book)
    peers_captum.path(model, x, targets, book)
    peers_captum.layer_path(model, layer, x, targets, book)
    peers_captum.noise(model, x, targets, book)
    peers_captum.gradientshap(model, x, targets, book)


def masks(net: Net, x, targets, window, stride, orders: int = 25) -> None:
    peers_masks.occlusion(net.model, x, targets, net.book, window, stride)
    peers_masks.ablation(net.model, x, targets, net.book)
    peers_masks.shapley(net.model, x, targets, net.book, orders)
    peers_masks.surrogates(net.model, x, targets, net.book)


def resnet18(net: Net) -> None:
    model, book = net.model, net.book
    x, targets = net.images(2, 64)
    layer4, layer2 = net.layer("layer4"), net.layer("layer2")
    peers_live.finer(model, (layer4,), *net.images(3), book)
    peers_live.shapley(model, (layer2,), x, targets, book)
    peers_live.fullgrad(model, x, targets, book)
    peers_live.refine(model, (layer2, layer4), *net.images(2), book)
    peers_live.fused(model, (layer2, layer4), *net.images(2), book)
    peers_live.smoothed(model, (layer2,), x, targets, book)
    peers_torchcam.cam(model, layer4, "fc", *net.images(3), book)
    peers_torchcam.smoothgrad(model, layer2, x, targets, book)
    one, target = net.images(1, 64)
    peers_live.score(model, (layer2,), one, target, book)
    peers_live.ablation(model, (layer4,), one, target, book)
    peers_torchcam.smoothed_score(model, layer2, one, target, book, 2)
    peers_torchcam.integrated_score(model, layer2, one, target, book, 2)
    peers_captum.gradients(model, x, targets, book)
    peers_captum.rules(model, x, targets, book)
    peers_captum.guided_gradcam(model, layer2, x, targets, book)
    peers_captum.path(model, one, target, book)
    peers_captum.layer_path(model, layer2, one, target, book)
    peers_captum.noise(model, x, targets, book)
    peers_captum.gradientshap(model, x, targets, book)
    masks(net, one, target, (16, 16), (8, 8), 8)
    peers_plain.reciprocam(model, layer2, one, target, book)
    peers_plain.rise(model, one, target, book)
    peers_concepts.factorisation(model, layer2, x, book, 5)
    peers_compat.layers(model, net.entry.layers, *net.images(2), book)
    peers_compat.several(model, (layer2, layer4), *net.images(2), book)


def mobilenet_v2(net: Net) -> None:
    model, book = net.model, net.book
    last = net.layers("features.18")
    x, targets = net.images(3)
    peers_live.finer(model, last, x, targets, book)
    peers_live.shapley(model, last, x, targets, book)
    peers_live.fullgrad(model, *net.images(2, 64), book)
    peers_torchcam.smoothgrad(model, last[0], *net.images(1), book)
    peers_captum.gradients(model, x, targets, book)
    one, target = net.images(1, 64)
    peers_live.ablation(model, last, one, target, book)
    peers_captum.path(model, one, target, book)
    masks(net, one, target, (16, 16), (8, 8), 8)
    peers_rectifiers.rules(model, one, target, book)
    peers_captum.unseen(book, "its rectifiers are ReLU6, which the peer does not see")


def vgg11(net: Net) -> None:
    model, book = net.model, net.book
    x, targets = net.images(2, 64)
    last = net.layers("features.20")
    peers_live.finer(model, last, *net.images(3), book)
    peers_live.shapley(model, last, x, targets, book)
    peers_live.fullgrad(model, x, targets, book)
    peers_captum.gradients(model, x, targets, book)
    peers_captum.rules(model, x, targets, book)
    peers_captum.guided_gradcam(model, last[0], x, targets, book)
    peers_compat.layers(model, net.entry.layers, *net.images(2, 96), book)


def others(net: Net) -> None:
    first = next(layer for layer in net.entry.layers if not layer.inplace)
    x, targets = net.images(3)
    peers_live.finer(net.model, (first,), x, targets, net.book)
    peers_captum.gradients(net.model, *net.images(1), net.book)


def cases(entry: zoo.Entry, model, out: Folder) -> Book:
    """Every case of one network, written."""
    net = Net(entry, model, Book(entry.name, out))
    formulas(net)
    own = {"toy": toy_net, "small": small_net, "resnet18": resnet18, "mobilenet_v2": mobilenet_v2, "vgg11": vgg11}
    own.get(entry.name, others)(net)
    return net.book


# Networks for targets only -> the output that is scored, by name.
HEADS = {
    "segment": (heads.Segment, peers_targets.segmentation, ""),
    "single": (heads.Single, peers_targets.single, ""),
    "detect": (heads.Detect, peers_targets.detection, "scores"),
}


def head(name: str, out: Folder) -> dict:
    """A network for targets, in every form of file."""
    build, compare, output = HEADS[name]
    model, layer, x = zoo.settled(build, 24)(), zoo.Layer("trunk.relu"), small.images(2)
    forms, frozen = {}, None
    for form in ("script", "trace", "reloaded", "frozen"):
        file = f"{name}/{form}.pt"
        module = export_forms.export(model, form, (x,), out.path(file))
        forms[form] = {"file": file, "output": output}
        frozen = module if form == "frozen" else frozen
    with torch.no_grad(), Capture(model, Address.parse(layer.path)) as capture:
        model(x)
    layers = [{"layer": layer.path, "frozen": graph.address_of(frozen, (x,), capture.value.detach())}]
    book = Book(name, out)
    compare(model, layer, x, book)
    batches = [{"size": len(x), "layers": layers}]
    return {
        "name": name,
        "about": build.__doc__,
        "forms": forms,
        "batches": batches,
        "cases": book.cases,
        "folds": True,
        "reasons": [],
    }
