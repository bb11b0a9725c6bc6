"""Write gradcam/testdata/compat.json: maps of three peers on captum's toy net.

    python scripts/golden/compat.py [OUT]

The head is that of toy.py. Inputs are 0..15 and 1..16 as one batch of
[2, 1, 4, 4], the target is class 0. relu1 of the network InPlace overwrites what
conv1 returned, so that the peers disagree about conv1.

    Peer, Method, Layers, InPlace
    Size      of the maps, [height, width]
    Asked     whether the size is another than the peer's own
    Maps      for both samples
"""

import json
import sys

import torch
from captum.attr import LayerAttribution, LayerGradCam
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchcam import methods as torchcam
from toy import network

SIZE = (5, 7)


def toy(inplace):
    model = network()
    model.relu1.inplace = inplace
    return model


def of_pytorch_grad_cam(model, x, layers):
    with GradCAM(model=model, target_layers=[getattr(model, l) for l in layers]) as cam:
        yield False, torch.from_numpy(cam(input_tensor=x, targets=[ClassifierOutputTarget(0)] * 2))


def of_captum(model, x, layers):
    (layer,) = layers
    m = LayerGradCam(model, getattr(model, layer)).attribute(x, target=0).detach()
    yield False, LayerAttribution.interpolate(m, x.shape[2:])[:, 0]
    yield True, LayerAttribution.interpolate(m, SIZE)[:, 0]


def of_torchcam(method):
    def maps(model, x, layers):
        with method(model, list(layers), input_shape=(1, 4, 4)) as extractor:
            cams = extractor(0, model(x))
            yield False, extractor.fuse_cams([c.clone() for c in cams])
            if len(layers) > 1:
                yield True, extractor.fuse_cams(cams, SIZE)

    return maps


def main():
    cases = []
    for peer, method, maps, stacks in (
        ("pytorch-grad-cam", "gradcam", of_pytorch_grad_cam, (["conv1"], ["relu1"], ["conv1", "relu1"])),
        ("captum", "gradcam", of_captum, (["conv1"], ["relu1"])),
        ("torch-cam", "gradcam", of_torchcam(torchcam.GradCAM), (["conv1"], ["relu1"], ["conv1", "relu1"])),
        ("torch-cam", "layercam", of_torchcam(torchcam.LayerCAM), (["conv1"], ["relu1"], ["conv1", "relu1"])),
    ):
        for layers in stacks:
            for inplace in (False, True):
                x = torch.stack([torch.arange(16.0), torch.arange(16.0) + 1]).reshape(2, 1, 4, 4)
                for asked, m in maps(toy(inplace), x, layers):
                    cases.append(
                        {
                            "Peer": peer,
                            "Method": method,
                            "Layers": layers,
                            "InPlace": inplace,
                            "Size": list(m.shape[1:]),
                            "Asked": asked,
                            "Maps": m.reshape(2, -1).tolist(),
                        }
                    )
    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/compat.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
