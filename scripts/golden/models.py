# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks, one per sharp edge of cutting a TorchScript graph.

Each class shows one thing that can go wrong between a loaded file and a hook.
build.py exports them to testdata/models/ with the values that eager Python
gives. The docstring is the case's description in the manifest.
"""

from typing import List, Tuple

import torch
from cases import Layer, case
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


class WrittenThrough(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        y = self.conv(x)
        flat = y.view(y.size(0), -1)
        flat.add_(1.0)
        return y, flat


@case("written_through_view", [Layer("pair:0", refused="the target's own call writes to a view of it, used behind it")])
class WrittenThroughView(ViewOfTarget):
    """As view_of_target, and the view is written to before the call returns."""

    def __init__(self):
        super().__init__()
        self.pair = WrittenThrough()


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
