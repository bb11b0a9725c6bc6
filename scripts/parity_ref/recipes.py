"""Grad-CAM and the seed's recipe as cases: their arrays are there already."""

from __future__ import annotations

from .case import GRADCAM, PLAIN, Book, classes
from .compare import saturation


def add(batches: list[dict], inputs: dict[int, object], book: Book) -> None:
    """One case each for every layer and batch that generate.py described."""
    for batch in batches:
        common = {"model": book.name, "input": book.shared(inputs[batch["size"]]), "targets": classes(batch["targets"])}
        tolerance = 1e-5 + saturation(1 - max(batch["probabilities"]))
        for layer in batch["layers"]:
            book.cases.append(common | described(layer, "gradcam", GRADCAM, "", 1e-5, None))
            if "seed_raw" in layer:
                scale = layer["seed_scale"]
                book.cases.append(common | described(layer, "seed", PLAIN, "seed_", tolerance, scale))


def described(layer: dict, method: str, oracle: str, prefix: str, tolerance: float, scale: float | None) -> dict:
    moved = layer.get("sensitivity", {})
    return {
        "method": method,
        "oracle": oracle,
        "layers": [layer["layer"]],
        "options": {},
        "tolerance": tolerance,
        "scale": scale,
        "want": {"raw0": layer[f"{prefix}raw"], "map": layer[f"{prefix}map"]},
        "sensitivity": {"raw0": moved.get(f"{prefix}raw", 0.0), "map": moved.get(f"{prefix}map", 0.0)},
    }
