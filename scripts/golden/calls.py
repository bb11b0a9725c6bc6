"""Write the call tables that the default-layer rule is tested on.

    python scripts/golden/calls.py [OUT] [MODEL ...]

For each torchvision model (random weights: only the structure matters) the
script runs one forward pass with a hook on every submodule and one backward
pass from the top logit, and writes OUT/MODEL.json (OUT is
gradcam/testdata/calls when it is not given):

    Input     shape of the input
    Output    shape of the output
    Calls     engine.Call values in the order in which the calls returned
    Gradient  for each call, max |d logit / d value|: for tokens [N, T, C] that
              of the first token and that of all others, for every other shape
              one number, null where no gradient arrives

Two calls have the same Value when they returned the very same tensor; a call
that changed its input in place returns a new value, as in the engine.
"""

import json
import os
import sys

import torch
import torchvision
from torch import nn


class Toy(nn.Module):
    """captum's BasicModel_ConvNet_One_Conv, the net of the exact values."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.relu1 = nn.ReLU()
        self.fc1 = nn.Linear(8, 4)
        self.relu2 = nn.ReLU()
        with torch.no_grad():
            self.conv1.weight.fill_(1)
            self.conv1.bias.copy_(torch.tensor([-50.0, -75.0]))
            self.fc1.weight.copy_(torch.cat([torch.ones(4, 5), -torch.ones(4, 3)], 1))
            self.fc1.bias.zero_()

    def forward(self, x):
        x = self.relu1(self.conv1(x))
        return self.relu2(self.fc1(x.view(-1, 8)))


def vit():
    """ViT whose zero-initialised head is drawn again, or no gradient exists."""
    model = torchvision.models.vit_b_16(weights=None)
    nn.init.normal_(model.heads.head.weight, std=0.02)
    return model


def segmentation():
    return torchvision.models.segmentation.fcn_resnet50(
        weights=None, weights_backbone=None, num_classes=21, aux_loss=True
    )


MODELS = {
    "resnet18": (lambda: torchvision.models.resnet18(weights=None), (1, 3, 224, 224)),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(weights=None), (1, 3, 224, 224)),
    "vgg11": (lambda: torchvision.models.vgg11(weights=None), (1, 3, 224, 224)),
    "densenet121": (lambda: torchvision.models.densenet121(weights=None), (1, 3, 224, 224)),
    "shufflenet_v2_x1_0": (lambda: torchvision.models.shufflenet_v2_x1_0(weights=None), (1, 3, 224, 224)),
    "swin_t": (lambda: torchvision.models.swin_t(weights=None), (1, 3, 224, 224)),
    "vit_b_16": (vit, (1, 3, 224, 224)),
    "convnext_tiny": (lambda: torchvision.models.convnext_tiny(weights=None), (1, 3, 224, 224)),
    "squeezenet1_1": (lambda: torchvision.models.squeezenet1_1(weights=None), (1, 3, 224, 224)),
    "googlenet": (
        lambda: torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False),
        (1, 3, 224, 224),
    ),
    "fcn_resnet50": (segmentation, (1, 3, 96, 128)),
    "toy": (Toy, (1, 1, 4, 4)),
}


def elements(value, name=""):
    """The tensors of a result, named as engine.Output names them."""
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, (tuple, list)):
        parts = enumerate(value)
    else:
        return []
    return [e for key, part in parts for e in elements(part, f"{name}.{key}" if name else str(key))]


class Recorder:
    """Records the calls of every submodule and the gradients of what they return."""

    def __init__(self, model, x):
        self.x, self.calls, self.gradient, self.kept, self.values, self.counts = x, [], [], [], {}, {}
        for path, module in model.named_modules():
            if path:
                module.register_forward_hook(self.hook(path))

    def hook(self, path):
        def record(module, args, result):
            found = elements(result)
            key = tuple((id(t), t._version) for _, t in found) or ("none", len(self.calls))
            self.kept.append(found)  # keeps the tensors alive, so that id stays unique
            index = self.counts[path] = self.counts.get(path, -1) + 1
            self.calls.append(
                {
                    "Path": path,
                    "Type": type(module).__name__,
                    "Method": "forward",
                    "Index": index,
                    "Elements": [
                        {"Name": n, "Shape": list(t.shape), "DType": str(t.dtype).split(".")[1]} for n, t in found
                    ],
                    "Value": self.values.setdefault(key, len(self.values)),
                    "TakesInput": any(t is self.x for _, t in elements(args)),
                    "Conditional": False,
                }
            )
            self.gradient.append(None)
            if found and found[0][1].requires_grad:
                found[0][1].register_hook(self.keep(len(self.calls) - 1))

        return record

    def keep(self, i):
        def store(g):
            parts = (g[:, :1], g[:, 1:]) if g.dim() == 3 else (g,)
            self.gradient[i] = [float(f"{p.abs().max().item():.3g}") for p in parts]

        return store


def table(build, shape):
    torch.manual_seed(0)
    model = build().eval()
    x = torch.arange(16.0).reshape(shape) if shape[-1] == 4 else torch.randn(shape)
    recorder = Recorder(model, x)
    y = model(x)
    y = y["out"] if isinstance(y, dict) else y
    y.flatten(2).mean(2).max().backward() if y.dim() == 4 else y.max().backward()
    for call in recorder.calls:
        call["Of"] = recorder.counts[call["Path"]] + 1
    return {"Input": list(shape), "Output": list(y.shape), "Calls": recorder.calls, "Gradient": recorder.gradient}


def write(path, value):
    """One call a line: a change of the table can be read in a diff."""
    with open(path, "w") as f:
        f.write("{\n")
        f.write(f'"Input": {json.dumps(value["Input"])},\n"Output": {json.dumps(value["Output"])},\n')
        for key in ("Calls", "Gradient"):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value[key])
            f.write(f'"{key}": [\n{rows}\n]' + (",\n" if key == "Calls" else "\n"))
        f.write("}\n")


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/calls"
    os.makedirs(out, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        path = os.path.join(out, name + ".json")
        write(path, table(*MODELS[name]))
        print(path)


if __name__ == "__main__":
    main()
