#!/usr/bin/env python
"""Compares an explanation by Torchlight with eager PyTorch, stage by stage.

    parity.py --module mypackage.nets:build --checkpoint best.pth --model net.pt --layer features.18
    parity.py --module torchvision:mobilenet_v2 --checkpoint w.pth --model net.pt --input batch.npy

Runs `torchlight explain` on the input and the same input through the module in
Python, and prints the largest difference of every stage:

    stage        max abs     max rel   limit
    output       1.9e-06     2.1e-07   1e-05

By default the command folds batch norms, which changes rounding: deep networks
amplify that to some 1e-5. --exact runs the operators of the file as they are; what
still differs then is no rounding.

Relative means: to the largest value of Python's. Exit code 0 when every stage is
within --tolerance, 1 when one is not, 2 when a side could not run. The activation
is what the submodule returned, even when the next operation overwrites it.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import export
import numpy as np
import torch
from parity_ref import cam, replay
from parity_ref.capture import Address, activation_and_gradient, one_hot, outputs_by_name
from parity_ref.case import up_to_sign

STAGES = ("input", "output", "activation", "gradient", "raw", "map")
# Formulas of one layer's activation and gradient: pytorch-grad-cam's own classes.
FORMULAS = replay.CHEAP | replay.EIGEN


def explain(options, x: pathlib.Path, folder: pathlib.Path) -> tuple[list[dict], dict[str, np.ndarray]]:
    """What the command makes of x.npy: its JSON objects by sample and its arrays."""
    command = [options.torchlight, "explain", "--model", options.model, "--out", str(folder)]
    command += ["--target", options.target, "--method", options.method, "--save", "input,activation,gradient,output"]
    command += ["--layer", options.layer] if options.layer else []
    command += ["--exact"] if options.exact else []
    try:
        done = subprocess.run([*command, str(x)], capture_output=True, text=True)
    except OSError as err:
        raise export.Problem(f"{options.torchlight}: {err.strerror}; build it with make build") from err
    if done.returncode != 0:
        raise export.Problem(f"{' '.join(command[:2])} failed: {done.stderr.strip() or done.returncode}")
    arrays = {stage: np.load(folder / f"{x.stem}.{stage}.npy") for stage in STAGES}
    return read_samples(folder / f"{x.stem}.json"), arrays


def read_samples(path: pathlib.Path) -> list[dict]:
    """One object, a list of them, or one a line; in the order of `sample`."""
    text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    samples = found if isinstance(found, list) else [found]
    return sorted(samples, key=lambda sample: sample.get("sample", 0))


def layout_of(activation: torch.Tensor, raw_shape: tuple[int, ...]) -> str:
    """How the activation is laid out, seen from the map that was made of it."""
    height, width = raw_shape[1:]
    if activation.dim() == 4 and tuple(activation.shape[2:]) == (height, width):
        return "nchw"
    if activation.dim() == 4 and tuple(activation.shape[1:3]) == (height, width):
        return "nhwc"
    if activation.dim() == 3 and activation.shape[1] == 1 + height * width:
        return "tokens"
    raise export.Problem(f"no layout takes an activation {tuple(activation.shape)} to a map {tuple(raw_shape)}")


def raw_map(method: str, a: torch.Tensor, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The method's raw map of A and G, (N, C, h, w)."""
    if method in FORMULAS:
        return replay.run(FORMULAS[method][0], [a], [g], x).raw[0]
    return (cam.elementwise if method == "seed" else cam.gradcam)(a, g)


def reference(model, x: torch.Tensor, samples: list[dict], raw: np.ndarray, output: str) -> dict[str, torch.Tensor]:
    """The same stages in eager Python, for the layer and targets of the samples.

    Where the method's sign is arbitrary it is that of the command's raw map.
    """
    address = Address.parse(samples[0]["layer"])
    targets = [sample["target"]["index"] for sample in samples]
    method = samples[0]["method"]
    seed = method == "seed"

    def cotangent(outputs):
        y = outputs[output]
        return output, cam.softmax_cotangent(y, targets) if seed else one_hot(y, targets)

    outputs, a, g = activation_and_gradient(model, (x,), address, cotangent)
    layout = layout_of(a, raw.shape)
    ours = raw_map(method, cam.spatial(a, layout), cam.spatial(g, layout), x)
    if method in FORMULAS and FORMULAS[method][1]:
        ours = up_to_sign(ours, torch.from_numpy(raw))
    finish = cam.plain_map if seed else cam.normalised_map
    found = {"input": x, "output": outputs[output], "activation": a, "gradient": g}
    return found | {"raw": ours, "map": finish(ours, tuple(x.shape[2:]))}


def compare(theirs: dict[str, np.ndarray], ours: dict[str, torch.Tensor], tolerance: float) -> bool:
    """Prints the table; True when every stage is within tolerance."""
    good = True
    print(f"{'stage':12}{'max abs':>12}{'max rel':>12}{'limit':>10}")
    for stage in STAGES:
        a, b = theirs[stage].astype(np.float64), ours[stage].double().numpy()
        if a.shape != b.shape:
            print(f"{stage:12}shape {a.shape}, Python {b.shape}")
            good = False
            continue
        difference, scale = np.abs(a - b).max(), np.abs(b).max()
        # `not <=` so that a NaN fails; a reference of zeros proves nothing.
        wrong = bool(not difference <= tolerance * scale or scale == 0)
        print(f"{stage:12}{difference:12.1e}{difference / max(scale, 1e-300):12.1e}{tolerance:10.0e}{'  <--' * wrong}")
        good = good and not wrong
    return good


def make_input(options, folder: pathlib.Path) -> pathlib.Path:
    if options.input:
        return pathlib.Path(options.input)
    size = export.both(options.size)
    x = torch.rand(2, options.channels, *size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    np.save(folder / "random.npy", x.numpy())
    return folder / "random.npy"


def options_from(argv: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--module", required=True, help="pkg:fn, file.py:fn or torchvision:NAME")
    p.add_argument("--checkpoint", metavar="W.pth", help="state_dict of the module; default: that of the model file")
    p.add_argument("--args", nargs="*", default=[], metavar="NAME=VALUE", help="keyword arguments of the module")
    p.add_argument("--model", required=True, metavar="M.pt")
    p.add_argument("--input", metavar="x.npy", help="(N,C,H,W), preprocessed; default: two random images")
    p.add_argument("--size", nargs="+", type=int, default=[224], metavar="N", help="of the random images")
    p.add_argument("--channels", type=int, default=3)
    p.add_argument("--layer", help="default: the one the command chooses")
    p.add_argument("--method", choices=["gradcam", "seed", *FORMULAS], default="gradcam")
    p.add_argument("--target", default="top1")
    p.add_argument("--output-name", default="", help="which output of the module, when it returns several")
    p.add_argument("--exact", action="store_true", help="nothing folded: the operators of the file as they are")
    p.add_argument("--tolerance", type=float, default=1e-5)
    p.add_argument("--torchlight", default="bin/torchlight", help="the command")
    return p.parse_args(argv)


def run(options) -> bool:
    model = export.build(options.module, export.parse_arguments(options.args))
    if options.checkpoint:
        export.load_weights(model, options.checkpoint)
    else:
        try:
            state = torch.jit.load(options.model, map_location="cpu").state_dict()
            model.load_state_dict(state)
        except (RuntimeError, ValueError) as err:
            raise export.Problem(f"{options.model}: no weights for the module: {export.first_line(err)}") from err
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = make_input(options, folder)
        x = torch.from_numpy(np.load(path)).float()
        samples, theirs = explain(options, path, folder)
        with torch.no_grad():
            names = list(outputs_by_name(model(x)))
        if options.output_name not in names:
            raise export.Problem(
                f"--output-name {options.output_name!r}: the module returns {', '.join(map(repr, names))}"
            )
        ours = reference(model, x, samples, theirs["raw"], options.output_name)
    print(f"{options.model}, layer {samples[0]['layer']}, method {samples[0]['method']}, {len(samples)} samples")
    good = compare(theirs, ours, options.tolerance)
    if not good and not options.exact:
        print("folding batch norms changes rounding and may be the cause; run again with --exact to see")
    return good


def main(argv: list[str] | None = None) -> int:
    try:
        return 0 if run(options_from(argv)) else 1
    except (export.Problem, LookupError, OSError) as err:
        print(f"parity.py: {export.first_line(err)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
