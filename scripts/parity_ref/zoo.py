"""The networks that parity compares: architecture, weights, layers, forms.

Without trained weights a network must be settled first: batch norms get the
statistics of a few batches (a fresh one makes denormals in deep nets) and heads
that start at zero are drawn anew (torchvision's ViT would say 0 to everything).
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

import torch
import torchvision
from torch import nn

from . import small, toy

MODELS = pathlib.Path(__file__).resolve().parents[2] / "examples/models"


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer to explain and how its value is laid out.

    layout: nchw, nhwc (Swin) or tokens (class token first, then the grid by rows).
    inplace: the next operation writes to the value, so that pytorch-grad-cam
    sees another activation; the plain transcription is the reference there.
    """

    path: str
    layout: str = "nchw"
    inplace: bool = False


@dataclasses.dataclass(frozen=True)
class Entry:
    name: str
    build: Callable[[], nn.Module]
    layers: tuple[Layer, ...]
    forms: tuple[str, ...] = ("script", "trace", "reloaded", "frozen")
    output: str = ""  # the output's name in the script form, when the model returns several
    about: str = "settled random weights"


def settled(build: Callable[[], nn.Module], size: int = 96) -> Callable[[], nn.Module]:
    """build with a fixed seed and settled statistics, in eval mode."""

    def make() -> nn.Module:
        torch.manual_seed(20)
        model = build()
        for module in model.modules():
            if isinstance(module, nn.Linear) and not module.weight.any():
                nn.init.normal_(module.weight, std=0.05)
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # a plain average over the batches
        if norms:
            model.train()
            with torch.no_grad():
                for _ in range(2):
                    model(torch.randn(4, 3, size, size))
        for norm in norms:
            norm.momentum = 0.1
        return model.eval()

    return make


def vgg11() -> nn.Module:
    """torchvision's VGG-11 with a classifier of 1.6 instead of 120 million weights."""
    model = torchvision.models.vgg11(num_classes=10)
    model.classifier = nn.Sequential(nn.Linear(512 * 7 * 7, 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, 10))
    return model


def mobilenet_v2() -> nn.Module:
    """The sample model: its weights are read out of the TorchScript file."""
    model = torchvision.models.mobilenet_v2()
    model.load_state_dict(torch.jit.load(str(MODELS / "mobilenet_v2.pt")).state_dict())
    return model.eval()


def googlenet() -> nn.Module:
    return torchvision.models.googlenet(init_weights=False, aux_logits=False)


ZOO = (
    Entry("toy", toy.Toy, (Layer("conv1"), Layer("relu1")), about="captum's toy network, exact weights"),
    Entry(
        "small",
        settled(small.build),
        (Layer("conv3"), Layer("relu3"), Layer("relu1")),
        about="settled random weights; ReLU modules, biases, one linear head",
    ),
    Entry(
        "mobilenet_v2",
        mobilenet_v2,
        (Layer("features.18"), Layer("features.14"), Layer("features.18.1", inplace=True), Layer("features.0.0")),
        about="ImageNet weights",
    ),
    Entry(
        "resnet18",
        settled(torchvision.models.resnet18),
        (
            Layer("layer4"),
            Layer("layer4.0.downsample"),
            Layer("layer3.1.conv1"),
            Layer("layer2"),
            Layer("layer4.1.bn2", inplace=True),
        ),
    ),
    Entry("vgg11", settled(vgg11), (Layer("features.20"), Layer("features.18", inplace=True), Layer("features"))),
    Entry(
        "densenet121",
        settled(torchvision.models.densenet121),
        (
            Layer("features", inplace=True),
            Layer("features.denseblock4.denselayer16.conv1"),
            Layer("features.transition3"),
        ),
    ),
    Entry("shufflenet_v2_x1_0", settled(torchvision.models.shufflenet_v2_x1_0), (Layer("conv5"), Layer("stage4"))),
    Entry(
        "googlenet", settled(googlenet), (Layer("inception5b"), Layer("inception4a.branch2")), ("script", "trace"), "0"
    ),
    Entry("swin_t", settled(torchvision.models.swin_t), (Layer("features.7", "nhwc"), Layer("norm", "nhwc"))),
    Entry(
        "vit_b_16",
        settled(torchvision.models.vit_b_16),
        (
            Layer("encoder.layers.encoder_layer_11.ln_1", "tokens"),
            Layer("encoder.layers.encoder_layer_10", "tokens"),
        ),
        ("script", "trace", "reloaded", "frozen", "trace_nograd"),
    ),
)
