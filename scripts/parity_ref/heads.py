"""Small networks with other outputs than class scores, for targets."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Trunk(nn.Module):
    """(N, 3, 24, 32) -> (N, 16, 12, 16)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, stride=2)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv2(torch.relu(self.bn1(self.conv1(x)))))


class Segment(nn.Module):
    """A segmentation: (N, 5, 24, 32), as a fully convolutional network makes it."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.score = nn.Conv2d(16, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.score(self.trunk(x))
        return nn.functional.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)


class Single(nn.Module):
    """One number a sample: two categories by its sign, or a regression."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.fc = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.trunk(x).mean((2, 3)))


class Detect(nn.Module):
    """Six boxes a sample: left, top, right, bottom in pixels, with labels and scores."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.box = nn.Linear(16, 24)
        self.score = nn.Linear(16, 6)
        self.register_buffer("labels", torch.tensor([1, 2, 3, 1, 2, 3]))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        pooled = self.trunk(x).mean((2, 3))
        edges = self.box(pooled).sigmoid().reshape(-1, 6, 4)
        corner, size = edges[:, :, :2], edges[:, :, 2:]
        boxes = torch.cat([12 * corner, 12 * corner + 4 + 12 * size], 2)
        labels = self.labels.unsqueeze(0).expand(x.shape[0], 6)
        return {"boxes": boxes, "labels": labels.clone(), "scores": self.score(pooled).sigmoid()}
