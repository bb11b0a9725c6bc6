"""Captum's toy convolutional network, whose values are known to the digit.

After BasicModel_ConvNet_One_Conv of captum's tests, with flatten instead of
view so that batches of any size go through.
"""

import torch
from torch import Tensor, nn


class Toy(nn.Module):
    """Captum's toy network: convolution, ReLU, linear, ReLU, all weights known."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.conv1.weight.data.fill_(1.0)
        self.conv1.bias.data.copy_(torch.tensor([-50.0, -75.0]))
        self.relu1 = nn.ReLU()
        self.fc1 = nn.Linear(8, 4)
        self.fc1.weight.data.copy_(torch.tensor([1.0, 1, 1, 1, 1, -1, -1, -1]).expand(4, 8))
        self.fc1.bias.data.zero_()
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x))
        return self.relu2(self.fc1(y.flatten(1)))


def images(batch: int) -> Tensor:
    """The image 0..15; further samples are its mirror images."""
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    return torch.cat([image, image.flip(3), image.transpose(2, 3)])[:batch]


# Grad-CAM of class 0 for the first image, before ReLU (captum's own tests).
GRADCAM = {
    "conv1": [[11.25, 13.5], [20.25, 22.5]],
    "relu1": [[0.0, 4.0], [28.0, 32.5]],
}
