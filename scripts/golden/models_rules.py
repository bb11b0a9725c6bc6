# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks for continuing with other rows, second derivatives and relu rules.

The rest of models.py, whose docstring says how to read these classes.
"""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from cases import Layer, case
from models import head
from models_ends import tokens
from torch import Tensor, nn


@case("batch_axis_crossing", [Layer("conv"), Layer("last")])
class BatchAxisCrossing(nn.Module):
    """A tensor whose second axis is the batch crosses the cut."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.conv = nn.Conv2d(4, 4, 3)
        self.last = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        side = x.mean((2, 3)).t()
        y = torch.relu(self.last(torch.relu(self.conv(x))))
        return self.fc((y.mean((2, 3)).t() * side).t())


@case("windows_crossing", [Layer("conv"), Layer("window")], forms=("script",))
class WindowsCrossing(nn.Module):
    """Four windows a sample behind the target, a list with a tensor and a size crosses."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.window = nn.Conv2d(4, 4, 3)
        self.fc = nn.Linear(4, 3)

    def split(self, x: Tensor) -> Tensor:
        n, c = x.shape[0], x.shape[1]
        return x.view(n, c, 2, 4, 2, 4).permute(0, 2, 4, 1, 3, 5).reshape(n * 4, c, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        sides: List[Tuple[Tensor, int]] = [(self.split(x), x.shape[0] * 4)]
        y = self.window(self.split(torch.relu(self.conv(x))))
        side, count = sides[0]
        y = torch.relu(y).mean((2, 3)).view(count, 4) * side.mean((2, 3))
        return self.fc(y.view(-1, 4, 4).mean(1))


@case("smooth", [Layer("norm"), Layer("mix"), Layer("after")], dtype=torch.float64, inputs=tokens)
class Smooth(nn.Module):
    """Fused attention, GELU, tanh and softmax in float64: second derivatives that are not zero."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.query, self.key, self.mix = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.after = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        z = F.gelu(self.mix(y))
        z = F.scaled_dot_product_attention(self.query(y).unsqueeze(1), self.key(z).unsqueeze(1), z.unsqueeze(1))
        z = self.after(x + torch.tanh(z.squeeze(1)))
        return torch.softmax(self.fc(z[:, 0]), 1)


@case("gated", [Layer("conv"), Layer("last")], forms=("script", "trace"), dtype=torch.float64)
class Gated(nn.Module):
    """Hard sigmoids as gates, one in place: operators whose derivative has none."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.last = nn.Conv2d(4, 4, 3)
        self.gate = nn.Hardsigmoid(inplace=True)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = x * F.hardsigmoid(4 * x)
        y = self.last(x)
        return self.head(torch.tanh(y) * self.gate(y * 2))


@case("rectifiers", [Layer(f"convs.{i}") for i in range(9)], forms=("script", "trace"))
class Rectifiers(nn.Module):
    """Every form of rectifier, as modules, functions and operators, and one in a branch."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 4, 1)] + [nn.Conv2d(4, 4, 1) for _ in range(8)])
        for conv in self.convs:
            nn.init.uniform_(conv.weight, -0.9, 1.2)
        self.relu6 = nn.ReLU6(inplace=True)
        self.hardtanh = nn.Hardtanh(0.0, 0.8)
        self.head = head()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.convs[0](x))
        x = self.relu6(self.convs[1](x))
        x = self.hardtanh(self.convs[2](x))
        x = torch.clamp(self.convs[3](x), min=0.0)
        x = self.convs[4](x).clamp_(0.0, 1.0)
        x = F.threshold(self.convs[5](x), 0.0, 0.0)
        x = torch.clamp_min(self.convs[6](x), 0.0)
        x = F.relu_(self.convs[7](x))
        x = self.convs[8](x)
        if bool(x.abs().sum() > 0):
            x = torch.relu(x)
        return self.head(x)
