"""Write gradcam/testdata/attributions.json: what captum 0.9 computes on two small nets.

    python scripts/golden/attributions.py [OUT]

toy is captum's net with the head of toy.py on 0..15 and 1..16; smooth is
gradcam/enginetest.Smooth with the weights its comment gives.

    Method, Options   a method of package gradcam and its fields
    Net, Input, Layer toy, smooth, row (of a table) or two (inputs); the input attributed to; the layer, if any
    Target            the class
    Normal, Uniform   what captum drew, by draw and sample, as the method numbers its draws
    Values            captum's attribution: of the input, summed over a layer's channels, or of each unit of row's layers
"""

import json
import sys

import captum.attr as ca
import numpy as np
import torch
from toy import network

TARGET = 1


class Smooth(torch.nn.Module):
    """Both layers return [N, *hidden]; every further input is joined to the first."""

    def __init__(self, width, hidden, classes):
        super().__init__()
        size = int(np.prod(hidden))
        i = torch.arange(size, dtype=torch.float64)
        u = torch.sin(1 + i[:, None] * width + torch.arange(width)) / width**0.5
        self.linear = torch.nn.Sequential(torch.nn.Linear(width, size), torch.nn.Unflatten(1, hidden))
        self.hidden = torch.nn.Tanh()
        self.v = torch.sin(2 + 3 * torch.arange(classes * size, dtype=torch.float64)).reshape(classes, size).float()
        with torch.no_grad():
            self.linear[0].weight.copy_(u)
            self.linear[0].bias.copy_(torch.cos(i) / 2)

    def forward(self, *inputs):
        h = self.hidden(self.linear(torch.cat([x.flatten(1) for x in inputs], 1))).flatten(1)
        return (h + h * h / 2) @ self.v.T


def wave(*shape):
    return (1.5 * torch.sin(0.7 * torch.arange(float(np.prod(shape))))).reshape(shape)


NETS = {
    "toy": (network(), (torch.stack([torch.arange(16.0), torch.arange(16.0) + 1]).reshape(2, 1, 4, 4),)),
    "smooth": (Smooth(24, (2, 2, 3), 3).eval(), (wave(2, 2, 3, 4),)),
    "row": (Smooth(5, (4,), 3).eval(), (wave(2, 5),)),
    "two": (Smooth(8, (2, 2, 3), 3).eval(), (wave(2, 5), wave(2, 3))),
}
RULES = ["gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid"]


class Recorder:
    """Keeps what captum draws."""

    def __init__(self):
        self.normal, self.uniform, self.choice = [], [], []

    def __enter__(self):
        torch.manual_seed(1)
        np.random.seed(1)
        self.saved = torch.normal, np.random.uniform, np.random.choice
        torch.normal = self.keep(torch.normal, self.normal)
        np.random.uniform = self.keep(np.random.uniform, self.uniform)
        np.random.choice = self.keep(np.random.choice, self.choice)
        return self

    def keep(self, draw, into):
        def wrapped(*args):
            into.append(draw(*args))
            return into[-1]

        return wrapped

    def __exit__(self, *_):
        torch.normal, np.random.uniform, np.random.choice = self.saved


def with_rest(net, inputs, k):
    """The net as a function of input k, and the others, in any order of theirs."""

    def f(x, *others):
        others = list(others)
        others.insert(k, x)
        return net(*others)

    others = tuple(x for i, x in enumerate(inputs) if i != k)
    return f, inputs[k], (others or None)


CASES = []


def digits(rows):
    """As many as float32 has."""
    return [[float(f"{v:.9g}") for v in row] for row in np.asarray(rows)]


def case(net, method, values, options=None, k=0, layer="", normal=None, uniform=None):
    if layer and values.dim() > 2:
        values = values.sum(1)
    CASES.append(
        {
            "Method": method,
            "Options": options or {},
            "Net": net,
            "Target": TARGET,
            "Input": k,
            "Layer": layer,
            "Normal": normal or {},
            "Uniform": uniform or {},
            "Values": digits(values.detach().flatten(1)),
        }
    )


def gradients(name, net, inputs, k):
    f, x, rest = with_rest(net, inputs, k)
    args = dict(target=TARGET, additional_forward_args=rest)
    case(name, "saliency", ca.Saliency(f).attribute(x, **args), k=k)
    case(name, "saliency", ca.Saliency(f).attribute(x, abs=False, **args), {"Signed": True}, k=k)
    case(name, "inputxgradient", ca.InputXGradient(f).attribute(x, **args), k=k)
    for i, rule in enumerate(RULES):
        ig = ca.IntegratedGradients(f).attribute(x, n_steps=9, method=rule, **args)
        case(name, "integrated-gradients", ig, {"Steps": 9, "Rule": i}, k=k)
    ig = ca.IntegratedGradients(f).attribute(x, baselines=0.25, **args)
    case(name, "integrated-gradients", ig, {"Baseline": {"Value": 0.25}}, k=k)


def draws(values, samples, per=1, offset=0):
    """Rows of captum's repeat_interleave as {draw: [a row a sample]}."""
    values = np.asarray(values, dtype=np.float32).reshape(-1, samples, *np.shape(values)[1:])
    return {per * s + offset: digits(values[:, s].reshape(len(values), -1)) for s in range(samples)}


def noisy(name, net, inputs, k):
    f, x, rest = with_rest(net, inputs, k)
    args = dict(target=TARGET, additional_forward_args=rest)
    for method, kind in (("smoothgrad", "smoothgrad"), ("squaregrad", "smoothgrad_sq"), ("vargrad", "vargrad")):
        for samples, sigma, signed in ((5, 1.0, False), (3, 4.0, True)):
            with Recorder() as r:
                v = ca.NoiseTunnel(ca.Saliency(f)).attribute(
                    x, nt_type=kind, nt_samples=samples, stdevs=sigma, abs=not signed, **args
                )
            options = {} if samples == 5 else {"Samples": samples, "Sigma": sigma, "Signed": signed}
            case(name, method, v, options, k=k, normal=draws(r.normal[0] / sigma, samples))
    bases = 0.3 * torch.cos(torch.arange(float(3 * x[0].numel()))).reshape(3, *x.shape[1:])
    for samples, sigma, baselines in ((5, 0.0, 0 * x[:1]), (4, 0.5, bases)):
        with Recorder() as r:
            v = ca.GradientShap(f).attribute(x, baselines=baselines, n_samples=samples, stdevs=sigma, **args)
        options = {}
        if sigma:
            options = {"Samples": samples, "Sigma": sigma}
            options["Baselines"] = {"Shape": list(bases.shape), "Data": bases.flatten().tolist()}
        picked = (np.asarray(r.choice[0]) + 0.5) / len(baselines)
        case(
            name,
            "gradientshap",
            v,
            options,
            k=k,
            normal=draws(r.normal[0] / (sigma or 1), samples, 3),
            uniform=draws(r.uniform[0], samples, 3, 1) | draws(picked, samples, 3, 2),
        )


def layers(name, net, inputs, layer):
    module, x = getattr(net, layer), inputs[0]
    for options, args in (
        ({}, {}),
        ({"Steps": 6, "Rule": 3, "Baseline": {"Value": -0.5}}, dict(n_steps=6, method=RULES[3], baselines=-0.5)),
    ):
        v = ca.LayerIntegratedGradients(net, module).attribute(x, target=TARGET, **args)
        case(name, "layer-integrated-gradients", v, options, layer=layer)
        v = ca.LayerConductance(net, module).attribute(x, target=TARGET, **args)
        case(name, "conductance", v, options, layer=layer)


def main():
    for name in ("toy", "smooth", "two"):
        net, inputs = NETS[name]
        for k in range(len(inputs)):
            gradients(name, net, inputs, k)
            noisy(name, net, inputs, k)
    toy, (x,) = NETS["toy"]
    case("toy", "guided-backprop", ca.GuidedBackprop(toy).attribute(x, target=TARGET))
    case("toy", "deconvnet", ca.Deconvolution(toy).attribute(x, target=TARGET))
    for layer in ("conv1", "relu1"):
        guided = ca.GuidedGradCam(toy, getattr(toy, layer))
        for i, mode in enumerate(("nearest", "bilinear")):
            v = guided.attribute(x, target=0, interpolate_mode=mode)
            case("toy", "guided-gradcam", v, {"Interpolation": i})
            CASES[-1] |= {"Layer": layer, "Target": 0}  # class 1 has no positive Grad-CAM on conv1
        layers("toy", toy, (x,), layer)
    for layer in ("linear", "hidden"):
        layers("smooth", *NETS["smooth"], layer)
        layers("row", *NETS["row"], layer)

    for c in CASES:
        assert np.abs(c["Values"]).max() > 0, c
    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/attributions.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")


if __name__ == "__main__":
    main()
