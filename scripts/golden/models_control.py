# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks with memory, branches and containers around the cut.

The rest of models.py, whose docstring says how to read these classes.
"""

from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from cases import Layer, case
from models import head
from torch import Tensor, nn

# Forward passes with memory.


@case("mutates_attribute", [Layer("conv")], forms=("script",))
class MutatesAttribute(nn.Module):
    """Counts its calls in an attribute that no output depends on."""

    calls: int

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.head(torch.relu(self.conv(x)))


@case(
    "order_dependent",
    [Layer("conv", refused="the output depends on how often forward ran before")],
    unsteady=True,
    forms=("script",),
)
class OrderDependent(nn.Module):
    """The output depends on an attribute that earlier calls changed."""

    seen: float

    def __init__(self):
        super().__init__()
        self.seen = 0.0
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1.0
        return self.head(torch.relu(self.conv(x)) * self.seen)


@case(
    "order_dependent_buffer",
    [Layer("conv", refused="the output depends on a buffer that earlier calls wrote")],
    unsteady=True,
    forms=("script", "trace"),
)
class OrderDependentBuffer(nn.Module):
    """The output depends on a buffer that every call adds to."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.register_buffer("total", torch.ones(1))
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        self.total += 1.0
        return self.head(torch.relu(self.conv(x)) * self.total)


@case("buffer_write", [Layer("conv"), Layer("last")], forms=("script", "trace"))
class BufferWrite(nn.Module):
    """Writes a buffer in place and reads it back; no call sees an earlier one's value."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 4, 3, padding=1)
        self.register_buffer("offset", torch.full((1, 4, 1, 1), 7.0))
        self.register_buffer("step", torch.tensor([0.1, 0.2, 0.3, 0.4]).reshape(1, 4, 1, 1))
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x))
        self.offset.zero_()
        self.offset.add_(self.step)
        return self.head(torch.relu(self.last(x + self.offset)))


# Branches and containers that the cut must see through.


@case("memory_efficient_if", [Layer("conv1"), Layer("norm"), Layer("conv2")], forms=("script", "trace", "frozen"))
class MemoryEfficientIf(nn.Module):
    """A constant `if` around the target and a method between, as in DenseNet."""

    memory_efficient: bool

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.conv1 = nn.Conv2d(3, 4, 1, bias=False)
        self.conv2 = nn.Conv2d(4, 2, 3, padding=1, bias=False)
        self.memory_efficient = False
        self.head = head(5)

    def bottleneck(self, inputs: List[Tensor]) -> Tensor:
        return self.conv1(torch.relu(self.norm(torch.cat(inputs, 1))))

    @torch.jit.unused
    def checkpointed(self, inputs: List[Tensor]) -> Tensor:
        return self.bottleneck(inputs)

    def forward(self, x: Tensor) -> Tensor:
        inputs = [x]
        if self.memory_efficient:
            y = self.checkpointed(inputs)
        else:
            y = self.bottleneck(inputs)
        return self.head(torch.cat([x, self.conv2(y)], 1))


class Split(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        y = self.conv(x)
        return y[:, :4] * 2.0, y[:, 4:] + 1.0


@case(
    "tuple_output_module",
    [
        Layer("split:0"),
        Layer("split:1"),
        Layer("split", refused="the submodule returns a tuple: choose split:0 or split:1"),
    ],
)
class TupleOutputModule(nn.Module):
    """The target returns a tuple; the element is chosen."""

    def __init__(self):
        super().__init__()
        self.split = Split()
        self.head = head()
        self.gate = head(2)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.split(x)
        return self.head(torch.relu(value)) * torch.sigmoid(self.gate(gate))


@case("dict_output", [Layer("conv")], forms=("script", "trace", "frozen"), target="logits")
class DictOutput(nn.Module):
    """The model returns a dict."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        features = torch.relu(self.conv(x))
        return {"features": features.mean((2, 3)), "logits": self.head(features)}


@case("list_output", [Layer("conv")], forms=("script",), target="1")
class ListOutput(nn.Module):
    """The model returns a list."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> List[Tensor]:
        features = torch.relu(self.conv(x))
        return [features.mean((2, 3)), self.head(features)]


@case("tuple_with_none", [Layer("conv")], forms=("script",), target="0")
class TupleWithNone(nn.Module):
    """The model returns (logits, None, None), as scripted GoogLeNet does."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tuple[Tensor, Optional[Tensor], Optional[Tensor]]:
        y = self.head(torch.relu(self.conv(x)))
        aux: Optional[Tensor] = None
        return y, aux, aux


@case("nested_output", [Layer("conv")], forms=("script",), target="0")
class NestedOutput(nn.Module):
    """The model returns a tuple of a tensor and a dict."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
        features = torch.relu(self.conv(x))
        return self.head(features), {"boxes": features.amax((2, 3)), "count": features.flatten(1).argmax(1)}


def two_images(shape) -> List[Tensor]:
    return [torch.rand(shape), torch.randn(shape[0], 5)]


@case("two_inputs", [Layer("conv"), Layer("side")], inputs=two_images)
class TwoInputs(nn.Module):
    """The model takes an image and a vector."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.side = nn.Linear(5, 3)
        self.head = head()

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x))) + torch.tanh(self.side(z))


@case("scalar_list_crossing", [Layer("conv"), Layer("stem")], forms=("script", "trace", "frozen"))
class ScalarListCrossing(nn.Module):
    """Ints and a list of ints taken before the target are used after it."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, stride=2)
        self.fc = nn.Linear(4 * 8 * 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[0]
        size = [x.shape[2], x.shape[3]]
        y = torch.relu(self.conv(self.stem(x)))
        y = F.interpolate(y, size, mode="nearest")
        return self.fc(y.reshape(batch, -1))


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Doubler(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2.0


@torch.jit.interface
class OneTensor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


@case(
    "module_interface",
    [Layer("step", either=True, note="the call goes through an interface type"), Layer("conv")],
    forms=("script",),
)
class ModuleInterface(nn.Module):
    """A submodule is called through a module interface."""

    step: OneTensor

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.step = Swish()
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.step.forward(self.conv(x)))


@case(
    "multi_layer",
    [Layer("left"), Layer("right"), Layer("right.0"), Layer("merge")],
    together=[["left", "right"], ["merge", "right.0", "left"]],
)
class MultiLayer(nn.Module):
    """Two parallel branches that are concatenated, as in Inception."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(3, 2, 1)
        self.right = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1))
        self.merge = nn.Conv2d(4, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.merge(torch.relu(torch.cat([self.left(x), self.right(x)], 1)))))


@case("layer_never_called", [Layer("conv"), Layer("unused", never_called=True)], forms=("script", "trace"))
class LayerNeverCalled(nn.Module):
    """A submodule that forward never calls."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.unused = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x)))


class Shape(nn.Module):
    def forward(self, x: Tensor) -> List[int]:
        return x.shape


@case("no_tensor_output", [Layer("shape", refused="the submodule returns no tensor"), Layer("conv")], forms=("script",))
class NoTensorOutput(nn.Module):
    """A submodule that returns a list of ints."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.shape = Shape()
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return self.head(y) / float(self.shape(y)[2])
