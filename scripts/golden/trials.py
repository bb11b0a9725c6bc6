"""Write gradcam/testdata/trials.json: what the peers compute from changed copies.

    python scripts/golden/trials.py [OUT]

The nets and the format are those of attributions.py. Ablation-CAM and Score-CAM are
pytorch-grad-cam's, SS-CAM and IS-CAM torch-cam's, all others captum's. Subsets and
orders that captum drew go into Options, noise into Normal. Lasso and linear
regression are scikit-learn's, which captum calls in float32.
"""

import json
import sys

import captum.attr as ca
import numpy as np
import torch
import torchcam.methods as tc
from attributions import CASES, NETS, TARGET, case, digits, with_rest
from pytorch_grad_cam import AblationCAM, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget


def weighted(activation, weights):
    """A map as case takes it: one sum over channels is left to do."""
    return torch.as_tensor(activation) * torch.as_tensor(weights)[:, :, None, None]


def cams(name, layer):
    net, (x,) = NETS[name]
    module, kept = getattr(net, layer), {}
    handle = module.register_forward_hook(lambda _m, _i, y: kept.update(a=y.detach().clone()))
    net(x)
    handle.remove()
    targets = [ClassifierOutputTarget(TARGET)] * len(x)
    for method, cam in (("ablationcam", AblationCAM), ("scorecam", ScoreCAM)):
        if method == "ablationcam" and kept["a"].min() < 0:
            continue  # the peer's value depends on its chunk
        weights = cam(net, [module]).get_cam_weights(x, module, targets, kept["a"].numpy(), None)
        case(name, method, weighted(kept["a"], weights), layer=layer)
    for method, options, extractor in (
        ("sscam", {"Samples": 3, "Sigma": 0.5}, tc.SSCAM(net, layer, num_samples=3, std=0.5)),
        ("iscam", {}, tc.ISCAM(net, layer)),
    ):
        noise = []
        if method == "sscam":
            draw = extractor._distrib.sample
            extractor._distrib.sample = lambda size, draw=draw, noise=noise: noise.append(draw(size)) or noise[-1]
        torch.manual_seed(3)
        with torch.no_grad():
            net(x)
        (weights,) = extractor._get_weights([TARGET] * len(x))
        extractor.remove_hooks()
        channels = kept["a"].shape[1]
        normal = {
            s * channels + k: digits(n[:, k].flatten(1) / 0.5) for s, n in enumerate(noise) for k in range(channels)
        }
        case(name, method, weighted(kept["a"], weights), options, layer=layer, normal=normal)


def mask(x):
    """Up to three features of a sample, counted without gaps."""
    shape = x.shape[1:]
    feature = (torch.arange(x[0].numel()).reshape(shape) * 5 % 7 % 3).unique(return_inverse=True)[1]
    return feature, {"Mask": {"Shape": list(shape), "Ints": feature.flatten().tolist()}}


def ablations(name, net, inputs, k):
    f, x, rest = with_rest(net, inputs, k)
    args = dict(target=TARGET, additional_forward_args=rest)
    rank = x.ndim - 1
    for window, stride in (([1, 2, 2], [1, 1, 2]), ([1, 3, 3], None), ([1, 3, 3], [1, 2, 3])):
        window, step = window[-rank:], stride and stride[-rank:]
        if rank == 1 and window[0] > x.shape[1]:
            continue
        v = ca.Occlusion(f).attribute(x, tuple(window), strides=tuple(step) if step else None, baselines=0.5, **args)
        options = {"Window": window, "Baseline": {"Value": 0.5}}
        case(name, "occlusion", v, options | ({"Stride": step} if step else {}), k=k)
    features, options = mask(x)
    v = ca.FeatureAblation(f).attribute(x, feature_mask=features[None], **args)
    case(name, "feature-ablation", v, {"Features": options}, k=k)
    if rank == 1:
        case(name, "feature-ablation", ca.FeatureAblation(f).attribute(x, **args), k=k)


def shapley(name, net, inputs, k):
    f, x, rest = with_rest(net, inputs, k)
    args = dict(target=TARGET, additional_forward_args=rest)
    features, options = mask(x)
    sampling, orders = ca.ShapleyValueSampling(f), []
    draw = sampling.permutation_generator

    def keep(*a):
        for order in draw(*a):
            orders.append(order)
            yield order

    sampling.permutation_generator = keep
    v = sampling.attribute(x, baselines=-0.25, feature_mask=features[None], n_samples=4, **args)
    case(name, "shapley-sampling", v, {"Features": options, "Baseline": {"Value": -0.25}, "Orders": orders}, k=k)


def surrogates(name, net, inputs, k, samples):
    f, x, rest = with_rest(net, inputs, k)
    features, options = mask(x)
    if samples < 10:  # a feature a number: more of them than copies
        features = torch.arange(x[0].numel()).reshape(x.shape[1:])
        options = {"Mask": {"Shape": list(x.shape[1:]), "Ints": features.flatten().tolist()}}
    for method, peer in (("kernelshap", ca.KernelShap), ("lime", ca.Lime)):
        values, seen = [], []
        for n in range(len(x)):
            explainer, drawn = peer(f), []
            similarity = explainer.similarity_func

            def keep(a, b, on, similarity=similarity, drawn=drawn, **kwargs):
                drawn.append(on[0].bool().tolist())
                return similarity(a, b, on, **kwargs)

            explainer.similarity_func = keep
            torch.manual_seed(5)
            more = tuple(r[n : n + 1] for r in rest) if rest else None
            one = dict(target=TARGET, additional_forward_args=more, feature_mask=features[None], n_samples=samples)
            values.append(explainer.attribute(x[n : n + 1], baselines=0.1, **one))
            seen.append(drawn)
        assert seen[0] == seen[-1]
        case(
            name,
            method,
            torch.cat(values),
            {"Features": options, "Baseline": {"Value": 0.1}, "Coalitions": seen[0]},
            k=k,
        )


def main():
    cams("toy", "relu1")
    cams("smooth", "hidden")
    for name, (net, inputs) in NETS.items():
        for k in range(len(inputs)):
            ablations(name, net, inputs, k)
            shapley(name, net, inputs, k)
            surrogates(name, net, inputs, k, 12)
    surrogates("smooth", *NETS["smooth"], 0, 9)

    for c in CASES:
        assert np.abs(c["Values"]).max() > 0, c
    with open(sys.argv[1] if len(sys.argv) > 1 else "gradcam/testdata/trials.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")


if __name__ == "__main__":
    main()
