"""The `seed` recipe in plain PyTorch, hooks and all, as it was meant.

Softmax score of the top class, A * G elementwise, ReLU, bilinear upsampling, no
normalisation. The published code differs in two slips: it backpropagates from
what sort() returned as a pair, and registers the deprecated backward hook.
"""

import torch.nn.functional as F


def compute_gradcam(model, image, target_layer):
    """(N, 1, H, W) for NCHW layers whose value nothing overwrites."""
    features, gradients = {}, {}

    def save(module, args, output):
        features["value"] = output.detach()
        output.register_hook(lambda grad: gradients.update(value=grad.detach()))

    handle = target_layer.register_forward_hook(save)
    try:
        score = F.softmax(model(image), dim=1).max(dim=1).values
        score.sum().backward()
    finally:
        handle.remove()
        model.zero_grad()
    cam = (features["value"] * gradients["value"]).sum(dim=1, keepdim=True)
    return F.interpolate(F.relu(cam), image.shape[2:], mode="bilinear", align_corners=False)
