"""What a case is: a tiny network, its exported forms and the layers looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer address and what a hook on it must do."""

    address: str
    method: str = "forward"
    call_of: str | None = None  # the path under which eager Python counts the calls
    refused: str | None = None  # why no explanation may be given
    either: bool = False  # right values or a refusal, both are fine
    never_called: bool = False
    fallback: bool = False  # inside a branch or loop that only the run decides
    head_only: bool = False  # the refusal's cause is before the target
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    build: Callable[[], torch.nn.Module]
    about: str
    layers: list[Layer]
    forms: tuple[str, ...]
    inputs: Callable[[tuple[int, ...]], list[torch.Tensor]]
    target: str | None
    together: list[list[str]]
    dtype: torch.dtype
    tolerance: float
    export_training: bool
    unsteady: bool


CASES: list[Case] = []


def images(shape) -> list[torch.Tensor]:
    return [torch.rand(shape)]


def case(
    name: str,
    layers: list[Layer],
    forms: tuple[str, ...] = ("script", "trace", "frozen"),
    inputs: Callable[[Any], list[torch.Tensor]] = images,
    target: str | None = "",
    together: list[list[str]] | None = None,
    dtype: torch.dtype = torch.float32,
    tolerance: float = 1e-5,
    export_training: bool = False,
    unsteady: bool = False,
):
    """Registers the class below.

    target is the output that is explained; unsteady says that two runs of the
    exported file give different outputs, so that none is recorded.
    """

    def register(cls):
        CASES.append(
            Case(
                name,
                cls,
                cls.__doc__.strip(),
                layers,
                forms,
                inputs,
                target,
                together or [],
                dtype,
                tolerance,
                export_training,
                unsteady,
            )
        )
        return cls

    return register
