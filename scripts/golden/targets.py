"""Write gradcam/testdata/targets.json: scores and gradients of the peers' targets.

    python scripts/golden/targets.py [OUT]

Each case has the name of a target in the grammar of gradcam.ParseTarget, the
outputs it scores, without the batch axis, and for each the gradient of the score.

pytorch-grad-cam computes binary, raw, mask and box; similar is PyTorch's own
cosine_similarity.
"""

import json
import sys

import numpy as np
import torch
from pytorch_grad_cam.utils.model_targets import (
    BinaryClassifierOutputTarget,
    FasterRCNNBoxScoreTarget,
    RawScoresOutputTarget,
    SemanticSegmentationTarget,
)


def waves(*shape):
    """Numbers between -2 and 2 that float32 holds exactly."""
    n = int(np.prod(shape))
    return ((torch.arange(n) * 37 % 65 - 32) / 16.0).reshape(shape)


def case(name, target, outputs, **more):
    for o in outputs.values():
        if o.is_floating_point():
            o.requires_grad_()
    y = outputs if len(outputs) > 1 else outputs[""]
    score = target(y).sum()
    score.backward()
    return {
        "Name": name,
        "Score": score.item(),
        "Outputs": {k: {"Shape": list(o.shape), "Data": o.detach().reshape(-1).tolist()} for k, o in outputs.items()},
        "Gradients": {k: o.grad.reshape(-1).tolist() for k, o in outputs.items() if o.grad is not None},
        **more,
    }


def boxes():
    """Four boxes found; references: one overlaps, one equals, one has another label, one is far."""
    found = {
        "boxes": torch.tensor([[10.0, 20, 50, 80], [60, 10, 100, 40], [0, 0, 30, 30], [12, 18, 55, 82]]),
        "labels": torch.tensor([3, 7, 1, 3]),
        "scores": torch.tensor([0.75, 0.5, 0.25, 0.625]),
    }
    references = np.array([[14.0, 16, 52, 78], [60, 10, 100, 40], [1, 2, 30, 31], [200, 200, 210, 210]])
    return found, references, [3, 7, 2, 3]


def main():
    mask = (np.arange(12).reshape(3, 4) % 3 == 0).astype(np.float32)
    reference = torch.tensor([1.0, -2.0, 0.5, 3.0, -1.5])
    cases = [
        case("binary:1", BinaryClassifierOutputTarget(1), {"": torch.tensor([1.25])}),
        case("binary:0", BinaryClassifierOutputTarget(0), {"": torch.tensor([1.25])}),
        case("raw", RawScoresOutputTarget(), {"": torch.tensor([-0.75])}),
        case(
            "mask:m:1", SemanticSegmentationTarget(1, mask), {"": waves(2, 3, 4)}, Reference=mask.reshape(-1).tolist()
        ),
        case(
            "similar:r",
            lambda z: torch.nn.functional.cosine_similarity(z, reference, dim=0),
            {"": waves(5)},
            Reference=reference.tolist(),
        ),
    ]
    for overlap in (0.5, 0.875):
        found, references, labels = boxes()
        words = ";".join(",".join(f"{v:g}" for v in [*r, l]) for r, l in zip(references, labels, strict=True))
        suffix = "" if overlap == 0.5 else f"@{overlap:g}"
        cases.append(case(f"box:{words}{suffix}", FasterRCNNBoxScoreTarget(labels, references, overlap), found))
    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/targets.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
