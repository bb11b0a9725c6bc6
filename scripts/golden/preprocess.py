#!/usr/bin/env python3
"""Golden vectors of gradcam/preprocess, from Pillow and torchvision.

    python scripts/golden/preprocess.py --photos DIR

DIR holds chelsea.png (a cat, CC0) and coffee.png (CC0), as shipped in
scikit-image 0.25 under skimage/data. Everything else is drawn here. Run it with
the Python of the parity environment: the versions it saw are written to
testdata/versions.json.
"""

import argparse
import hashlib
import io
import json
import pathlib
import struct
import zlib

import cv2
import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps, features
from torchvision.transforms import InterpolationMode as Mode
from torchvision.transforms import functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "gradcam/preprocess/testdata"
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def save(name: str, data: bytes) -> None:
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    f = io.BytesIO()
    image.save(f, kind, **options)
    return f.getvalue()


def png(image: Image.Image) -> bytes:
    return encode(image, "PNG", optimize=True)


def digest(a: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def load(data: bytes) -> Image.Image:
    """torchvision's pil_loader."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def pair(name: str, data: bytes) -> None:
    """An input and what the loader makes of it."""
    save(name, data)
    values = np.asarray(load(data))  # without the metadata that Pillow carries along
    save(name + ".rgb.png", png(Image.fromarray(values)))


# ---------------------------------------------------------------- sources


def noise(w: int, h: int, channels: int = 3) -> np.ndarray:
    """Noise with flat black and white patches, so that filters overshoot."""
    a = np.random.default_rng(w * 1000 + h).integers(0, 256, (h, w, channels), dtype=np.uint8)
    a[: h // 3, : w // 3] = 255
    a[h // 2 :, w // 2 :] = 0
    return a


def sources(photos: pathlib.Path) -> dict[str, Image.Image]:
    cat = Image.open(photos / "chelsea.png").convert("RGB").crop((90, 20, 390, 250))
    cup = Image.open(photos / "coffee.png").convert("RGB").crop((150, 60, 410, 380))
    return {
        "cat": cat.resize((101, 77), Image.Resampling.LANCZOS),
        "cup": cup.resize((60, 75), Image.Resampling.LANCZOS),
        "noise": Image.fromarray(noise(41, 29)),
        "tall": cup.crop((40, 0, 160, 303)).resize((40, 101), Image.Resampling.LANCZOS),
        "line": Image.fromarray(noise(200, 1)),
        "dot": Image.fromarray(np.array([[[7, 130, 255]]], np.uint8)),
    }


# ---------------------------------------------------------------- JPEG


def opencv_jpeg(image: Image.Image, quality: int, sampling: int) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imencode(".jpg", np.asarray(image)[:, :, ::-1], flags)[1].tobytes()


def segments(data: bytes):
    """(marker, body) up to the first scan, and the offset of the scan's data."""
    at = 2
    while True:
        marker, n = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield marker, data[at + 4 : at + 2 + n], at + 2 + n
        if marker == 0xDA:
            return
        at += 2 + n


def assemble(planes: list[np.ndarray], factors: list[int], size: tuple[int, int], extra: bytes, quality: int) -> bytes:
    """A baseline JPEG with one scan for each plane, which may be subsampled at
    will: no encoder at hand writes YCCK or 4:1:0."""
    head, scans = b"", b""
    frame = struct.pack(">BHHB", 8, size[1], size[0], len(planes))
    for i, (plane, factor) in enumerate(zip(planes, factors, strict=True)):
        data = encode(Image.fromarray(plane), "JPEG", quality=quality)
        for marker, body, after in segments(data):
            block = bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
            if marker in (0xDB, 0xC4) and i == 0:
                head += block
            if marker == 0xDA:
                body = bytes([1, i + 1]) + body[2:]
                scans += b"\xff\xda" + struct.pack(">H", len(body) + 2) + body + data[after:-2]
        frame += bytes([i + 1, factor, 0])
    sof = b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
    return b"\xff\xd8" + extra + head + sof + scans + b"\xff\xd9"


def adobe(transform: int) -> bytes:
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def shrink(plane: np.ndarray, h: int, v: int) -> np.ndarray:
    """Keeps every h-th column and v-th row."""
    return np.ascontiguousarray(plane[::v, ::h])


def jpegs(src: dict[str, Image.Image]) -> None:
    cat, cup = src["cat"], src["cup"]
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        pair(f"jpeg/{name}.jpg", encode(cat, "JPEG", quality=85, subsampling=subsampling))
        pair(f"jpeg/{name}-progressive.jpg", encode(cup, "JPEG", quality=75, subsampling=subsampling, progressive=True))
    pair("jpeg/420-q50.jpg", encode(cup, "JPEG", quality=50, subsampling=2))
    pair("jpeg/420-q95.jpg", encode(cup, "JPEG", quality=95, subsampling=2))
    pair("jpeg/420-restarts.jpg", encode(cup, "JPEG", quality=75, subsampling=2, restart_marker_blocks=3))
    pair("jpeg/440.jpg", opencv_jpeg(cat, 85, 0x121111))
    pair("jpeg/411.jpg", opencv_jpeg(cat, 85, 0x411111))
    pair("jpeg/grey.jpg", encode(cat.convert("L"), "JPEG", quality=85))
    pair("jpeg/rgb.jpg", encode(cup, "JPEG", quality=85, keep_rgb=True))
    pair("jpeg/cmyk.jpg", encode(cup.convert("CMYK"), "JPEG", quality=85))

    # No more than two chroma columns: libjpeg falls back to repetition.
    pair("jpeg/420-narrow.jpg", encode(cup.crop((20, 20, 24, 50)), "JPEG", quality=90, subsampling=2))
    pair("jpeg/422-narrow.jpg", encode(cup.crop((20, 20, 23, 50)), "JPEG", quality=90, subsampling=1))
    pair("jpeg/420-low.jpg", encode(cup.crop((20, 20, 50, 21)), "JPEG", quality=90, subsampling=2))
    pair("jpeg/dot.jpg", encode(src["dot"], "JPEG", quality=90, subsampling=2))

    y, cb, cr = (np.asarray(p) for p in cup.convert("YCbCr").split())
    k = np.tile(np.linspace(255, 60, cup.width).astype(np.uint8), (cup.height, 1))
    # Stored YCCK is Adobe-inverted: libjpeg makes CMY of it as 255 - RGB.
    full = [y, cb, cr, k]
    half = [y, shrink(cb, 2, 2), shrink(cr, 2, 2), k]
    inverted = [255 - y, 255 - cb, 255 - cr, k]
    pair("jpeg/ycck.jpg", assemble(full, [0x11] * 4, cup.size, adobe(2), 85))
    pair("jpeg/ycck-420.jpg", assemble(half, [0x22, 0x11, 0x11, 0x22], cup.size, adobe(2), 85))
    pair("jpeg/cmyk-420.jpg", assemble(half, [0x22, 0x11, 0x11, 0x22], cup.size, adobe(0), 85))
    pair("jpeg/cmyk-plain.jpg", assemble(inverted, [0x11] * 4, cup.size, b"", 85))
    quarter = [y, shrink(cb, 4, 2), shrink(cr, 4, 2)]
    pair("jpeg/410.jpg", assemble(quarter, [0x42, 0x11, 0x11], cup.size, b"", 85))


# ---------------------------------------------------------------- PNG, GIF


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(w: int, h: int, depth: int, colour: int, rows: np.ndarray, between: bytes = b"") -> bytes:
    """A PNG of which Pillow writes no such flavour."""
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + between
        + chunk(b"IDAT", zlib.compress(raw, 9))
        + chunk(b"IEND", b"")
    )


def modes(src: dict[str, Image.Image]) -> None:
    cup = src["cup"].resize((30, 38), Image.Resampling.LANCZOS)
    alpha = Image.linear_gradient("L").resize(cup.size)
    rgba = cup.copy()
    rgba.putalpha(alpha)
    grey_alpha = cup.convert("L")
    grey_alpha.putalpha(alpha)
    palette = cup.quantize(23)
    pair("mode/rgb.png", png(cup))
    pair("mode/rgba.png", png(rgba))
    pair("mode/grey.png", png(cup.convert("L")))
    pair("mode/grey-alpha.png", png(grey_alpha))
    pair("mode/one-bit.png", png(cup.convert("1")))
    pair("mode/palette.png", png(palette))
    pair("mode/palette-alpha.png", encode(palette, "PNG", transparency=bytes(range(0, 230, 10))))
    pair("mode/palette-16.png", png(cup.quantize(16)))
    pair("mode/palette-2.png", png(cup.quantize(2)))
    pair("mode/rgb-key.png", encode(cup, "PNG", transparency=cup.getpixel((3, 3))))
    pair("mode/grey-key.png", encode(cup.convert("L"), "PNG", transparency=cup.convert("L").getpixel((3, 3))))
    pair("mode/palette.gif", encode(palette, "GIF"))
    pair("mode/grey.gif", encode(cup.convert("L"), "GIF"))

    # 16 bits: values around every edge of the conversion to 8.
    deep = np.array([0, 1, 127, 128, 200, 254, 255, 256, 257, 300, 32768, 40000, 65280, 65407, 65535], ">u2")
    n = len(deep)
    rows = np.stack([deep, deep[::-1], np.roll(deep, 4)])
    key = chunk(b"tRNS", struct.pack(">H", 200))
    pair("mode/grey16.png", raw_png(n, 3, 16, 0, rows))
    pair("mode/grey16-key.png", raw_png(n, 3, 16, 0, rows, key))
    pair("mode/grey16-alpha.png", raw_png(n, 3, 16, 4, np.stack([rows, rows[::-1]], -1)))
    pair("mode/rgb16.png", raw_png(n, 3, 16, 2, np.stack([rows, rows[::-1], rows[:, ::-1]], -1)))
    pair("mode/rgba16.png", raw_png(n, 3, 16, 6, np.stack([rows, rows[::-1], rows[:, ::-1], rows], -1)))
    bits = np.array([[0b00011011, 0b11100100]], np.uint8)
    pair("mode/grey2.png", raw_png(8, 1, 2, 0, bits))
    pair("mode/grey4.png", raw_png(4, 1, 4, 0, bits))
    short = np.array([[0, 1, 2, 3, 200, 255]], np.uint8)
    pair("mode/palette-short.png", raw_png(6, 1, 8, 3, short, chunk(b"PLTE", bytes(range(50, 59)))))
    pair("mode/interlaced.png", ADAM7)

    # A first frame smaller than its screen.
    small = encode(palette.resize((9, 7)), "GIF")
    pair("mode/small-frame.gif", on_screen(small, 14, 11, 3, 2, None))
    pair("mode/small-frame-key.gif", on_screen(small, 14, 11, 3, 2, 5))


def on_screen(gif: bytes, w: int, h: int, x: int, y: int, key: int | None) -> bytes:
    """Moves the frame of a GIF onto a larger screen."""
    table = 3 << ((gif[10] & 7) + 1)
    frame = gif.index(b",", 13 + table)
    control = b"" if key is None else b"!\xf9\x04\x01\x00\x00" + bytes([key]) + b"\x00"
    return (
        b"GIF89a"
        + struct.pack("<HH", w, h)
        + gif[10 : 13 + table]
        + control
        + b","
        + struct.pack("<HH", x, y)
        + gif[frame + 5 :]
    )


def adam7() -> bytes:
    """An interlaced 8-bit grey PNG; Pillow does not write them."""
    w, h = 11, 9
    a = noise(w, h, 1)[:, :, 0]
    raw = b""
    for x, y, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        for row in a[y::dy, x::dx]:
            if len(row):
                raw += b"\0" + row.tobytes()
    head = struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


ADAM7 = adam7()


# ---------------------------------------------------------------- EXIF


def orientations(src: dict[str, Image.Image]) -> None:
    small = src["cat"].resize((19, 14), Image.Resampling.LANCZOS)
    for value in range(1, 9):
        endian = "<" if value % 2 else ">"
        exif = tiff(endian, [(0x010F, 2, 4, b"Go\0\0"), (0x0112, 3, 1, struct.pack(endian + "HH", value, 0))])
        for kind, data in (
            ("jpg", encode(small, "JPEG", quality=90, exif=b"Exif\0\0" + exif)),
            ("png", encode(small, "PNG", exif=exif)),
        ):
            save(f"exif/{value}.{kind}", data)
            upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
            save(f"exif/{value}.{kind}.rgb.png", png(upright))


def tiff(endian: str, entries) -> bytes:
    head = (b"II*\0" if endian == "<" else b"MM\0*") + struct.pack(endian + "IH", 8, len(entries))
    body = b"".join(struct.pack(endian + "HHI", tag, kind, n) + value for tag, kind, n, value in entries)
    return head + body + struct.pack(endian + "I", 0)


# ---------------------------------------------------------------- resize


def resizes(src: dict[str, Image.Image]) -> None:
    sizes = {
        "cat": [(50, 38), (101, 77), (101, 40), (40, 77), (224, 224), (203, 154), (7, 5), (1, 1), (300, 3), (99, 76)],
        "noise": [(20, 14), (42, 30), (41, 100), (13, 29), (640, 8), (64, 64), (2, 2), (40, 28)],
        # Either side of where Pillow 13 resizes the height first.
        "tall": [(30, 82), (30, 81), (30, 80), (30, 79), (32, 80), (80, 100), (80, 102), (20, 50), (20, 60)],
        "line": [(100, 1), (200, 2), (3, 40), (1, 1), (399, 1)],
        "dot": [(1, 1), (5, 7), (64, 1)],
    }
    cases = []
    for name, list_ in sizes.items():
        for w, h in list_:
            for filter_, value in FILTERS.items():
                a = np.asarray(src[name].resize((w, h), value))
                cases.append({"source": name, "w": w, "h": h, "filter": filter_, "sha256": digest(a)})
    save("resize.json", ("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n").encode())


# ---------------------------------------------------------------- pipelines

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
GREY = {"mean": [0.449], "std": [0.226]}


def pipelines(src: dict[str, Image.Image]) -> None:
    cases = []

    def add(source, kind="pil", resize=(), crop=(), by="bilinear", channels=3, **norm):
        norm = norm or (IMAGENET if channels == 3 else GREY)
        cases.append(run(src[source], source, kind, list(resize), list(crop), by, channels, norm))

    for kind in ("pil", "tensor"):
        for source in ("cat", "cup", "noise"):
            add(source, kind, [32], [28])
            add(source, kind, [33], [28], "bicubic")
            add(source, kind, [120], [101])
        add("cat", kind, [40, 31], [], "bilinear")
        add("cat", kind, [40, 31], [17, 24], "bicubic")
        add("cup", kind, [], [30])
        add("cup", kind, [], [])
        add("noise", kind, [24], [37, 25])  # padded
        add("noise", kind, [], [64])
        add("noise", kind, [24], [30], "nearest")
        add("cat", kind, [150], [33], "nearest-exact")
        add("cat", kind, [77], [77])
        add("line", kind, [4], [6])
        add("tall", kind, [32], [28])
        add("tall", kind, [32], [28], "bicubic", channels=1)
        add("cat", kind, [32], [28], channels=1)
        add("cup", kind, [40], [48], "bicubic", channels=1)
        add("cup", kind, [32], [28], mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])
        add("cup", kind, [32], [28], mean=[0, 0, 0], std=[1, 1, 1])
    add("cat", "pil", [32], [28], "lanczos")
    save("pipeline.json", ("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n").encode())


def run(image, source, kind, resize, crop, by, channels, norm) -> dict:
    """torchvision's ImageClassification preset, step by step."""
    x = image if channels == 3 else image.convert("L")
    if kind == "tensor":
        x = F.pil_to_tensor(x)
    if resize:
        x = F.resize(x, resize, interpolation=Mode(by), antialias=True)
    resized = list(x.size) if kind == "pil" else [x.shape[2], x.shape[1]]
    if crop:
        x = F.center_crop(x, crop)
    if kind == "pil":
        x = F.pil_to_tensor(x)
    levels = x.numpy()
    y = F.normalize(F.convert_image_dtype(x, torch.float), **norm).numpy()
    case = {
        "source": source,
        "kind": kind,
        "resize": resize,
        "crop": crop,
        "interpolation": by,
        "channels": channels,
        **norm,
        "resized": resized,
        "shape": list(y.shape),
        "sha256": digest(y.astype("<f4")),
    }
    if kind == "tensor":  # compared level by level, for its rounding depends on the processor
        name = f"tensor/{source}-{'x'.join(map(str, resize))}-{'x'.join(map(str, crop))}-{by}-{channels}.png"
        save(name, png(Image.fromarray(levels.transpose(1, 2, 0).squeeze())))
        case["levels"] = name
    return case


# ---------------------------------------------------------------- refused


def refused(src: dict[str, Image.Image]) -> None:
    small = src["cat"].resize((8, 6))
    for kind, suffix in (
        ("WEBP", "webp"),
        ("TIFF", "tiff"),
        ("BMP", "bmp"),
        ("AVIF", "avif"),
        ("JPEG2000", "jp2"),
        ("ICO", "ico"),
    ):
        save(f"refused/cat.{suffix}", encode(small, kind))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    src = sources(parser.parse_args().photos)
    for name, image in src.items():
        save(f"source/{name}.png", png(image))
    jpegs(src)
    modes(src)
    orientations(src)
    resizes(src)
    pipelines(src)
    refused(src)
    versions = {
        "pillow": PIL.__version__,
        "libjpeg_turbo": features.version("libjpeg_turbo"),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "opencv": cv2.__version__,
    }
    save("versions.json", (json.dumps(versions, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
