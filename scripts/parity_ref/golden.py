#!/usr/bin/env python
"""Writes testdata/golden/: reference values small enough to commit.

    golden.py [--out DIR]

toy            the parity entry of captum's toy network, files and values
mobilenet_v2   examples/models/mobilenet_v2.pt on the sample photos

internal/parity/README.md says what the keys mean; photos.json adds, for each
photo, `crop` (the 224x224 pixels that the network sees) and its `top` five.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from export import copy_without_debug  # noqa: E402

from parity_ref import cam, generate, photos, zoo  # noqa: E402
from parity_ref.capture import Address, activation_and_gradient, one_hot  # noqa: E402
from parity_ref.files import Folder  # noqa: E402

LAYER = "features.18"


def write_toy(out: Folder) -> None:
    entry = generate.model_entry(zoo.ZOO[0], zoo.ZOO[0].build(), out)
    for form in entry["forms"].values():
        path = out.path(form["file"])
        with tempfile.TemporaryDirectory() as folder:
            kept = pathlib.Path(folder, path.name)
            copy_without_debug(path, kept)
            path.write_bytes(kept.read_bytes())
    out.json("manifest.json", {"torch": torch.__version__.split("+")[0], "models": [entry]})


def write_photos(out: Folder) -> None:
    model = zoo.mobilenet_v2()
    entries = [photo_entry(model, path, out, whole=path.stem == "chelsea") for path in photos.PHOTOS]
    about = {"model": "examples/models/mobilenet_v2.pt", "layer": LAYER, "photos": entries}
    out.json("mobilenet_v2/photos.json", about)


def photo_entry(model, path: pathlib.Path, out: Folder, whole: bool) -> dict:
    """One photo's values; whole adds the large arrays."""
    x = photos.pil(path)[None]
    where = f"mobilenet_v2/{path.stem}"
    with torch.no_grad():
        y = model(x)
    target = int(y.argmax())
    _, a, g = activation_and_gradient(model, (x,), Address(LAYER), lambda out: ("", one_hot(out[""], target)))
    softmax = cam.softmax_cotangent(y, [target])
    _, _, seed_g = activation_and_gradient(model, (x,), Address(LAYER), lambda out: ("", softmax))
    raw, seed_raw = cam.gradcam(a, g), cam.elementwise(a, seed_g)
    arrays = {"output": y, "raw": raw, "seed_raw": seed_raw, "map": cam.normalised_map(raw, (224, 224))}
    if whole:
        arrays |= {"activation": a, "gradient": g, "seed_map": cam.plain_map(seed_raw, (224, 224))}
    photos.cropped(path).save(out.path(f"{where}/crop.png"), optimize=True)
    best = y.softmax(1)[0].topk(5)
    return {
        "file": str(path.relative_to(photos.ROOT)),
        "crop": f"{where}/crop.png",
        "target": target,
        "top": [
            {"index": int(i), "label": photos.LABELS[i], "probability": float(v)} for v, i in zip(*best, strict=True)
        ],
        **{name: out.array(f"{where}/{name}.npy", value) for name, value in arrays.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=photos.ROOT / "testdata/golden")
    out = Folder(parser.parse_args().out)
    torch.set_num_threads(1)
    write_toy(out)
    write_photos(out)


if __name__ == "__main__":
    main()
