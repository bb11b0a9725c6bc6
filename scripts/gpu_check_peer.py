#!/usr/bin/env python
"""The Python side of the check of a GPU: networks, reference values, times.

    gpu_check_peer.py --out FOLDER --device cuda:0

Needs torch; torchvision, grad-cam and torchcam are used where they are installed.
First says what it is, then answers each line on stdin by one line on stdout:

    {"packages": {"torch": "2.11.0"}, "gpu": "NVIDIA H100", "networks": [{"name": "resnet18", "layer": "layer4"}]}
    {"do": "write", "network": "resnet18"}
    {"file": "FOLDER/resnet18.pt"}
    {"do": "explain", "network": "resnet18", "layer": "layer4", "target": 7, "x": "x.npy"}
    {"output": "FOLDER/output.npy", "map": "FOLDER/map.npy"}
    {"do": "time", "what": "torch_cam", "network": "resnet18", "layer": "layer4", "target": 7,
     "batch": 8, "size": 224, "precision": "fp32", "n": 5}
    {"ms": [3.1, 3.0, 3.1, 3.2, 3.0]}

write    a scripted network with random weights and settled batch norms
explain  eager: output and Grad-CAM's raw map, TF32 off
time     milliseconds of n calls, one by one, from an array of the host to results
         there: forward, pytorch_grad_cam or torch_cam

Errors come back as {"error": "..."}.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Callable
from importlib import metadata

import numpy as np
import torch
from torch import nn

LAYERS = {
    "resnet18": "layer4",
    "resnet50": "layer4",
    "mobilenet_v2": "features.18",
    "densenet121": "features",
    "vgg11_bn": "features",
    "efficientnet_b0": "features",
    "convnext_tiny": "features",
    "shufflenet_v2_x1_0": "conv5",
}
PACKAGES = ("torch", "torchvision", "grad-cam", "torchcam", "numpy")
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def settled(model: nn.Module) -> nn.Module:
    """Batch norms see some noise, so that values neither vanish nor explode."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    model.train()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(4, 3, 96, 96, generator=generator))
    return model.eval().requires_grad_(False)


class Peer:
    """The networks, each built once."""

    def __init__(self, out: pathlib.Path, device: torch.device):
        self.out, self.device = out, device
        self.networks: dict[str, nn.Module] = {}
        out.mkdir(parents=True, exist_ok=True)

    def network(self, name: str) -> nn.Module:
        if name not in self.networks:
            import torchvision

            torch.manual_seed(1)
            self.networks[name] = settled(torchvision.models.get_model(name, weights=None))
        return self.networks[name]

    def write(self, r: dict) -> dict:
        path = self.out / f"{r['network']}.pt"
        torch.jit.save(torch.jit.script(self.network(r["network"]).cpu()), path)
        return {"file": str(path)}

    def explain(self, r: dict) -> dict:
        model = self.network(r["network"]).to(self.device)
        kept = {}

        def keep(_module: nn.Module, _inputs: object, value: torch.Tensor) -> torch.Tensor:
            kept["value"] = value.detach().requires_grad_(True)
            return kept["value"].clone()  # the next operator may write to it

        hook = model.get_submodule(r["layer"]).register_forward_hook(keep)
        try:
            with torch.enable_grad():
                y = model(torch.from_numpy(np.load(r["x"])).to(self.device))
                (gradient,) = torch.autograd.grad(y[:, r["target"]].sum(), kept["value"])
        finally:
            hook.remove()
        raw = (gradient.mean((2, 3), keepdim=True) * kept["value"]).sum(1)
        files = {"output": self.out / "output.npy", "map": self.out / "map.npy"}
        np.save(files["output"], y.detach().float().cpu().numpy())
        np.save(files["map"], raw.detach().float().cpu().numpy())
        return {k: str(v) for k, v in files.items()}

    def call(self, r: dict, model: nn.Module) -> Callable[[torch.Tensor], object]:
        if r["what"] == "forward":
            return lambda x: model(x).float().cpu()
        layer = model.get_submodule(r["layer"])
        if r["what"] == "pytorch_grad_cam":
            from pytorch_grad_cam import GradCAM
            from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

            cam = GradCAM(model=model, target_layers=[layer])
            return lambda x: cam(input_tensor=x, targets=[ClassifierOutputTarget(r["target"])] * len(x))
        from torchcam.methods import GradCAM as TorchCAM

        extractor = TorchCAM(model, target_layer=r["layer"])
        return lambda x: extractor([r["target"]] * len(x), model(x))[0].float().cpu()

    def time(self, r: dict) -> dict:
        dtype = PRECISIONS[r["precision"]]
        model = self.network(r["network"]).to(self.device, dtype)
        x = torch.randn(r["batch"], 3, r["size"], r["size"])
        times = []
        try:
            model.requires_grad_(r["what"] != "forward")  # as the libraries leave it
            call = self.call(r, model)
            with torch.set_grad_enabled(r["what"] != "forward"):
                for _ in range(r["n"] + 2):
                    start = time.perf_counter()
                    call(x.to(self.device, dtype))
                    if self.device.type == "cuda":
                        torch.cuda.synchronize(self.device)
                    times.append(1000 * (time.perf_counter() - start))
        finally:
            model.requires_grad_(False).float()
            for module in model.modules():  # what the libraries hooked
                module._forward_hooks.clear()
                module._backward_hooks.clear()
        return {"ms": times[2:]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print
    device = torch.device(args.device)
    found = packages()
    peer = Peer(args.out, device)
    networks = [{"name": n, "layer": layer} for n, layer in LAYERS.items()] if "torchvision" in found else []
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    print(json.dumps({"packages": found, "gpu": gpu, "networks": networks}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(peer, request["do"])(request)
        except Exception as error:  # the driver decides what it means
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
