#!/usr/bin/env python
"""Times Python on request, so that one driver can alternate between Go and Python.

    bench_peers.py --out build/bench

First says what it is, then answers each line on stdin by one line on stdout:

    {"capability": "AVX512", "versions": {"torch": "2.11.0", ...}}
    {"do": "write", "model": "resnet18", "size": 224}
    {}
    {"do": "time", "what": "torch_cam", "model": "resnet18", "layer": "layer4", "method": "gradcam",
     "target": 281, "batch": 1, "size": 224, "threads": 1, "n": 2}
    {"ms": [52.1, 52.3]}
    {"do": "result", ...as before...}
    {"file": "build/bench/result.npy"}

write   NAME.pt (scripted) and NAME.pth (state_dict) with the same weights, and
        images-SIZE.npy: 64 images at 224 pixels, one at any other size
time    milliseconds of n calls, one by one. Preparing (models, hooks) is not timed.
result  what the last of them returned, to be compared: maps, or scores of the class

what              one call
forward           the eager model under no_grad
fast_forward      torch.jit.optimize_for_inference of the scripted model
pytorch_grad_cam  a method of pytorch-grad-cam, forward included, maps at the input's size
torch_cam         a method of torch-cam, forward included, maps at the layer's size
captum            a method of captum, forward included, raw
projection        EigenCAM's decomposition in pytorch-grad-cam, of an activation computed before

Errors come back as {"error": "..."}.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import bench_methods
import cv2
import numpy as np
import threadpoolctl
import torch
import torchvision
from parity_ref import zoo
from torch import nn

PACKAGES = ("torch", "torchvision", "grad-cam", "torchcam", "captum", "numpy")


class Wide(nn.Module):
    """A slim MobileNetV2 whose last layer, wide, has as many channels as one likes."""

    def __init__(self, channels: int):
        super().__init__()
        self.features = torchvision.models.mobilenet_v2(width_mult=0.25).features
        self.wide = nn.Sequential(nn.Conv2d(1280, channels, 1), nn.ReLU())
        self.head = nn.Linear(channels, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.wide(self.features(x)).mean((2, 3)))


def builder(name: str) -> Callable[[], nn.Module]:
    """The parity zoo's networks, ResNet-50, and wide-CHANNELS."""
    if name.startswith("wide-"):
        return zoo.settled(lambda: Wide(int(name.removeprefix("wide-"))))
    if name == "resnet50":
        return zoo.settled(torchvision.models.resnet50)
    return next(entry.build for entry in zoo.ZOO if entry.name == name)


def write(out: pathlib.Path, name: str, size: int) -> None:
    """Files that are there already are kept: their weights are the measured ones."""
    out.mkdir(parents=True, exist_ok=True)
    if not all((out / f"{name}{suffix}").exists() for suffix in (".pt", ".pth")):
        model = builder(name)()
        torch.save(model.state_dict(), out / f"{name}.pth")
        torch.jit.save(torch.jit.script(model), out / f"{name}.pt")
    images = out / f"images-{size}.npy"
    if not images.exists():
        count = 64 if size == 224 else 1
        np.save(images, torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1)).numpy())


def pin(threads: int) -> None:
    """Everything that runs on several threads: torch, BLAS under numpy, OpenCV."""
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(limits=threads, user_api="blas")
    cv2.setNumThreads(threads)


def score_of(target: int) -> Callable[[object], torch.Tensor]:
    """(N, 1) of the class. A scripted GoogLeNet returns its logits in a tuple."""
    return lambda y: (y if isinstance(y, torch.Tensor) else y[0])[:, target : target + 1]


class Bench:
    """The prepared calls of one model, kept between requests."""

    def __init__(self, out: pathlib.Path):
        self.out = out
        self.name = ""
        self.model = nn.Module()
        self.calls: dict[tuple, bench_methods.Call] = {}
        self.results: dict[tuple, object] = {}

    def load(self, name: str) -> None:
        if name == self.name:
            return
        self.calls.clear()
        self.results.clear()
        self.model = builder(name)()
        self.model.load_state_dict(torch.load(self.out / f"{name}.pth", weights_only=True))
        self.model.eval()
        self.name = name

    def prepare(self, r: dict) -> bench_methods.Call:
        what, model, target = r["what"], self.model, r["target"]
        x = torch.from_numpy(np.load(self.out / f"images-{r['size']}.npy")[: r["batch"]])
        if what == "forward":
            return bench_methods.plain(torch.no_grad()(lambda: model(x)), score_of(target))
        if what == "fast_forward":
            fast = torch.jit.optimize_for_inference(torch.jit.script(model))
            return bench_methods.plain(torch.no_grad()(lambda: fast(x)), score_of(target))
        layer = r.get("layer", "")
        return bench_methods.prepare(what, r["method"], model, layer, x, [target] * r["batch"])

    def key(self, r: dict) -> tuple:
        return tuple(r.get(k) for k in ("what", "layer", "method", "target", "batch", "size", "threads"))

    def time(self, r: dict) -> list[float]:
        """Milliseconds of n calls, one by one."""
        self.load(r["model"])
        pin(r["threads"])
        key = self.key(r)
        if key not in self.calls:
            self.calls[key] = self.prepare(r)
        times = []
        # Hooks live only as long as they are needed, so that peers do not slow each other down.
        with self.calls[key].hooked() as call:
            for _ in range(r["n"]):
                started = time.perf_counter()
                self.results[key] = call()
                times.append(round((time.perf_counter() - started) * 1e3, 4))
        return times

    def result(self, r: dict) -> str:
        key = self.key(r)
        value = self.calls[key].value(self.results[key])
        value = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        path = self.out / "result.npy"
        np.save(path, np.ascontiguousarray(value, dtype=np.float32))
        return str(path)


def answer(bench: Bench, line: str) -> dict:
    try:
        request = json.loads(line)
        match request["do"]:
            case "write":
                write(bench.out, request["model"], request["size"])
                return {}
            case "time":
                return {"ms": bench.time(request)}
            case "result":
                return {"file": bench.result(request)}
        raise ValueError(f"do {request['do']!r}: see the head of this file")
    except Exception as err:  # the driver decides what a failed measurement means
        return {"error": f"{type(err).__name__}: {err}".splitlines()[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    bench = Bench(options.out)
    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    ready = {"capability": torch.backends.cpu.get_cpu_capability(), "versions": versions}
    print(json.dumps(ready), flush=True)
    answers, sys.stdout = sys.stdout, sys.stderr  # what the peers print is no answer
    for line in sys.stdin:
        print(json.dumps(answer(bench, line)), file=answers, flush=True)


if __name__ == "__main__":
    main()
