"""Captum's attributions: by the input, by a layer, by changed copies of the input."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import captum.attr as peer
import torch

from . import draws
from .case import CAPTUM, Book, Found
from .zoo import Layer

# Two baselines for GradientSHAP: the peer chooses between them at random.
BASELINES = (0.0, 0.25)


def attributed(explainer, /, **call) -> Callable[[torch.Tensor], Found]:
    """The peer's attribution of every number of the input, signed."""
    return lambda x: Found([explainer.attribute(x.clone(), **call).detach()])


def gradients(model, x, targets: list[int], book: Book) -> None:
    saliency, product = peer.Saliency(model), peer.InputXGradient(model)
    book.compare("saliency", CAPTUM, attributed(saliency, target=targets), x, targets)
    signed = attributed(saliency, target=targets, abs=False)
    book.compare("saliency", CAPTUM, signed, x, targets, options={"Signed": True})
    book.compare("inputxgradient", CAPTUM, attributed(product, target=targets), x, targets)


def rules(model, x, targets: list[int], book: Book) -> None:
    """Guided backprop and deconvnet: the peer sees ReLU modules only."""
    guided, deconvnet = peer.GuidedBackprop(model), peer.Deconvolution(model)
    book.compare("guided-backprop", CAPTUM, attributed(guided, target=targets), x, targets)
    book.compare("deconvnet", CAPTUM, attributed(deconvnet, target=targets), x, targets)


def unseen(book: Book, text: str) -> None:
    """Networks whose rectifiers the peer does not see."""
    for method in ("guided-backprop", "deconvnet", "guided-gradcam"):
        book.reason(method, CAPTUM, text, book.name)


def guided_gradcam(model, layer: Layer, x, targets: list[int], book: Book) -> None:
    method = peer.GuidedGradCam(model, model.get_submodule(layer.path))
    book.compare("guided-gradcam", CAPTUM, attributed(method, target=targets), x, targets, layers=(layer,))


def path(model, x, targets: list[int], book: Book) -> None:
    """Integrated gradients by every quadrature of the peer."""
    method = peer.IntegratedGradients(model)
    rules = ("gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid")
    for rule, steps in [(rules[0], 50), *((rule, 8) for rule in rules[1:])]:
        options = {"Rule": rules.index(rule), "Steps": steps}
        run = attributed(method, target=targets, n_steps=steps, method=rule)
        book.compare("integrated-gradients", CAPTUM, run, x, targets, options=options)


def layer_path(model, layer: Layer, x, targets: list[int], book: Book, steps: int = 20) -> None:
    """Summed over channels, as a map shows it."""
    module = model.get_submodule(layer.path)
    methods = {
        "layer-integrated-gradients": peer.LayerIntegratedGradients(model, module),
        "conductance": peer.LayerConductance(model, module),
    }
    for name, method in methods.items():

        def once(x, method=method):
            return Found([method.attribute(x.clone(), target=targets, n_steps=steps).sum(1).detach()])

        book.compare(name, CAPTUM, once, x, targets, layers=(layer,), options={"Steps": steps})


def noise(model, x, targets: list[int], book: Book, samples: int = 5, sigma: float = 1.0) -> None:
    """The noise tunnel over the signed gradient."""
    tunnel = peer.NoiseTunnel(peer.Saliency(model))
    kinds = {"smoothgrad": "smoothgrad", "squaregrad": "smoothgrad_sq", "vargrad": "vargrad"}
    options = {"Samples": samples, "Sigma": sigma, "Signed": True}
    for method, kind in kinds.items():
        run = attributed(tunnel, target=targets, nt_type=kind, nt_samples=samples, stdevs=sigma, abs=False)

        def once(x, run=run):
            recorder = draws.Recorder()
            with draws.torch_normal(recorder):
                found = run(x)
            found.draws = {"normal": draws.by_sample(recorder.calls[0], len(x)).flatten(2)}
            return found

        book.compare(method, CAPTUM, once, x, targets, options=options)


def gradientshap(model, x, targets: list[int], book: Book, samples: int = 5, sigma: float = 0.1) -> None:
    """Sample i: normal draw 3i is the noise, uniform draws 3i+1 and 3i+2 are the
    place on the path and the choice of the baseline."""
    method = peer.GradientShap(model)
    baselines = torch.cat([torch.full_like(x[:1], value) for value in BASELINES])

    def once(x):
        normal, uniform, choice = draws.Recorder(1), draws.Recorder(2), draws.Recorder(3)
        with contextlib.ExitStack() as stack:
            stack.enter_context(draws.torch_normal(normal))
            stack.enter_context(draws.numpy_uniform(uniform))
            stack.enter_context(draws.numpy_choice(choice))
            value = method.attribute(x.clone(), baselines, n_samples=samples, stdevs=sigma, target=targets)
        noise, place, chosen = (draws.by_sample(r.calls[0], len(x)) for r in (normal, uniform, choice))
        u = torch.zeros(3 * samples, len(x), 1)
        u[1::3, :, 0], u[2::3, :, 0] = place, chosen
        z = torch.zeros(3 * samples, len(x), x[0].numel())
        z[0::3] = noise.flatten(2)
        return Found([value.detach()], draws={"normal": z, "uniform": u})

    options = {"Samples": samples, "Sigma": sigma}
    book.compare("gradientshap", CAPTUM, once, x, targets, options=options, arrays={"baselines": baselines})
