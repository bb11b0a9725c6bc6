"""Reference pictures for package gradcam/render, drawn by the peers.

    python scripts/golden/overlay.py gradcam/render/testdata

Needs the pinned reference environment (grad-cam, torchcam).
"""

import pathlib
import sys

import numpy as np
from PIL import Image
from pytorch_grad_cam.utils.image import show_cam_on_image
from torchcam.utils import overlay_mask

H, W = 30, 41


def photo(rng):
    """Gradients with noise, and every value from 0 to 255 somewhere."""
    y, x = np.mgrid[0:H, 0:W]
    img = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (x * y) % 256], axis=-1)
    img = np.clip(img + rng.integers(-20, 20, img.shape), 0, 255)
    img.reshape(-1)[::3][:256] = np.arange(256)
    return img.astype(np.uint8)


def heat(rng):
    """A bump, noise, and the values at which the peers' tables change level."""
    y, x = np.mgrid[0:H, 0:W]
    m = np.exp(-((x - 25) ** 2 + (y - 12) ** 2) / 60.0)
    m[20:] = rng.random((H - 20, W))
    m = m.astype(np.float32)
    flat = m.reshape(-1)
    flat[:256] = np.arange(256, dtype=np.float32) / np.float32(255)
    flat[256:512] = np.sqrt(np.arange(256, dtype=np.float32) / np.float32(256))
    flat[-2:] = [0, 1]
    return m


def main():
    out = pathlib.Path(sys.argv[1])
    rng = np.random.default_rng(11)
    img, m = photo(rng), heat(rng)
    dark = (img // 5).astype(np.uint8)  # the peer's scaling to white shows here
    np.save(out / "photo.npy", img)
    np.save(out / "dark.npy", dark)
    np.save(out / "heat.npy", m)
    for name, p in ("photo", img), ("dark", dark):
        np.save(out / f"{name}.pytorch-grad-cam.npy", show_cam_on_image(np.float32(p) / 255, m, use_rgb=True))
        mask = Image.fromarray(m, mode="F")
        np.save(out / f"{name}.torch-cam.npy", np.asarray(overlay_mask(Image.fromarray(p), mask)))


if __name__ == "__main__":
    main()
