# ruff: noqa: UP006, UP007, UP035, UP045 (annotations as TorchScript reads them)
"""Tiny networks of convolutions that may or may not become one operator with what follows.

The rest of models.py, whose docstring says how to read these classes.
"""

import torch
import torch.nn.functional as F
from cases import Layer, case
from models import head
from torch import Tensor, nn


@case("convolutions", [Layer("strided"), Layer("dilated"), Layer("depthwise"), Layer("last")])
class Convolutions(nn.Module):
    """Every setting: strides that leave pixels over, dilation, groups, flat kernels; bounds on both sides."""

    def __init__(self):
        super().__init__()
        self.strided = nn.Conv2d(3, 16, 3, stride=(2, 1), padding=(0, 1))
        self.norm = nn.BatchNorm2d(16)
        self.dilated = nn.Conv2d(16, 16, 3, dilation=2, padding=2, bias=False)
        self.grouped = nn.Conv2d(16, 32, 1, groups=4)
        self.depthwise = nn.Conv2d(32, 32, 3, stride=2, padding=1, groups=32)
        self.flat = nn.Conv2d(32, 16, (1, 3), padding=(0, 1))
        self.last = nn.Conv2d(16, 8, 1, stride=2)
        self.head = head(8)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.norm(self.strided(x)) * 3)
        x = torch.relu_(self.dilated(x))
        x = F.hardswish(self.grouped(x))
        x = F.relu6(self.depthwise(x), inplace=True)
        x = F.silu(self.flat(x))
        x = torch.clamp(self.last(x), -0.1, 0.1)
        return self.head(x)


@case("sums", [Layer("stem"), Layer("left"), Layer("twice"), Layer("last")])
class Sums(nn.Module):
    """Convolutions added to each other, to a row, with a factor, in place, and to what is written meanwhile."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 1)
        self.stem = nn.Conv2d(16, 16, 3, padding=1)
        self.left, self.right = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 1)
        self.row = nn.Parameter(torch.rand(16, 1, 1))
        self.twice, self.late = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 3, padding=1)
        self.last, self.side, self.other = nn.Conv2d(16, 8, 1), nn.Conv2d(16, 8, 1), nn.Conv2d(16, 8, 1)
        self.head = head(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = self.second(x)
        x.mul_(2)
        y += x
        x = torch.relu(self.stem(F.relu(y)))
        x = torch.relu_(self.left(x) + self.right(x))
        y = self.twice(x)
        y = torch.relu(y + self.row) + y
        y = y + F.relu(y * 2 + self.late(y))
        z = self.last(y)
        side = self.side(x)
        side += z
        return self.head(torch.add(self.other(x), torch.relu_(side), alpha=2))


@case("strides_read", [Layer("stem"), Layer("mix"), Layer("last")], forms=("script",))
class StridesRead(nn.Module):
    """Views of what convolutions return, one written through, and images without a batch."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.mix, self.alone = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 3, padding=1)
        self.last = nn.Conv2d(16, 8, 3)
        self.fc = nn.Linear(8 * 36, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        n, c = x.size(0), x.size(1)
        x = x.view(n, 4, c // 4, 8, 8).transpose(1, 2).contiguous().view(n, c, 8, 8)
        y = self.mix(x)
        y.view(n, -1)[:, :5].mul_(0.5)
        parts = [torch.relu(self.alone(part)) for part in y.unbind(0)]
        y = torch.stack(parts) + x
        return self.fc(self.last(y).view(n, -1))


@case("written_later", [Layer("stem"), Layer("bounded"), Layer("last")], forms=("script",))
class WrittenLater(nn.Module):
    """Clipped results and contiguous ones are written to later; a loop reads what it has put into a list."""

    def __init__(self):
        super().__init__()
        self.stem, self.bounded = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 1)
        self.narrow, self.plain = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 1)
        self.turn, self.last = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(48, 8, 1)
        self.head = head(8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        y = F.relu6(self.bounded(x))
        y += x
        y = F.hardtanh(self.narrow(y), -0.25, 0.35)
        y *= 2
        x = self.plain(y)
        y = x.contiguous()
        y.mul_(0.5)
        x = x + y
        parts = [x]
        for _ in range(x.dim() - 2):
            z = parts[-1]
            n, c, h, w = z.size(0), z.size(1), z.size(2), z.size(3)
            z = z.view(n, c * h, w) * 0.5
            parts.append(torch.relu(self.turn(z.view(n, c, h, w))))
        return self.head(self.last(torch.cat(parts, 1)))


@case("weights_returned", [Layer("conv")], target="0")
class WeightsReturned(nn.Module):
    """Returns weights of its own, once for each sample, beside the scores."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor):
        x = torch.relu(self.conv(x)).mean((2, 3))
        return self.fc(x), self.fc.weight[0].expand(x.size(0), -1)
