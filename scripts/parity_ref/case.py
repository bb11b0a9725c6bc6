"""One comparison: a method with options, on a network, an input and layers.

internal/parity/README.md describes what is written of it.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable

import torch

from . import zoo
from .files import Folder
from .sensitivity import moved

SEEDS = 1

GRADCAM = "pytorch-grad-cam 1.5.7"
CAPTUM = "captum 0.9"
TORCHCAM = "torch-cam 0.5"
PLAIN = "plain transcription"


@dataclasses.dataclass
class Found:
    """What an oracle returned: raw maps by layer, the finished map if it makes one,
    the targets' scores where they are compared; and the random numbers that it drew,
    by kind, (draws, samples, values...)."""

    raw: list[torch.Tensor] = dataclasses.field(default_factory=list)
    map: torch.Tensor | None = None
    score: torch.Tensor | None = None
    draws: dict[str, torch.Tensor] = dataclasses.field(default_factory=dict)

    def arrays(self) -> dict[str, torch.Tensor]:
        named = {f"raw{i}": value for i, value in enumerate(self.raw)}
        named |= {"map": self.map, "score": self.score}
        return {name: value for name, value in named.items() if value is not None}


@dataclasses.dataclass
class Case:
    """What the Go side needs to do the same, and what must come out.

    targets: one a sample, in the grammar of gradcam.ParseTarget.
    options: fields of the method's Go struct.
    smoothing, compat: options of the explainer.
    label: what the table calls it, when the method is not what is compared.
    arrays: other inputs of the method or target: a feature mask, baselines.
    sign: the oracle's map has an arbitrary sign, sample by sample.
    scale: what raw differences are relative to; default the largest value.
    skip: form -> why that form is not comparable.
    """

    method: str
    oracle: str
    x: torch.Tensor
    targets: list[str]
    found: Found
    layers: tuple[zoo.Layer, ...] = ()
    options: dict = dataclasses.field(default_factory=dict)
    arrays: dict[str, torch.Tensor] = dataclasses.field(default_factory=dict)
    sensitivity: dict[str, float] = dataclasses.field(default_factory=dict)
    smoothing: str = ""
    compat: str = ""
    label: str = ""
    sign: bool = False
    tolerance: float = 1e-5
    scale: float | None = None
    skip: dict[str, str] = dataclasses.field(default_factory=dict)


def classes(targets: list) -> list[str]:
    return [str(t) for t in targets]


def up_to_sign(found: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Each sample with the sign that is closer to the other's."""
    rows = [min((a, -a), key=lambda v, b=b: float((v - b).abs().max())) for a, b in zip(found, like, strict=True)]
    return torch.stack(rows)


def measure(found: Found, others: list[Found], sign: bool = False) -> dict[str, float]:
    """How far the oracle's own values move, relative to the largest, by array."""
    worst: dict[str, float] = {}
    for other in others:
        for name, value in found.arrays().items():
            there = other.arrays()[name]
            if sign and name != "map":
                there = up_to_sign(there, value)
            scale = 1.0 if name == "map" else float(value.abs().max())
            worst[name] = max(worst.get(name, 0.0), float((there - value).abs().max()) / scale)
    return worst


class Book:
    """Writes cases of one network."""

    def __init__(self, name: str, out: Folder):
        self.name, self.out, self.cases, self.reasons = name, out, [], []

    def reason(self, method: str, oracle: str, text: str, place: str = "") -> None:
        """Why the method is not compared with the oracle, or not in full: at a place,
        or everywhere."""
        reason = {"method": method, "oracle": oracle, "place": place, "text": text}
        if reason not in self.reasons:
            self.reasons.append(reason)

    def compare(
        self, method: str, oracle: str, run: Callable[[torch.Tensor], Found], x: torch.Tensor, targets: list, **case
    ) -> None:
        """Adds the oracle's values for x, with how far they move with it. Targets are
        classes, or in the grammar of gradcam.ParseTarget."""
        found = run(x)
        others = [run(moved(x, seed)) for seed in range(SEEDS)]
        moves = measure(found, others, case.get("sign", False))
        self.add(Case(method, oracle, x, classes(targets), found, sensitivity=moves, **case))

    def add(self, case: Case) -> None:
        where = f"{self.name}/methods/{len(self.cases):03d}-{case.method}"
        self._check(where, case)
        entry = {k: v for k, v in vars(case).items() if k not in ("x", "found", "layers", "arrays")}
        entry |= {"model": self.name, "layers": [layer.path for layer in case.layers]}
        entry["input"] = self.shared(case.x)
        for kind, named in {"want": case.found.arrays(), "draws": case.found.draws, "arrays": case.arrays}.items():
            entry[kind] = {n: self.out.array(f"{where}/{kind}-{n}.npy", v) for n, v in named.items()}
        self.cases.append(entry)

    def shared(self, x: torch.Tensor) -> str:
        """Inputs are written once, however many cases they have."""
        mark = zlib.crc32(x.contiguous().numpy().tobytes())
        name = f"{self.name}/methods/input-{mark:08x}.npy"
        return name if self.out.path(name).exists() else self.out.array(name, x)

    @staticmethod
    def _check(where: str, case: Case) -> None:
        """A reference of zeros, or one that is no number, proves nothing."""
        for name, value in case.found.arrays().items():
            if not torch.isfinite(value).all() or not value.any():
                raise AssertionError(f"{where}: {name} is all zero or not finite")
