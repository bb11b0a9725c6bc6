#!/usr/bin/env python
"""Writes testdata/models/: tiny TorchScript files and the values Python gives.

    build.py [--out DIR]

`scripts/parity golden` runs it with the pinned packages; `scripts/parity` runs
it into a scratch folder and compares with what is committed.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import warnings
import zlib

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import broken  # noqa: E402
import models  # noqa: E402, F401  (these register the cases, in this order)
import models_control  # noqa: E402, F401
import models_convolutions  # noqa: E402, F401
import models_ends  # noqa: E402, F401
import models_rules  # noqa: E402, F401
from cases import CASES, Case, Layer  # noqa: E402
from export import save_without_debug  # noqa: E402
from parity_ref import graph  # noqa: E402
from parity_ref.capture import Address, activation_and_gradient, one_hot, outputs_by_name  # noqa: E402

SHAPE = (2, 3, 8, 8)
TARGET = 1  # class index explained, for every sample


def settle(model: torch.nn.Module) -> None:
    """Gives batch norms statistics and affine values that are not 0 and 1."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
            if module.track_running_stats:
                torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5)


def export(model: torch.nn.Module, form: str, inputs) -> torch.jit.ScriptModule:
    """One form of the model as a ScriptModule, as users make them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; traces warn of constants
        if form == "script":
            return torch.jit.script(model)
        if form == "trace":
            return torch.jit.trace(model, tuple(inputs), check_trace=False, strict=False)
        if form == "trace_nograd":
            with torch.no_grad():
                return torch.jit.trace(model, tuple(inputs), check_trace=False)
        if form == "frozen":
            return torch.jit.freeze(torch.jit.script(model).eval())
    raise ValueError(f"form {form}: want script, trace, trace_nograd or frozen")


def save_array(folder: pathlib.Path, name: str, value: torch.Tensor) -> str:
    """Writes a C-ordered little-endian .npy: <f4 for every float type, else <i8."""
    value = value.float() if value.is_floating_point() else value
    array = np.ascontiguousarray(value.detach().numpy()).reshape(tuple(value.shape))  # a scalar stays one
    np.save(folder / name, array)
    return f"{folder.name}/{name}"


def layer_entry(c: Case, layer: Layer, model, inputs, folder, frozen) -> dict:
    entry: dict = {"layer": layer.address}
    for key in ("method", "fallback", "either", "never_called", "refused", "note"):
        value = getattr(layer, key)
        if value and value != "forward":
            entry[key] = value
    if layer.refused or layer.never_called:
        return entry
    address = Address.parse(layer.address, layer.method)
    if layer.call_of:
        address = Address(layer.call_of, 1, None, layer.method)
    _, activation, gradient = activation_and_gradient(
        model, [x.clone() for x in inputs], address, lambda out: (c.target, one_hot(out[c.target], TARGET))
    )
    stem = layer.address.replace("@", ".call").replace(":", ".element")
    entry["activation"] = save_array(folder, f"{stem}.activation.npy", activation)
    entry["gradient"] = save_array(folder, f"{stem}.gradient.npy", gradient)
    if frozen is not None:
        entry["frozen"] = graph.address_of(frozen, inputs, activation, max(c.tolerance, 1e-4))
    return entry


def build(c: Case, out: pathlib.Path) -> dict:
    """Exports one case and returns its manifest entry."""
    torch.manual_seed(zlib.crc32(c.name.encode()))
    model = c.build()
    settle(model)
    model = model.to(c.dtype).eval() if c.dtype != torch.float32 else model.eval()
    given = c.inputs(SHAPE)
    inputs = [x.to(c.dtype) if x.is_floating_point() else x for x in given]
    folder = out / c.name
    folder.mkdir(parents=True, exist_ok=True)
    entry: dict = {"name": c.name, "about": c.about, "dtype": str(c.dtype).split(".")[1], "tolerance": c.tolerance}

    # Hooks that exist only in Python must not run while exporting, and models
    # that remember must be exported before they ran.
    model.train(c.export_training)
    entry["files"], frozen = {}, None
    for form in c.forms:
        module = export(model, form, [x.clone() for x in inputs])
        save_without_debug(module, folder / f"{form}.pt")
        entry["files"][form] = f"{c.name}/{form}.pt"
        frozen = module if form == "frozen" else frozen
    model.eval()

    entry["inputs"] = [save_array(folder, f"input{i}.npy", x) for i, x in enumerate(given)]
    with torch.no_grad():
        outputs = outputs_by_name(model(*[x.clone() for x in inputs]))
    entry["outputs"] = [
        {"name": name, "file": save_array(folder, f"output{'.' + name if name else ''}.npy", value)}
        for name, value in outputs.items()
        if not c.unsteady
    ]
    if c.target is not None and not c.unsteady:
        cotangent = one_hot(outputs[c.target], TARGET)
        entry["target"] = {
            "output": c.target,
            "index": TARGET,
            "cotangent": save_array(folder, "cotangent.npy", cotangent),
        }
    entry["layers"] = [layer_entry(c, layer, model, inputs, folder, frozen) for layer in c.layers]
    if c.together:
        entry["together"] = c.together
    return entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "testdata/models"
    )
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cases = [build(c, out) for c in CASES]
    manifest = {
        "about": "Written by scripts/golden/build.py; see README.md.",
        "torch": torch.__version__.split("+")[0],
        "cases": cases + [broken.saved_on_a_gpu(out, cases)],
        "broken": broken.write_all(out),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
