#!/usr/bin/env python
"""Compares committed reference values with freshly computed ones.

    compare.py COMMITTED FRESH

Every committed .npy and .json must be there again with the same values: arrays
within 1e-5 of their largest value (other processors round differently), those of
a probability's gradient within what float32 keeps of it, numbers in JSON within
1e-5, all else exactly. Hashes of model files are not compared.
"""

from __future__ import annotations

import json
import pathlib
import sys

import numpy as np

TOLERANCE = 1e-5
COARSE = {"half_model": 1e-2, "bfloat16_model": 5e-2}  # cases in 16 bits


def saturation(rest: float) -> float:
    """What float32 autograd loses of a softmax's gradient, relative to its largest
    value, where the probability is 1 - rest."""
    return 2e-6 / rest


def limit(array: pathlib.Path) -> float:
    """What two right computations may differ by."""
    if not array.stem.startswith("seed_"):
        return COARSE.get(array.parent.name, TOLERANCE)
    folders = (array.parent, array.parent.parent)
    output = np.load(next(f / "output.npy" for f in folders if (f / "output.npy").exists())).astype(np.float64)
    rest = 1 - 1 / np.exp(output - output.max(-1, keepdims=True)).sum(-1)
    return TOLERANCE + saturation(float(rest.min()))


def array_problem(committed: pathlib.Path, fresh: pathlib.Path) -> str | None:
    a, b = np.load(committed), np.load(fresh)
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"is {a.dtype}{list(a.shape)}, now {b.dtype}{list(b.shape)}"
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return "NaNs moved"
    a, b = np.nan_to_num(a).astype(np.float64), np.nan_to_num(b).astype(np.float64)
    difference = np.abs(a - b).max() / max(np.abs(a).max(), 1e-12) if a.size else 0.0
    return f"differs by {difference:.2e} of its largest value" if difference > limit(committed) else None


def json_problem(a, b, where: str = "") -> str | None:
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return f"{where}: keys differ: {sorted(a.keys() ^ b.keys())}"
        pairs = [(a[k], b[k], f"{where}.{k}") for k in a]
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} entries, now {len(b)}"
        pairs = [(x, y, f"{where}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True))]
    elif isinstance(a, float) and isinstance(b, float):
        return None if abs(a - b) <= TOLERANCE else f"{where}: {a}, now {b}"
    else:
        return None if a == b else f"{where}: {a!r}, now {b!r}"
    return next((found for pair in pairs if (found := json_problem(*pair))), None)


def problem(committed: pathlib.Path, fresh: pathlib.Path) -> str | None:
    if not fresh.exists():
        return "is no longer written"
    if committed.suffix == ".npy":
        return array_problem(committed, fresh)
    if committed.suffix == ".json":
        return json_problem(json.loads(committed.read_text()), json.loads(fresh.read_text()))
    return None


def main() -> int:
    committed, fresh = map(pathlib.Path, sys.argv[1:3])
    names = sorted(p.relative_to(committed) for p in committed.rglob("*") if p.suffix in (".npy", ".json", ".pt"))
    problems = [f"{committed / n}: {found}" for n in names if (found := problem(committed / n, fresh / n))]
    for line in problems:
        print(line, file=sys.stderr)
    print(f"{committed}: {len(names) - len(problems)} of {len(names)} files as computed now")
    return 1 if problems or not names else 0


if __name__ == "__main__":
    sys.exit(main())
