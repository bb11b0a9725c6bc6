"""Random numbers of a peer, drawn here instead and written down for the Go side.

A peer's own random calls are replaced, for as long as it runs, by ones that take
numbers from a seeded generator and keep them. The Go side replays them by draw
and sample (gradcam/source.go): an array is (draws, samples, values...).
"""

from __future__ import annotations

import contextlib
from unittest import mock

import numpy as np
import torch


class Recorder:
    """Draws and keeps, call by call."""

    def __init__(self, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)
        self.calls: list[torch.Tensor] = []

    def normal(self, shape) -> torch.Tensor:
        """Standard normal."""
        return self._keep(torch.empty(tuple(shape)).normal_(generator=self.generator))

    def uniform(self, shape) -> torch.Tensor:
        """From 0 to 1, 1 excluded."""
        return self._keep(torch.empty(tuple(shape)).uniform_(generator=self.generator))

    def permutation(self, n: int) -> list[int]:
        return self._keep(torch.randperm(n, generator=self.generator)).tolist()

    def _keep(self, value: torch.Tensor) -> torch.Tensor:
        self.calls.append(value.clone())
        return value

    def all(self) -> torch.Tensor:
        """Every call's numbers, calls first."""
        return torch.stack(self.calls)


@contextlib.contextmanager
def torch_normal(recorder: Recorder):
    """torch.normal(mean, std tensor), as captum's NoiseTunnel calls it."""
    with mock.patch.object(torch, "normal", lambda mean, std: mean + std * recorder.normal(std.shape)):
        yield


@contextlib.contextmanager
def torch_randn(recorder: Recorder):
    """torch.randn(*shape), as captum's KernelShap calls it."""
    with mock.patch.object(torch, "randn", lambda *shape: recorder.normal(shape)):
        yield


@contextlib.contextmanager
def torch_bernoulli(recorder: Recorder):
    """torch.bernoulli(p), 1 where a uniform number is below p."""
    with mock.patch.object(torch, "bernoulli", lambda p: (recorder.uniform(p.shape) < p).to(p.dtype)):
        yield


@contextlib.contextmanager
def numpy_uniform(recorder: Recorder):
    """np.random.uniform(low, high, size)."""

    def uniform(low, high, size):
        size = (size,) if isinstance(size, int) else size
        return low + (high - low) * recorder.uniform(size).double().numpy()

    with mock.patch.object(np.random, "uniform", uniform):
        yield


@contextlib.contextmanager
def numpy_choice(recorder: Recorder):
    """np.random.choice(n, size), a uniform number times n rounded down."""

    def choice(n, size):
        return (recorder.uniform((size,)) * n).long().numpy()

    with mock.patch.object(np.random, "choice", choice):
        yield


@contextlib.contextmanager
def categorical(recorder: Recorder):
    """torch's Categorical.sample(), by inverting the cumulative probabilities."""

    def sample(self):
        u = recorder.uniform((1,))
        return torch.searchsorted(self.probs.double().cumsum(0), u.double(), right=True)[0]

    with mock.patch.object(torch.distributions.Categorical, "sample", sample):
        yield


class Normal:
    """Stands for torch.distributions.Normal(0, std) inside torch-cam's extractors."""

    def __init__(self, recorder: Recorder, std: float):
        self.recorder, self.std = recorder, std

    def sample(self, shape) -> torch.Tensor:
        return self.recorder.normal(shape) * self.std


def by_sample(noise: torch.Tensor, samples: int) -> torch.Tensor:
    """(samples * draws, ...) as NoiseTunnel lays it out -> (draws, samples, ...)."""
    return noise.reshape(samples, -1, *noise.shape[1:]).transpose(0, 1).contiguous()
