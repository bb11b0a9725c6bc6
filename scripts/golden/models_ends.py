# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks that differ in outputs, types and sizes, or hold operators of their own.

The rest of models.py, whose docstring says how to read these classes.
"""

from typing import List

import torch
from cases import Layer, case
from models import head
from parity_ref import toy
from torch import Tensor, nn

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


@case("scalar_output", [], forms=("script", "trace"), target=None)
class ScalarOutput(nn.Module):
    """The model ends in a mean over everything: one number for the whole batch."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x))).mean()


@case("sparse_output", [Layer("conv")], forms=("script",))
class SparseOutput(nn.Module):
    """The output is a sparse tensor, with the values of a dense one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(x))).to_sparse()


@case("raises", [Layer("conv")], forms=("script",))
class Raises(nn.Module):
    """The model refuses inputs itself: an exception raised in its code."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.min() < 0):
            raise ValueError("want pixels from 0 to 1, got a negative one")
        return self.head(torch.relu(self.conv(x)))


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


@case("samples_interact", [Layer("conv")])
class SamplesInteract(nn.Module):
    """A softmax over the batch: a sample's result depends on the others."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv(x))
        weight = torch.softmax(y.mean((1, 2, 3)), 0)
        return self.head(y * weight[:, None, None, None])


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
