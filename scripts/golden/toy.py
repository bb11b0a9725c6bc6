"""Write gradcam/testdata/toy.json: what the peers compute on captum's toy net.

    python scripts/golden/toy.py [OUT]

The head is drawn by a formula (captum's own has four equal rows, whose softmax
has no gradient). Inputs are 0..15 and 1..16 as one batch of [2, 1, 4, 4].

    Head   the 4 x 8 weights of fc1
    Cases  Method, Layers, Target, Aug (aug_smooth) and, for both samples,
           Maps [4, 4]

pytorch-grad-cam computes all but seed, which is the recipe's own code with its
two bugs mended. Methods whose sign LAPACK chooses are left out, and
those that see nothing in four positions (FEM, KPCA-CAM).
"""

import json
import sys

import torch
import torch.nn.functional as F
from calls import Toy
from pytorch_grad_cam import (
    FinerCAM,
    FullGrad,
    GradCAM,
    GradCAMElementWise,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    RefineCAM,
    SegEigenCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget


def network():
    model = Toy().eval()
    with torch.no_grad():
        rows = torch.arange(32).reshape(4, 8)
        model.fc1.weight.copy_(((rows * 7 + rows // 8 * 3) % 11 - 4) / 64.0)
    return model


def seed(model, x, layer):
    """The recipe as meant: softmax, top class, elementwise, ReLU, upsample."""
    features = {}

    def keep(_, __, output):
        features["a"] = output
        output.register_hook(lambda g: features.update(g=g))

    handle = layer.register_forward_hook(keep)
    best = F.softmax(model(x), dim=1).sort(dim=1, descending=True).values[:, 0]
    best.sum().backward()
    handle.remove()
    m = F.relu((features["a"] * features["g"]).sum(dim=1, keepdim=True))
    return F.interpolate(m, x.shape[2:], mode="bilinear", align_corners=False)[:, 0].detach().numpy()


def main():
    model = network()
    x = torch.stack([torch.arange(16.0), torch.arange(16.0) + 1]).reshape(2, 1, 4, 4)
    layer = {"conv1": model.conv1, "relu1": model.relu1}
    targets = {
        "top1": None,
        "2": [ClassifierOutputTarget(2)] * 2,
        "prob:1": [ClassifierOutputSoftmaxTarget(1)] * 2,
    }
    cases = []

    def add(name, method, layers, target, peers, aug=False):
        cam = method(model=model, target_layers=[layer[l] for l in layers])
        maps = cam(x, targets=peers, **({"aug_smooth": True} if aug else {}))
        cases.append((name, layers, target, aug, maps))

    methods = {
        "gradcam": GradCAM,
        "hirescam": HiResCAM,
        "gradcam++": GradCAMPlusPlus,
        "xgradcam": XGradCAM,
        "layercam": LayerCAM,
        "elementwise": GradCAMElementWise,
    }
    for name, method in methods.items():
        for layers in (["conv1"], ["relu1"], ["conv1", "relu1"]):
            for target, peers in targets.items():
                add(name, method, layers, target, peers)
        add(name, method, ["relu1"], "top1", None, aug=True)
    for name, method in (("segeigencam", SegEigenCAM), ("finercam", FinerCAM)):
        for l in layer:
            add(name, method, [l], "top1", None)
    add("refinecam", RefineCAM, ["conv1", "relu1"], "top1", None)
    for target in ("top1", "prob:1"):
        add("fullgrad", FullGrad, [], target, targets[target])
    for l in layer:
        cases.append(("seed", [l], "top1", False, seed(model, x, layer[l])))

    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/toy.json", "w") as f:
        head = json.dumps(model.fc1.weight.tolist())
        output = json.dumps(model(x).tolist())
        rows = ",\n".join(
            json.dumps({"Method": m, "Layers": l, "Target": t, "Aug": a, "Maps": maps.reshape(2, -1).tolist()})
            for m, l, t, a, maps in cases
        )
        f.write(f'{{\n"Head": {head},\n"Output": {output},\n"Cases": [\n{rows}\n]\n}}\n')


if __name__ == "__main__":
    main()
