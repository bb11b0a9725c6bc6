"""torch-cam's methods, with the noise it would draw drawn here."""

from __future__ import annotations

import torch
from torchcam import methods as peer

from . import draws
from .case import TORCHCAM, Book, Found
from .zoo import Layer


def run(cls, model, layer: Layer, x, targets: list[int], recorder=None, **options) -> Found:
    """The signed raw map: torch-cam's own ReLU is switched off.

    Smooth Grad-CAM++ weights what its last noisy copy left in the hook. The paper's
    formula and this comparison weight the activation of the input itself.
    """
    with cls(model, layer.path, input_shape=tuple(x.shape[1:]), **options) as extractor:
        extractor._relu = False
        if recorder:
            extractor._distrib = draws.Normal(recorder, extractor.std)
        with torch.enable_grad():
            scores = model(x.clone())
            kept, original = extractor.hook_a[0].clone(), extractor._get_weights
            extractor._get_weights = lambda *a, **kw: _keep(original(*a, **kw), extractor, kept)
            raw = extractor(class_idx=targets, scores=scores, normalized=False)
    return Found([raw[0].detach()])


def _keep(weights, extractor, activation: torch.Tensor):
    extractor.hook_a = [activation]
    return weights


def cam(model, layer: Layer, fc: str, x, targets: list[int], book: Book) -> None:
    book.compare(
        "cam", TORCHCAM, lambda x: run(peer.CAM, model, layer, x, targets, fc_layer=fc), x, targets, layers=(layer,)
    )


def by_input(noise: torch.Tensor) -> torch.Tensor:
    """(draws, samples, C, H, W) as it is drawn."""
    return noise.flatten(2)


def by_mask(noise: torch.Tensor) -> torch.Tensor:
    """(repetitions, samples, channels, H, W): a draw for each channel's mask."""
    return noise.transpose(1, 2).flatten(0, 1).flatten(2)


def noisy(cls, method, layout, model, layer: Layer, x, targets, book, samples, sigma, tolerance=1e-5) -> None:
    """Smooth Grad-CAM++ and SS-CAM; every run draws the same noise."""

    def once(x):
        recorder = draws.Recorder()
        found = run(cls, model, layer, x, targets, recorder, num_samples=samples, std=sigma)
        found.draws = {"normal": layout(recorder.all())}
        return found

    options = {"Samples": samples, "Sigma": sigma}
    book.compare(method, TORCHCAM, once, x, targets, layers=(layer,), options=options, tolerance=tolerance)


def smoothgrad(model, layer: Layer, x, targets, book: Book) -> None:
    book.reason(
        "smoothgradcam++",
        TORCHCAM,
        "the peer multiplies its weights with the activation of the last noisy copy: compared with the input's own",
    )
    noisy(peer.SmoothGradCAMpp, "smoothgradcam++", by_input, model, layer, x, targets, book, 4, 0.3)


def smoothed_score(model, layer: Layer, x, targets, book: Book, samples: int) -> None:
    noisy(peer.SSCAM, "sscam", by_mask, model, layer, x, targets, book, samples, 2.0, 1e-4)


def integrated_score(model, layer: Layer, x, targets, book: Book, samples: int) -> None:
    def once(x):
        return run(peer.ISCAM, model, layer, x, targets, num_samples=samples)

    book.compare("iscam", TORCHCAM, once, x, targets, layers=(layer,), options={"Samples": samples}, tolerance=1e-4)
