"""Maps from activation A and gradient G, transcribed from the formulas.

A and G are (N, C, h, w). A raw map is (N, h, w), signed; a map is (N, H, W).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def spatial(value: torch.Tensor, layout: str) -> torch.Tensor:
    """(N, C, h, w) of an activation or gradient in the given layout."""
    if layout == "nchw":
        return value
    if layout == "nhwc":
        return value.permute(0, 3, 1, 2)
    if layout == "tokens":  # a class token, then a square grid by rows
        batch, tokens, channels = value.shape
        side = int((tokens - 1) ** 0.5)
        return value[:, 1:].reshape(batch, side, side, channels).permute(0, 3, 1, 2)
    raise ValueError(f"layout {layout}: want nchw, nhwc or tokens")


def gradcam(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """sum_k mean_ij(G_k) A_k (Selvaraju et al. 2017, arXiv:1610.02391)."""
    return (g.mean((2, 3), keepdim=True) * a).sum(1)


def elementwise(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """sum_k G_k A_k (HiResCAM, Draelos and Carin 2020, arXiv:2011.08891)."""
    return (g * a).sum(1)


def min_max(m: torch.Tensor) -> torch.Tensor:
    """Per image: subtract the minimum, divide by 1e-7 + the maximum that is left."""
    m = m - m.amin((1, 2), keepdim=True)
    return m / (1e-7 + m.amax((1, 2), keepdim=True))


def normalised_map(raw: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """ReLU, min-max, upsample, min-max again: pytorch-grad-cam's way from raw to map."""
    m = min_max(raw.clamp(min=0))
    return min_max(upsample(m, size).clamp(min=0))


def plain_map(raw: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """ReLU and upsample, no normalisation: the `seed` recipe."""
    return upsample(raw.clamp(min=0), size)


def upsample(m: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(m.unsqueeze(1), size, mode="bilinear", align_corners=False).squeeze(1)


def softmax_cotangent(output: torch.Tensor, targets: list[int]) -> torch.Tensor:
    """dp/dy of p_n = softmax(y_n)[target_n]: p (1[i=c] - p_i), row by row."""
    p = output.softmax(-1)
    rows = torch.arange(len(targets))
    chosen = p[rows, targets]
    cotangent = -chosen.unsqueeze(1) * p
    cotangent[rows, targets] += chosen
    return cotangent
