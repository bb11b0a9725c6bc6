# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks, one per sharp edge of cutting a TorchScript graph.

Each class shows one thing that can go wrong between a loaded file and a hook.
build.py exports them to testdata/models/ with the values that eager Python
gives. The docstring is the case's description in the manifest.
"""

from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from cases import Layer, case
from parity_ref import toy
from torch import Tensor, nn


def head(channels: int = 4, classes: int = 3) -> nn.Sequential:
    """Global average pooling and a classifier, as CNNs end."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


# In-place operations and aliases around the cut.


@case("inplace_relu_after", [Layer("conv"), Layer("relu")])
class InplaceReluAfter(nn.Module):
    """An in-place ReLU writes to the target's output right after it returned."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.relu(self.conv(x)))


@case(
    "residual_inplace",
    [Layer("conv1"), Layer("bn1"), Layer("conv2"), Layer("bn2"), Layer("downsample"), Layer("downsample.0")],
)
class ResidualInplace(nn.Module):
    """A residual block: `out += identity` writes to a value that crosses the cut."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4)
        self.downsample = nn.Sequential(nn.Conv2d(3, 4, 1, stride=2, bias=False), nn.BatchNorm2d(4))
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        identity = self.downsample(x)
        out += identity
        return self.head(self.relu(out))


@case("view_crossing", [Layer("flatten"), Layer("conv")])
class ViewCrossing(nn.Module):
    """The target returns a view of a value that the tail reads too."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(4 * 6 * 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        features = self.conv(x)
        flat = self.flatten(features)
        return self.fc(flat) * features.mean((1, 2, 3)).unsqueeze(1)


@case(
    "view_crossing_inplace", [Layer("flatten", refused="the tail writes to a value that the activation is a view of")]
)
class ViewCrossingInplace(ViewCrossing):
    """The target returns a view of a value that the tail writes to: a clone changes the output."""

    def forward(self, x: Tensor) -> Tensor:
        features = self.conv(x)
        flat = self.flatten(features)
        features += 1.0
        return self.fc(flat) * features.mean((1, 2, 3)).unsqueeze(1)


class ValueAndView(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        y = self.conv(x)
        return y, y.flatten(1)


@case(
    "view_of_target",
    [
        Layer(
            "pair:0",
            either=True,
            note="a view of the activation crosses the cut beside it: count its gradient or refuse",
        )
    ],
)
class ViewOfTarget(nn.Module):
    """The target returns a tensor and a view of it; both are used."""

    def __init__(self):
        super().__init__()
        self.pair = ValueAndView()
        self.fc = nn.Linear(4 * 6 * 6, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y, flat = self.pair(x)
        return self.head(y) + self.fc(flat)


@case(
    "identity_returned",
    [Layer("drop", refused="relu_ writes to the value that the identity returned"), Layer("conv", refused=None)],
    forms=("script",),
)
class IdentityReturned(nn.Module):
    """The target returns its input unchanged and a later in-place op writes one of the two."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.drop = nn.Identity()
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        features = self.conv(x)
        kept = self.drop(features)
        features.relu_()
        return self.head(kept)


@case("identity_plain", [Layer("drop"), Layer("dropout"), Layer("conv")], forms=("script",))
class IdentityPlain(nn.Module):
    """The target returns its input unchanged; nothing writes to it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.drop = nn.Identity()
        self.dropout = nn.Dropout(0.5)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.dropout(self.drop(self.conv(x)))))


@case("traced_identity", [Layer("drop"), Layer("conv")], forms=("trace",))
class TracedIdentity(IdentityPlain):
    """A traced Identity is a call without arguments that returns None: explain its input."""


# Which call of which module.


@case(
    "shared_module",
    [
        Layer("first"),
        Layer(
            "second", call_of="first", note="the same module under a second name; its only call there is the second one"
        ),
    ],
    forms=("script", "trace", "frozen"),
)
class SharedModule(nn.Module):
    """One convolution under two names, called once under each."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.first = nn.Conv2d(4, 4, 3, padding=1)
        self.second = self.first
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(self.stem(x)))
        return self.head(torch.relu(self.second(x)))


@case("called_twice", [Layer("conv@0"), Layer("conv@1")])
class CalledTwice(nn.Module):
    """One convolution called twice under one name."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.stem(x))
        return self.head(torch.relu(self.conv(torch.relu(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(x) * 2.0

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


@case("other_method", [Layer("encoder", method="encode"), Layer("encoder.conv")], forms=("script",))
class OtherMethod(nn.Module):
    """The target is reached by a method called encode, never by forward."""

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder.encode(x))


@case("const_loop", [Layer("conv@0"), Layer("conv@1"), Layer("conv@2")], forms=("script", "trace"))
class ConstLoop(nn.Module):
    """A loop with a constant count calls one module three times."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(3):
            x = torch.relu(self.conv(x))
        return self.head(x)


@case("module_list_loop", [Layer("blocks.0"), Layer("blocks.1"), Layer("blocks.2")])
class ModuleListLoop(nn.Module):
    """A loop over a ModuleList, unrolled by the compiler."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.head(x)


@case("in_if", [Layer("conv", fallback=True), Layer("stem"), Layer("other", never_called=True)], forms=("script",))
class InIf(nn.Module):
    """The target sits in a branch that the data decides."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.other = nn.Conv2d(4, 4, 1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        if bool(x.sum() > 0):
            x = torch.relu(self.conv(x))
        else:
            x = self.other(x)
        return self.head(x)


def loop_input(shape) -> List[Tensor]:
    """Images whose first pixel says how often the loop turns."""
    x = torch.rand(shape)
    x[:, 0, 0, 0] = 2.0
    return [x]


@case(
    "in_loop",
    [Layer("conv@0", fallback=True), Layer("conv@1", fallback=True), Layer("stem")],
    forms=("script",),
    inputs=loop_input,
)
class InLoop(nn.Module):
    """The target sits in a loop whose count the data decides."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        turns = int(x[0, 0, 0, 0])
        x = self.stem(x)
        while turns > 0:
            x = torch.relu(self.conv(x))
            turns -= 1
        return self.head(x)


@case("in_loop_once", [Layer("conv", fallback=True)], forms=("script",), inputs=loop_input)
class InLoopOnce(nn.Module):
    """The target sits in a data-dependent loop that turns once."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for _ in range(int(x[0, 0, 0, 0]) - 1):
            out = torch.relu(self.conv(x))
        return self.head(out)


class Hooked(nn.Module):
    """Doubles its input in a pre-hook and adds one in a hook."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


def double_input(self, args: Tuple[Tensor]) -> Tuple[Tensor]:
    return (args[0] * 2.0,)


def add_one(self, args: Tuple[Tensor], out: Tensor) -> Tensor:
    return out + 1.0


@case(
    "hooks",
    [
        Layer("hooked", note="the value after the compiled hook, as Python's hooks see it"),
        Layer("hooked.conv"),
        Layer("stem"),
    ],
    forms=("script",),
)
class Hooks(nn.Module):
    """A forward pre-hook and a forward hook compiled into the file."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.hooked = Hooked()
        self.hooked.register_forward_pre_hook(double_input)
        self.hooked.register_forward_hook(add_one)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.hooked(self.stem(x)))


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


# Ends, types, sizes.


@case("argmax_end", [Layer("conv", refused="the output is int64: no gradient")], forms=("script", "trace"), target=None)
class ArgmaxEnd(nn.Module):
    """The model ends in argmax, so there is nothing to differentiate."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x))).argmax(1)


class Plain(nn.Module):
    """Convolution, batch norm, ReLU, pooling, classifier."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.relu(self.bn(self.conv(x))))


@case("float64_model", [Layer("conv"), Layer("bn")], dtype=torch.float64)
class Float64Model(Plain):
    """A float64 model; the input file is float32."""


@case("half_model", [Layer("conv"), Layer("bn")], dtype=torch.float16, tolerance=2e-2)
class HalfModel(Plain):
    """A float16 model; the input file is float32."""


@case("bfloat16_model", [Layer("conv"), Layer("bn")], dtype=torch.bfloat16, tolerance=1e-1)
class BFloat16Model(Plain):
    """A bfloat16 model; the input file is float32."""


@case("mixed_dtype_model", [Layer("conv"), Layer("head")], forms=("script", "trace"), tolerance=1e-5)
class MixedDtypeModel(nn.Module):
    """float32 layers, then a float64 classifier: the cast is in the graph."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head().double()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x)).double())


def token_ids(shape) -> List[Tensor]:
    return [torch.randint(0, 20, (shape[0], 7))]


@case("int_input_embedding", [Layer("embedding"), Layer("conv")], inputs=token_ids)
class IntInputEmbedding(nn.Module):
    """Token ids in, classes out."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.conv = nn.Conv1d(6, 4, 3)
        self.fc = nn.Linear(4, 3)

    def forward(self, ids: Tensor) -> Tensor:
        y = self.embedding(ids).transpose(1, 2)
        return self.fc(torch.relu(self.conv(y)).amax(2))


@case("trace_fixed_batch", [Layer("conv")], forms=("trace",))
class TraceFixedBatch(nn.Module):
    """A trace with the batch size (2) baked into a reshape."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 6 * 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(x)).reshape(int(x.shape[0]), 4 * 6 * 6))


@case("trace_fixed_size", [Layer("conv")], forms=("trace",))
class TraceFixedSize(nn.Module):
    """A trace with the image size (8x8) baked into a reshape."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv(x))
        return self.fc(y.reshape(-1, 4, int(y.shape[2]) * int(y.shape[3])).mean(2))


@case("trace_new_zeros", [Layer("conv"), Layer("last")], forms=("trace",))
class TraceNewZeros(nn.Module):
    """A trace with a device constant: a tensor made on the input's device."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 4, 3, padding=1)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv(x))
        ramp = torch.arange(8, device=x.device, dtype=x.dtype) * 0.1
        return self.head(torch.relu(self.last(y + ramp)))


@case("one_by_one_map", [Layer("conv")])
class OneByOneMap(nn.Module):
    """The target's output is 1x1 in space: its map is constant."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 8)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x)))


def volumes(shape) -> List[Tensor]:
    return [torch.rand(shape[0], 1, 4, 6, 5)]


@case("volume3d", [Layer("conv")], inputs=volumes)
class Volume3d(nn.Module):
    """A volume in, a 3-d convolution as the target."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(x)).mean((2, 3, 4)))


@case("nan_output", [Layer("conv", refused="the output is not finite")], forms=("script", "trace"))
class NanOutput(nn.Module):
    """The output is NaN for every input."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(torch.relu(self.conv(x)))
        return torch.log(-y.abs() - 1.0)


@case("zero_gradient", [Layer("conv")], forms=("script",))
class ZeroGradient(nn.Module):
    """The target class does not depend on the target layer: its gradient is zero."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()
        self.bias = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x))) * torch.tensor([1.0, 0.0, 1.0]) + self.bias


# Training left in the file.


class WithDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.drop = nn.Dropout(0.5)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(torch.relu(self.conv(x))))


@case("train_mode_dropout", [Layer("conv"), Layer("drop")], forms=("script",), export_training=True)
class TrainModeDropout(WithDropout):
    """Scripted and saved in train mode: evaluated in eval mode all the same."""


@case(
    "train_mode_trace",
    [Layer("conv", refused="dropout with train=True is baked into the trace")],
    forms=("trace",),
    export_training=True,
    unsteady=True,
)
class TrainModeTrace(WithDropout):
    """Traced in train mode: dropout(train=True) is baked in."""


@case(
    "batchnorm_train",
    [
        Layer("conv", refused="batch norm uses the batch's own statistics, so samples interact"),
        Layer("bn", refused="batch norm uses the batch's own statistics, so samples interact", head_only=True),
    ],
)
class BatchnormTrain(nn.Module):
    """Batch norm without running statistics: samples of a batch interact."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4, track_running_stats=False)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.bn(self.conv(x))))


# Quantised weights: packed parameters are attributes that no graph constant can hold.


@case(
    "quantised",
    [
        Layer("conv", refused="quantized::linear_dynamic is behind the target and has no derivative"),
        Layer(
            "fc", refused="quantized::linear_dynamic is the target's own: its output depends on nothing", either=True
        ),
    ],
    forms=("script",),
    tolerance=1e-4,
)
class Quantised(nn.Module):
    """A dynamically quantised classifier behind the target."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = torch.ao.nn.quantized.dynamic.Linear.from_float(quantisable(nn.Linear(4, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))


def quantisable(linear: nn.Linear) -> nn.Linear:
    linear.qconfig = torch.ao.quantization.default_dynamic_qconfig
    return linear


@case("quantised_before", [Layer("conv")], forms=("script",), tolerance=1e-4)
class QuantisedBefore(nn.Module):
    """A statically quantised convolution before the target."""

    def __init__(self):
        super().__init__()
        stem = torch.ao.nn.quantized.Conv2d(3, 4, 3)
        weight = torch.quantize_per_tensor(torch.randn(4, 3, 3, 3) * 0.3, 0.01, 0, torch.qint8)
        stem.set_weight_bias(weight, torch.zeros(4))
        stem.scale, stem.zero_point = 0.05, 64
        self.stem = stem
        self.conv = nn.Conv2d(4, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.quantize_per_tensor(x, 1.0 / 255.0, 0, torch.quint8)
        y = self.stem(y).dequantize()
        return self.head(torch.relu(self.conv(y)))


# Attention.


def tokens(shape) -> List[Tensor]:
    return [torch.randn(shape[0], 5, 8)]


@case(
    "native_mha",
    [Layer("norm", note="the fused op is behind the target"), Layer("after", note="the fused op is before the target")],
    forms=("trace_nograd",),
    inputs=tokens,
)
class NativeMha(nn.Module):
    """Traced under no_grad: the graph holds aten::_native_multi_head_attention, which has no derivative."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.after = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        y = x + self.attention(y, y, y, need_weights=False)[0]
        return self.fc(self.after(y)[:, 0])


@case(
    "native_encoder_layer",
    [
        Layer(
            "norm",
            either=True,
            note="aten::_transformer_encoder_layer_fwd is behind the target: decompose it or refuse by name",
        ),
        Layer("after"),
    ],
    forms=("trace_nograd",),
    inputs=tokens,
)
class NativeEncoderLayer(nn.Module):
    """Traced under no_grad: the graph holds aten::_transformer_encoder_layer_fwd, which has no derivative."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.after = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.after(self.encoder(self.norm(x)))[:, 0])


@case(
    "mha_scripted",
    [Layer("norm"), Layer("attention:0", note="MultiheadAttention returns (output, None)"), Layer("after")],
    forms=("script", "trace"),
    inputs=tokens,
)
class MhaScripted(NativeMha):
    """MultiheadAttention scripted, and traced with gradients enabled."""


# Captum's toy network.

frozen_toy = case(
    "frozen_toy",
    [Layer("conv1"), Layer("relu1")],
    inputs=lambda shape: [toy.images(2)],
)(toy.Toy)
