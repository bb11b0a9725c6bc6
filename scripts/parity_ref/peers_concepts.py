"""Deep feature factorisation: the error that scikit-learn's solver leaves."""

from __future__ import annotations

import torch
from pytorch_grad_cam.feature_factorization.deep_feature_factorization import dff

from . import cam
from .capture import activation
from .case import GRADCAM, Book, Case, Found
from .zoo import Layer


def factorisation(model, layer: Layer, x, book: Book, concepts: int) -> None:
    """The two solvers start from other random numbers, so values differ; what can
    be compared is |V - WH| / |V| of the activation less its channels' minima."""
    a = cam.spatial(activation(model, layer.path, x), layer.layout)
    w, h = dff(a.numpy().copy(), concepts)
    v = a.transpose(0, 1).flatten(1)
    offset = v.amin(1, keepdim=True)
    product = torch.from_numpy(w).float() - offset  # concepts come with the offset
    components = torch.from_numpy(h).float().transpose(0, 1).flatten(1)
    error = (v - offset - product @ components).norm() / (v - offset).norm()
    book.reason("dff", GRADCAM, "values depend on the start, which the peer draws: compared by the error that is left")
    book.add(
        Case(
            "dff",
            GRADCAM,
            x,
            ["top1"] * len(x),
            Found([error.reshape(1)]),
            (layer,),
            options={"Concepts": concepts},
            tolerance=0.01,
        )
    )
