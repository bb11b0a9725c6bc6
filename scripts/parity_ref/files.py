"""Writing what Go reads: .npy arrays and JSON."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import torch


class Folder:
    """A folder of results; names inside it are what the manifest mentions."""

    def __init__(self, root: pathlib.Path):
        self.root = root

    def path(self, name: str) -> pathlib.Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def array(self, name: str, value: torch.Tensor) -> str:
        """C order; <f4 for every float type, else <i8 or |u1. Returns the name."""
        value = value.detach()
        value = value.float() if value.is_floating_point() else value
        np.save(self.path(name), np.ascontiguousarray(value.numpy()))
        return name

    def json(self, name: str, value) -> None:
        self.path(name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
