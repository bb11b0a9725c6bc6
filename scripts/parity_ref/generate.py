#!/usr/bin/env python
"""Computes the reference that the Go side is compared with, into build/parity/.

    generate.py [--out DIR] [--only NAME ...]

internal/parity/README.md describes what it writes. Every value comes from eager
PyTorch and is checked against a second, independent implementation: raw maps
against captum, maps against pytorch-grad-cam, the seed recipe against its plain
transcription. A reference that is zero everywhere proves nothing and is refused.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import time
import warnings

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from captum.attr import LayerGradCam  # noqa: E402
from PIL import Image  # noqa: E402
from pytorch_grad_cam import GradCAM  # noqa: E402
from pytorch_grad_cam.utils.image import show_cam_on_image  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402

from parity_ref import cam, export_forms, graph, photos, plan, recipes, seed, sensitivity, toy, zoo  # noqa: E402
from parity_ref.capture import Address, activation_and_gradient, one_hot  # noqa: E402
from parity_ref.compare import saturation  # noqa: E402
from parity_ref.files import Folder  # noqa: E402

TOLERANCE = 1e-5  # of the oracles among themselves, relative to the largest value


def agree(what: str, a: torch.Tensor, b: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    difference = (a - b).abs().max() / b.abs().max().clamp(min=1e-12)
    if not difference <= tolerance:
        raise AssertionError(f"{what}: two references differ by {difference:.2e} of the largest value")


def nonzero(what: str, value: torch.Tensor) -> None:
    per_sample = value.flatten(1).abs().amax(1)
    if not (per_sample > 0).all() or not torch.isfinite(per_sample).all():
        raise AssertionError(f"{what}: zero or not finite, so it proves nothing: {per_sample.tolist()}")


def peer_map(model, layer: zoo.Layer, x: torch.Tensor, targets: list[int]) -> torch.Tensor:
    """pytorch-grad-cam's own map."""
    reshape = None if layer.layout == "nchw" else lambda value: cam.spatial(value, layer.layout)
    with GradCAM(model, [model.get_submodule(layer.path)], reshape_transform=reshape) as explainer:
        maps = explainer(input_tensor=x, targets=[ClassifierOutputTarget(t) for t in targets])
    return torch.from_numpy(np.ascontiguousarray(maps))


def layer_entry(entry: zoo.Entry, model, layer: zoo.Layer, x, targets, frozen, out: Folder) -> dict:
    size = tuple(x.shape[2:])
    where = f"{entry.name}/b{len(targets)}/{layer.path}"
    address = Address.parse(layer.path)
    outputs, a, g = activation_and_gradient(model, (x,), address, lambda y: ("", one_hot(y[""], targets)))
    nonzero(f"{where}: gradient", g)
    raw = cam.gradcam(cam.spatial(a, layer.layout), cam.spatial(g, layer.layout))
    final = cam.normalised_map(raw, size)
    if layer.layout == "nchw":
        theirs = LayerGradCam(model, model.get_submodule(layer.path)).attribute(x, target=targets)
        agree(f"{where}: raw map against captum", raw, theirs.detach().squeeze(1))
    reference = "transcription"
    if not layer.inplace:
        theirs = peer_map(model, layer, x, targets)
        agree(f"{where}: map against pytorch-grad-cam", final, theirs)
        final, reference = theirs, "pytorch-grad-cam"

    arrays = {"activation": a, "gradient": g, "raw": raw, "map": final}
    measured = {}
    if entry.name != "toy":  # its logits are all equal, so the softmax has no gradient
        cotangents = {"logit": one_hot(outputs[""], targets), "softmax": cam.softmax_cotangent(outputs[""], targets)}
        arrays |= seed_arrays(where, model, layer, x, targets, a, outputs[""])
        # Before a layer norm the terms of the sum cancel, so it is judged by their size.
        terms = cam.spatial(a, layer.layout) * cam.spatial(arrays["seed_gradient"], layer.layout)
        scale = float(terms.abs().sum(1).max())
        measured = {
            "seed_scale": scale,
            "sensitivity": sensitivity.measure(model, layer, x, cotangents, arrays, scale),
        }

    result = {
        "layer": layer.path,
        "layout": layer.layout,
        "inplace": layer.inplace,
        "frozen": graph.address_of(frozen, (x,), a) if frozen is not None else None,
        "map_by": reference,
    }
    result |= measured
    for name, value in arrays.items():
        result[name] = out.array(f"{where}/{name}.npy", value)
    if len(targets) == 1 and x.shape[1:] == (3, 224, 224):
        base = np.float32(Image.open(out.path("images/base.png"))) / 255
        picture = show_cam_on_image(base, final[0].numpy(), use_rgb=True)
        result["overlay"] = f"{where}/overlay.png"
        Image.fromarray(picture).save(out.path(result["overlay"]))
    return result


def seed_arrays(where: str, model, layer: zoo.Layer, x, targets, a, output) -> dict[str, torch.Tensor]:
    """The seed recipe's gradient (of the softmax), raw map and map."""
    softmax = cam.softmax_cotangent(output, targets)
    _, _, seed_g = activation_and_gradient(model, (x,), Address.parse(layer.path), lambda y: ("", softmax))
    seed_raw = cam.elementwise(cam.spatial(a, layer.layout), cam.spatial(seed_g, layer.layout))
    seed_map = cam.plain_map(seed_raw, tuple(x.shape[2:]))
    nonzero(f"{where}: seed gradient", seed_g)
    if layer.layout == "nchw" and not layer.inplace:
        plain = seed.compute_gradcam(model, x, model.get_submodule(layer.path)).squeeze(1)
        p = min(output.softmax(1).max().item(), 0.9999)
        agree(f"{where}: seed map", seed_map, plain, TOLERANCE + saturation(1 - p))
    return {"seed_gradient": seed_g, "seed_raw": seed_raw, "seed_map": seed_map}


def model_entry(entry: zoo.Entry, model, out: Folder) -> dict:
    """The network's files, and two recipes stage by stage on every layer."""
    size_of = plan.images_of(entry)
    forms, frozen = {}, None
    for form in entry.forms:
        path = out.path(f"{entry.name}/{form}.pt")
        module = export_forms.export(model, form, (size_of(1),), path)
        forms[form] = {
            "file": f"{entry.name}/{form}.pt",
            "output": entry.output if form in ("script", "reloaded") else "",
        }
        frozen = module if form == "frozen" else frozen
    batches = []
    for size in (1, 3):
        x = size_of(size)
        with torch.no_grad():
            y = model(x)
        nonzero(f"{entry.name}: output", y)
        targets = [0] * size if entry.name == "toy" else y.argmax(1).tolist()
        batches.append(
            {
                "size": size,
                "input": out.array(f"{entry.name}/b{size}/input.npy", x),
                "output": out.array(f"{entry.name}/b{size}/output.npy", y),
                "targets": targets,
                "probabilities": [float(p[t]) for p, t in zip(y.softmax(1), targets, strict=True)],
                "layers": [layer_entry(entry, model, layer, x, targets, frozen, out) for layer in entry.layers],
            }
        )
    if entry.name == "toy":
        check_exact(batches[0], out)
    return {"name": entry.name, "about": entry.about, "forms": forms, "batches": batches}


def with_methods(entry: zoo.Entry, out: Folder) -> dict:
    """The network's stages, and the cases of methods on it."""
    started = time.monotonic()
    model = entry.build()
    described = model_entry(entry, model, out)
    halfway = time.monotonic()
    book = plan.cases(entry, model, out)
    inputs = {size: plan.images_of(entry)(size) for size in (1, 3)}
    recipes.add(described["batches"], inputs, book)
    print(
        f"{entry.name:20} {', '.join(described['forms'])}: {halfway - started:.1f} s, "
        f"{len(book.cases)} cases of methods: {time.monotonic() - halfway:.1f} s",
        flush=True,
    )
    described["folds"] = any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules())
    return described | {"cases": book.cases, "reasons": book.reasons}


def check_exact(batch: dict, out: Folder) -> None:
    """The reference itself must give the published values."""
    for layer in batch["layers"]:
        raw = np.load(out.path(layer["raw"]))[0]
        if not np.array_equal(raw, np.float32(toy.GRADCAM[layer["layer"]])):
            raise AssertionError(f"toy {layer['layer']}: {raw.tolist()} is not what is published")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/parity"))
    parser.add_argument("--only", nargs="*", metavar="NAME", help="models of the zoo")
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    warnings.simplefilter("ignore")
    out = Folder(options.out)
    photos.cropped(photos.ROOT / "examples/photos/chelsea.png").save(out.path("images/base.png"))
    chosen = [e for e in zoo.ZOO if not options.only or e.name in options.only]
    models = [with_methods(entry, out) for entry in chosen]
    heads = [plan.head(name, out) for name in plan.HEADS]
    photos.write(zoo.mobilenet_v2(), out)
    out.json("manifest.json", {"torch": torch.__version__.split("+")[0], "models": models, "heads": heads})


if __name__ == "__main__":
    main()
