"""The sample photos, and the same pixels in other encodings, through torchvision's transforms."""

from __future__ import annotations

import pathlib
import warnings

import torch
from PIL import Image
from torchvision import transforms
from torchvision.models import MobileNet_V2_Weights

from .files import Folder

ROOT = pathlib.Path(__file__).resolve().parents[2]
PHOTOS = tuple(sorted((ROOT / "examples/photos").glob("*.[jp][pn]g")))
LABELS = MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]
NORMALIZE = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def load(path: pathlib.Path) -> Image.Image:
    """As torchvision's ImageFolder does."""
    with Image.open(path) as image:
        return image.convert("RGB")


def cropped(path: pathlib.Path) -> Image.Image:
    """The 224x224 pixels that the network sees, 8 bits."""
    return transforms.CenterCrop(224)(transforms.Resize(256)(load(path)))


def pil(path: pathlib.Path) -> torch.Tensor:
    """(3, 224, 224) by transforms on the PIL image."""
    return NORMALIZE(transforms.ToTensor()(cropped(path)))


def tensor(path: pathlib.Path) -> torch.Tensor:
    """(3, 224, 224) by transforms on the float tensor."""
    steps = [transforms.ToTensor(), transforms.Resize(256, antialias=True), transforms.CenterCrop(224), NORMALIZE]
    return transforms.Compose(steps)(load(path))


def batch(size: int) -> torch.Tensor:
    """(size, 3, 224, 224): the sample photos, the cat first."""
    order = sorted(PHOTOS, key=lambda p: p.stem != "chelsea")
    return torch.stack([pil(path) for path in order[:size]])


def variants(out: Folder) -> list[pathlib.Path]:
    """The cat in every encoding that a loader has to handle."""
    cat = load(ROOT / "examples/photos/chelsea.png")
    grey16 = Image.fromarray(
        (torch.arange(256 * 300).reshape(256, 300).remainder(65536).int().numpy()).astype("uint16")
    )
    alpha = cat.copy()
    alpha.putalpha(cat.convert("L"))
    made = []
    for name, image, options in (
        ("cat-444.jpg", cat, {"quality": 90, "subsampling": "4:4:4"}),
        ("cat-422.jpg", cat, {"quality": 90, "subsampling": "4:2:2"}),
        ("cat-420.jpg", cat, {"quality": 90, "subsampling": "4:2:0"}),
        ("cat-progressive.jpg", cat, {"quality": 75, "progressive": True}),
        ("cat-grey.jpg", cat.convert("L"), {"quality": 90}),
        ("cat-cmyk.jpg", cat.convert("CMYK"), {"quality": 90}),
        ("cat-palette.png", cat.quantize(64), {}),
        ("cat-rgba.png", alpha, {}),
        ("cat-grey-alpha.png", alpha.convert("LA"), {}),
        ("ramp-grey16.png", grey16, {}),
    ):
        path = out.path(f"images/{name}")
        image.save(path, **options)
        made.append(path)
    return made


def write(model: torch.nn.Module, out: Folder) -> None:
    """images.json: what torchvision and the sample model make of every file."""
    entries = []
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        for path in [*PHOTOS, *variants(out)]:
            x = pil(path)
            p = model(x[None]).softmax(1)[0]
            best = p.topk(5)
            entries.append(
                {
                    "file": str(path.relative_to(ROOT)) if path in PHOTOS else str(path.relative_to(out.root)),
                    "sample": path in PHOTOS,
                    "pil": out.array(f"images/{path.name}.pil.npy", x),
                    "tensor": out.array(f"images/{path.name}.tensor.npy", tensor(path)),
                    "probabilities": out.array(f"images/{path.name}.probabilities.npy", p),
                    "top": [
                        {"index": int(i), "label": LABELS[i], "probability": float(v)}
                        for v, i in zip(*best, strict=True)
                    ],
                }
            )
    out.json("images.json", entries)
