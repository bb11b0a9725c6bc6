"""A small network for methods that take many passes: every peer can follow it.

Each ReLU is a module of its own and changes nothing in place, convolutions have
biases, batch norms stand between, a residual connection crosses, and one linear
layer follows the global average. So CAM, guided backprop by module hooks and
FullGrad all have what they need.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import photos


class Small(nn.Module):
    """(N, 3, 24, 32) -> (N, 10); relu3 is (N, 16, 12, 16)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu1 = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(16)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(16, 16, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pool(self.relu1(self.bn1(self.conv1(x))))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.relu3(y + self.conv3(y))
        return self.fc(y.mean((2, 3)))


def images(batch: int) -> Tensor:
    """The sample photos at 24x32: not square, so that no axes can be swapped."""
    return shrunk(batch, (24, 32))


def shrunk(batch: int, size: tuple[int, int]) -> Tensor:
    """The sample photos at another size."""
    return F.interpolate(photos.batch(batch), size, mode="bilinear", antialias=True)


def build() -> nn.Module:
    """Weights large enough for scores that differ by more than rounding."""
    model = Small()
    with torch.no_grad():
        model.fc.weight.mul_(8)
    return model
