"""Reference values for package gradcam/resample.

Run with the pinned Python reference environment:

    python scripts/golden/resample.py > gradcam/resample/testdata/golden.json

Every case holds a random float32 map and what the peers make of it:
  cv2            cv2.resize(m, (W, H))                     pytorch-grad-cam's upsampler
  half_pixel     F.interpolate(mode="bilinear")            align_corners=False, no antialias
  align_corners  F.interpolate(mode="bilinear", align_corners=True)   Score-CAM's masks
  nearest        F.interpolate(mode="nearest")             captum's LayerAttribution.interpolate
"""

import json
import sys

import cv2
import numpy as np
import torch
import torch.nn.functional as F

SIZES = [  # h, w -> H, W
    (7, 7, 28, 28),  # whole factor, as 7 -> 224 is
    (7, 7, 32, 40),  # the size of pytorch-grad-cam's own tests
    (5, 3, 13, 17),  # fractional, both axes different
    (13, 9, 20, 33),
    (12, 10, 5, 4),  # shrink, no antialias
    (8, 6, 4, 3),  # exact halving, where cv2 switches to the 2x2 mean
    (9, 4, 3, 11),  # shrink one axis, grow the other
    (5, 6, 5, 6),  # copy
    (1, 1, 3, 4),  # the one-pixel map of a 32-pixel input
    (1, 6, 4, 9),
    (6, 1, 9, 2),
    (4, 5, 1, 1),
]


def case(rng, h, w, H, W):
    m = rng.standard_normal((h, w)).astype(np.float32)
    t = torch.from_numpy(m)[None, None]
    return {
        "from": [h, w],
        "to": [H, W],
        "src": m.ravel().tolist(),
        "cv2": cv2.resize(m, (W, H)).ravel().tolist(),
        "half_pixel": F.interpolate(t, (H, W), mode="bilinear").flatten().tolist(),
        "align_corners": F.interpolate(t, (H, W), mode="bilinear", align_corners=True).flatten().tolist(),
        "nearest": F.interpolate(t, (H, W), mode="nearest").flatten().tolist(),
    }


def short(x):
    """The shortest decimal that is the same float32."""
    return float(str(np.float32(x)))


def main():
    rng = np.random.default_rng(7)
    cases = [case(rng, *s) for s in SIZES]
    for c in cases:
        for k, v in c.items():
            if k not in ("from", "to"):
                c[k] = [short(x) for x in v]
    versions = {"cv2": cv2.__version__, "torch": torch.__version__, "numpy": np.__version__}
    sys.stdout.write('{"versions": %s,\n "cases": [\n' % json.dumps(versions))
    sys.stdout.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
    sys.stdout.write("\n]}\n")


if __name__ == "__main__":
    main()
