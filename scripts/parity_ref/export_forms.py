"""The forms in which one network comes as a TorchScript file."""

from __future__ import annotations

import warnings

import torch


def export(model: torch.nn.Module, form: str, inputs: tuple[torch.Tensor, ...], path) -> torch.jit.ScriptModule:
    """Writes the model in that form to path and returns what was written.

    script        torch.jit.script
    trace         torch.jit.trace with gradients enabled
    trace_nograd  torch.jit.trace under no_grad: fused kernels without derivative
    reloaded      script, saved and loaded again twice
    frozen        script, then torch.jit.freeze
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; traces warn of constants
        if form in ("trace", "trace_nograd"):
            with torch.set_grad_enabled(form == "trace"):
                module = torch.jit.trace(model, inputs, check_trace=False, strict=False)
        else:
            module = torch.jit.script(model)
        if form == "frozen":
            module = torch.jit.freeze(module.eval())
        torch.jit.save(module, str(path))
        for _ in range(2 if form == "reloaded" else 0):
            module = torch.jit.load(str(path))
            torch.jit.save(module, str(path))
    return module
