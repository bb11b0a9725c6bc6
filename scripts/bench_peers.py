#!/usr/bin/env python
"""Times Python on request, so that one driver can alternate between Go and Python.

    bench_peers.py --out build/bench [--models NAME ...]

First writes, for each model, NAME.pt (scripted) and NAME.pth (state_dict) with
the same weights, and NAME.npy with eight images. Then answers each line on stdin
by one line on stdout:

    {"what": "fast_forward", "model": "resnet18", "layer": "layer4", "batch": 1, "threads": 1, "n": 5}
    {"what": "fast_forward", ..., "ms": [25.1, 25.3, 24.9, 25.0, 25.2]}

what        one call of
forward           the eager model under no_grad
fast_forward      torch.jit.optimize_for_inference of the scripted model
pytorch_grad_cam  GradCAM of pytorch-grad-cam, forward included, map at input size
torch_cam         GradCAM of torch-cam, forward included, map at the layer's size
captum            LayerGradCam of captum, forward included, raw map
NAME              a method of pytorch-grad-cam by its class: AblationCAM, ScoreCAM, EigenCAM
projection        EigenCAM's decomposition alone, of an activation computed before

A first request also warms up, uncounted. Errors come back as {"error": "..."}.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torchvision
from captum.attr import LayerGradCam
from parity_ref import zoo
from pytorch_grad_cam import AblationCAM, EigenCAM, GradCAM, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection
from torchcam.methods import GradCAM as TorchCam

MODELS: dict[str, Callable[[], torch.nn.Module]] = {
    "mobilenet_v2": zoo.mobilenet_v2,
    "resnet18": zoo.settled(torchvision.models.resnet18),
    "resnet50": zoo.settled(torchvision.models.resnet50),
    "densenet121": zoo.settled(torchvision.models.densenet121),
}
PEER_METHODS = {"AblationCAM": AblationCAM, "ScoreCAM": ScoreCAM, "EigenCAM": EigenCAM}
WARM_UPS = 3  # the profiling executor compiles in its first two or three runs
TARGET = 281


def write_models(names: list[str], out: pathlib.Path) -> None:
    """Models that are there already are kept: their weights are the measured ones."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        if all((out / f"{name}{suffix}").exists() for suffix in (".pt", ".pth", ".npy")):
            continue
        model = MODELS[name]()
        torch.save(model.state_dict(), out / f"{name}.pth")
        np.save(out / f"{name}.npy", torch.randn(8, 3, 224, 224, generator=torch.Generator().manual_seed(1)).numpy())
        torch.jit.save(torch.jit.script(model), out / f"{name}.pt")


class Bench:
    """Models and prepared calls, kept between requests."""

    def __init__(self, out: pathlib.Path):
        self.out = out
        self.models: dict[str, torch.nn.Module] = {}
        self.calls: dict[tuple, Callable[[], object]] = {}

    def model(self, name: str) -> torch.nn.Module:
        if name not in self.models:
            model = getattr(torchvision.models, name)(weights=None)
            model.load_state_dict(torch.load(self.out / f"{name}.pth", weights_only=True))
            self.models[name] = model.eval()
        return self.models[name]

    def prepare(self, what: str, name: str, layer: str, batch: int) -> Callable[[], object]:
        model = self.model(name)
        x = torch.from_numpy(np.load(self.out / f"{name}.npy")[:batch])
        if what == "forward":
            return torch.no_grad()(lambda: model(x))
        if what == "fast_forward":
            fast = torch.jit.optimize_for_inference(torch.jit.script(model))
            return torch.no_grad()(lambda: fast(x))
        module, targets = model.get_submodule(layer), [TARGET] * batch
        if what == "pytorch_grad_cam":
            return peer_grad_cam(model, module, x, targets)
        if what == "torch_cam":
            return peer_torch_cam(model, module, x, targets)
        if what == "captum":
            explainer = LayerGradCam(model, module)
            return lambda: explainer.attribute(x, target=targets)
        if what in PEER_METHODS:
            return peer_method(PEER_METHODS[what], model, module, x, targets)
        if what == "projection":
            activation = activation_of(model, module, x)
            return lambda: get_2d_projection(activation)
        raise ValueError(f"what {what!r}: see the head of this file")

    def measure(self, request: dict) -> list[float]:
        """Milliseconds of n calls, one by one."""
        what, name, layer = request["what"], request["model"], request.get("layer", "")
        batch, threads = request.get("batch", 1), request.get("threads", 1)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        key = (what, name, layer, batch, threads)
        fresh = key not in self.calls
        if fresh:
            self.calls[key] = self.prepare(what, name, layer, batch)
        call = self.calls[key]
        # A method of a thousand passes needs no warm-up, and has no time for it.
        for _ in range(0 if not fresh else 1 if what in PEER_METHODS else WARM_UPS):
            call()
        times = []
        for _ in range(request.get("n", 1)):
            started = time.perf_counter()
            call()
            times.append((time.perf_counter() - started) * 1e3)
        return times


def peer_grad_cam(model, module, x, targets) -> Callable[[], object]:
    """Hooks live only during the call, so that peers do not slow each other down."""

    def call():
        with GradCAM(model, [module]) as explainer:
            return explainer(input_tensor=x, targets=[ClassifierOutputTarget(t) for t in targets])

    return call


def peer_method(method, model, module, x, targets) -> Callable[[], object]:
    """Any method of pytorch-grad-cam, with its defaults."""

    def call():
        with method(model, [module]) as explainer:
            return explainer(input_tensor=x, targets=[ClassifierOutputTarget(t) for t in targets])

    return call


def activation_of(model, module, x) -> np.ndarray:
    kept = []
    handle = module.register_forward_hook(lambda _module, _inputs, value: kept.append(value))
    with torch.no_grad():
        model(x)
    handle.remove()
    return kept[0].numpy()


def peer_torch_cam(model, module, x, targets) -> Callable[[], object]:
    def call():
        with TorchCam(model, target_layer=module) as explainer:
            return explainer(targets, model(x))

    return call


def answer(bench: Bench, line: str) -> dict:
    try:
        request = json.loads(line)
        return {**request, "ms": [round(t, 4) for t in bench.measure(request)]}
    except Exception as err:  # the driver decides what a failed measurement means
        return {"error": f"{type(err).__name__}: {err}".splitlines()[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    write_models(options.models, options.out)
    bench = Bench(options.out)
    print(json.dumps({"ready": options.models, "torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(bench, line)), flush=True)


if __name__ == "__main__":
    main()
