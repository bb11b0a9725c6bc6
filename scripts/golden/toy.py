"""Captum's toy convolutional network, whose Grad-CAM is known to the digit."""

import torch
from torch import Tensor, nn

from cases import Layer, case


def ramp(shape=None) -> list[Tensor]:
    """The image 0..15, and the same upside down as a second sample."""
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    return [torch.cat([image, image.flip(2)])]


@case("frozen_toy", [Layer("conv1"), Layer("relu1")], forms=("script", "trace", "frozen"), inputs=ramp)
class Toy(nn.Module):
    """Captum's toy network: convolution, ReLU, linear, ReLU, all weights known."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.conv1.weight.data.fill_(1.0)
        self.conv1.bias.data.copy_(torch.tensor([-50.0, -75.0]))
        self.relu1 = nn.ReLU(inplace=inplace)
        self.fc1 = nn.Linear(8, 4)
        self.fc1.weight.data.copy_(torch.tensor([1.0, 1, 1, 1, 1, -1, -1, -1]).expand(4, 8))
        self.fc1.bias.data.zero_()
        self.relu2 = nn.ReLU(inplace=inplace)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x))
        return self.relu2(self.fc1(y.flatten(1)))
