"""Write gradcam/testdata/smoothgradcam.json: torch-cam on captum's toy net.

    python scripts/golden/smoothgradcam.py [OUT]

The head is that of toy.json, the input 0..15. The noise is data: a line of the
file is a draw of 16 standard normal numbers.

    Draws  the noise of the four copies
    Cases  Layer, Class and Map: Smooth Grad-CAM++ after its ReLU, not
           normalised, at the layer's size
"""

import json
import sys

import torch
from torchcam.methods import SmoothGradCAMpp
from toy import network


def main():
    model = network()
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    draws = torch.randn(4, 16, generator=torch.Generator().manual_seed(3))
    cases = []
    for layer in ("conv1", "relu1"):
        for index in (0, 1):
            with SmoothGradCAMpp(model, layer, input_shape=(1, 4, 4)) as cam:
                left = [0.3 * d.reshape(1, 1, 4, 4) for d in draws]
                cam._distrib.sample = lambda _, left=left: left.pop(0)
                scores = model(x)
                maps = cam(index, scores, normalized=False)
            cases.append({"Layer": layer, "Class": index, "Map": maps[0].flatten().tolist()})
    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/smoothgradcam.json", "w") as f:
        rows = ",\n".join(json.dumps(c) for c in cases)
        f.write(f'{{\n"Draws": {json.dumps(draws.tolist())},\n"Cases": [\n{rows}\n]\n}}\n')


if __name__ == "__main__":
    main()
