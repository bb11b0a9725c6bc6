#!/usr/bin/env python
"""What one writes in Python to explain one photo: the cold-start peer of `torchlight explain`.

    cold_peer.py WEIGHTS.pth PHOTO OUT

pytorch-grad-cam cannot hook a loaded TorchScript file, so the script builds
torchvision's MobileNetV2 and loads the same weights. Writes the overlay and the
map; prints the class and its probability.
"""

import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from torchvision import models, transforms


def main() -> None:
    weights, photo, out = sys.argv[1:4]
    model = models.mobilenet_v2()
    model.load_state_dict(torch.load(weights, weights_only=True))
    model.eval()
    crop = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])(Image.open(photo).convert("RGB"))
    to_input = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    x = transforms.Compose(to_input)(crop).unsqueeze(0)
    with GradCAM(model, [model.features[18]]) as explainer:
        heat = explainer(input_tensor=x, targets=None)[0]
        best = explainer.outputs.detach().softmax(1)[0].max(0)
    folder, stem = pathlib.Path(out), pathlib.Path(photo).stem
    Image.fromarray(show_cam_on_image(np.float32(crop) / 255, heat, use_rgb=True)).save(folder / f"{stem}.overlay.png")
    np.save(folder / f"{stem}.map.npy", heat)
    print(f"{photo}: class {int(best.indices)} {float(best.values):.3f}")


if __name__ == "__main__":
    main()
