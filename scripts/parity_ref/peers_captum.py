"""Captum's attributions: by the input, by a layer, by changed copies of the input."""

from __future__ import annotations

import contextlib

import captum.attr as peer
import torch

from . import draws
from .case import CAPTUM, Book, Case, Found, classes, watched
from .zoo import Layer

# Two baselines for GradientSHAP: the peer chooses between them at random.
BASELINES = (0.0, 0.25)


def add(method, once, x, targets, book: Book, **case) -> None:
    """once(x) returns the attribution of every number of the input, signed."""
    found, sensitivity = watched(lambda x: Found([once(x.clone()).detach()]), x)
    book.add(Case(method, CAPTUM, x, classes(targets), found, sensitivity=sensitivity, **case))


def gradients(model, x, targets: list[int], book: Book) -> None:
    saliency, product = peer.Saliency(model), peer.InputXGradient(model)
    add("saliency", lambda x: saliency.attribute(x, target=targets), x, targets, book)
    add(
        "saliency",
        lambda x: saliency.attribute(x, target=targets, abs=False),
        x,
        targets,
        book,
        options={"Signed": True},
    )
    add("inputxgradient", lambda x: product.attribute(x, target=targets), x, targets, book)


def rules(model, x, targets: list[int], book: Book, **case) -> None:
    """Guided backprop and deconvnet: the peer sees ReLU modules only."""
    guided, deconvnet = peer.GuidedBackprop(model), peer.Deconvolution(model)
    add("guided-backprop", lambda x: guided.attribute(x, target=targets), x, targets, book, **case)
    add("deconvnet", lambda x: deconvnet.attribute(x, target=targets), x, targets, book, **case)


def unseen(book: Book, text: str) -> None:
    """Networks whose rectifiers the peer does not see."""
    for method in ("guided-backprop", "deconvnet", "guided-gradcam"):
        book.reason(method, CAPTUM, text, book.name)


def guided_gradcam(model, layer: Layer, x, targets: list[int], book: Book) -> None:
    method = peer.GuidedGradCam(model, model.get_submodule(layer.path))
    add("guided-gradcam", lambda x: method.attribute(x, target=targets), x, targets, book, layers=(layer,))


def path(model, x, targets: list[int], book: Book) -> None:
    """Integrated gradients by every quadrature of the peer."""
    method = peer.IntegratedGradients(model)
    rules = ("gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid")
    for rule, steps in [(rules[0], 50), *((rule, 8) for rule in rules[1:])]:
        options = {"Rule": rules.index(rule), "Steps": steps}
        add(
            "integrated-gradients",
            lambda x, rule=rule, steps=steps: method.attribute(x, target=targets, n_steps=steps, method=rule),
            x,
            targets,
            book,
            options=options,
        )


def layer_path(model, layer: Layer, x, targets: list[int], book: Book, steps: int = 20) -> None:
    """Summed over channels, as a map shows it."""
    module = model.get_submodule(layer.path)
    methods = {
        "layer-integrated-gradients": peer.LayerIntegratedGradients(model, module),
        "conductance": peer.LayerConductance(model, module),
    }
    for name, method in methods.items():
        add(
            name,
            lambda x, method=method: method.attribute(x, target=targets, n_steps=steps).sum(1),
            x,
            targets,
            book,
            layers=(layer,),
            options={"Steps": steps},
        )


def noise(model, x, targets: list[int], book: Book, samples: int = 5, sigma: float = 1.0) -> None:
    """The noise tunnel over the signed gradient."""
    tunnel = peer.NoiseTunnel(peer.Saliency(model))
    kinds = {"smoothgrad": "smoothgrad", "squaregrad": "smoothgrad_sq", "vargrad": "vargrad"}
    for method, kind in kinds.items():
        recorders = []

        def once(x, kind=kind, recorders=recorders):
            recorders.append(draws.Recorder())
            with draws.torch_normal(recorders[-1]):
                return tunnel.attribute(x, target=targets, nt_type=kind, nt_samples=samples, stdevs=sigma, abs=False)

        found, sensitivity = watched(lambda x, once=once: Found([once(x.clone()).detach()]), x)
        normal = draws.by_sample(recorders[0].calls[0], len(x)).flatten(2)
        book.add(
            Case(
                method,
                CAPTUM,
                x,
                classes(targets),
                found,
                options={"Samples": samples, "Sigma": sigma, "Signed": True},
                draws={"normal": normal},
                sensitivity=sensitivity,
            )
        )


def gradientshap(model, x, targets: list[int], book: Book, samples: int = 5, sigma: float = 0.1) -> None:
    """Sample i: normal draw 3i is the noise, uniform draws 3i+1 and 3i+2 are the
    place on the path and the choice of the baseline."""
    method = peer.GradientShap(model)
    baselines = torch.cat([torch.full_like(x[:1], value) for value in BASELINES])
    recorders = []

    def once(x):
        normal, uniform, choice = recorders_of = (draws.Recorder(1), draws.Recorder(2), draws.Recorder(3))
        recorders.append(recorders_of)
        with contextlib.ExitStack() as stack:
            stack.enter_context(draws.torch_normal(normal))
            stack.enter_context(draws.numpy_uniform(uniform))
            stack.enter_context(draws.numpy_choice(choice))
            return method.attribute(x, baselines, n_samples=samples, stdevs=sigma, target=targets)

    found, sensitivity = watched(lambda x: Found([once(x.clone()).detach()]), x)
    normal, uniform, choice = ([draws.by_sample(c, len(x)) for c in r.calls] for r in recorders[0])
    u = torch.zeros(3 * samples, len(x), 1)
    u[1::3, :, 0], u[2::3, :, 0] = uniform[0], choice[0]
    z = torch.zeros(3 * samples, len(x), x[0].numel())
    z[0::3] = normal[0].flatten(2)
    book.add(
        Case(
            "gradientshap",
            CAPTUM,
            x,
            classes(targets),
            found,
            options={"Samples": samples, "Sigma": sigma},
            draws={"normal": z, "uniform": u},
            arrays={"baselines": baselines},
            sensitivity=sensitivity,
        )
    )
