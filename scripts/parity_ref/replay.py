"""pytorch-grad-cam's own classes on an activation and gradient captured once.

One forward and one backward pass serve all formulas of one layer: the classes
get a stand-in for their extractor. That the extractor itself gives the same
values is checked with GradCAM, layer by layer, in generate.py.
"""

from __future__ import annotations

import contextlib
from unittest import mock

import numpy as np
import pytorch_grad_cam as peer
import torch

from .case import Found


class Captured:
    """Stands for pytorch_grad_cam's ActivationsAndGradients."""

    reshape_transform = None

    def __init__(self, outputs, activations, gradients):
        self.outputs, self.activations, self.gradients = outputs, activations, gradients

    def __call__(self, x):
        return self.outputs

    def release(self):
        """Nothing was hooked."""


def tapped(explainer) -> list[np.ndarray]:
    """Raw maps as the explainer computes them, one a layer."""
    raw, original = [], explainer.get_cam_image

    def get_cam_image(*args, **kw):
        raw.append(original(*args, **kw))
        return raw[-1]

    explainer.get_cam_image = get_cam_image
    return raw


def tensor(array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def run(cls, activations: list[torch.Tensor], gradients: list[torch.Tensor], x, eigen_smooth=False, **options) -> Found:
    """Raw maps and map of class cls; A and G are (N, C, h, w), one each a layer."""
    anything = torch.nn.Linear(1, 1)
    explainer = cls(anything, [anything] * len(activations), **options)
    explainer.activations_and_grads.release()
    explainer.activations_and_grads = Captured(torch.zeros(len(x), 1), activations, gradients)
    explainer.uses_gradients = False  # they are there
    raw = tapped(explainer)
    with thin_svd():
        final = explainer(x, targets=[None] * len(x), eigen_smooth=eigen_smooth)
    return Found([tensor(r) for r in raw], tensor(final))


@contextlib.contextmanager
def thin_svd():
    """Without the N x N matrix that the peer asks for and never reads."""
    original = np.linalg.svd
    with mock.patch.object(np.linalg, "svd", lambda x, full_matrices: original(x, full_matrices=False)):
        yield


# name of the method -> (class, whether its sign is arbitrary)
CHEAP = {
    "hirescam": (peer.HiResCAM, False),
    "elementwise": (peer.GradCAMElementWise, False),
    "gradcam++": (peer.GradCAMPlusPlus, False),
    "xgradcam": (peer.XGradCAM, False),
    "layercam": (peer.LayerCAM, False),
    "fem": (peer.FEM, False),
}
EIGEN = {
    "eigencam": (peer.EigenCAM, True),
    "eigengradcam": (peer.EigenGradCAM, True),
    "segeigencam": (peer.SegEigenCAM, False),
    "kpcacam": (peer.KPCA_CAM, False),
}
