#!/usr/bin/env python
"""Exports a PyTorch model to M.pt (TorchScript) and M.yaml (its model card).

    export.py torchvision:mobilenet_v2 --checkpoint weights.pth \\
              --preset MobileNet_V2_Weights.IMAGENET1K_V1 --layer features.18 --out mobilenet_v2.pt
    export.py mypackage.nets:build --checkpoint best.pth --resize 256 --crop 224 --labels labels.txt --out net.pt
    export.py nets.py:build --how trace --size 64 --channels 1 --out net.pt

The module is a function (or class) without required arguments that returns a
torch.nn.Module; --args gives it keyword arguments. The card is defined by
docs/model-card.schema.json. This file stands alone: it needs torch, and
torchvision for torchvision: names.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib
import importlib.util
import inspect
import io
import json
import os
import pathlib
import sys
import tempfile
import warnings
import zipfile

import torch

IMAGENET_MEAN = [0.485, 0.456, 0.406]
IMAGENET_STD = [0.229, 0.224, 0.225]


class Problem(Exception):
    """Something the user can fix: one line that names the input and the fix."""


# The model.


def load_function(name: str):
    """The callable that "pkg.mod:fn" or "file.py:fn" names."""
    where, _, attribute = name.rpartition(":")
    if not where:
        raise Problem(f"{name}: want pkg:fn, file.py:fn or torchvision:NAME")
    try:
        if where.endswith(".py"):
            path = pathlib.Path(where)
            if not path.is_file():
                raise Problem(f"{where}: no such file")
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module
            sys.path.insert(0, str(path.parent.resolve()))
            spec.loader.exec_module(module)
        else:
            sys.path.insert(0, os.getcwd())
            module = importlib.import_module(where)
    except Problem:
        raise
    except Exception as err:
        raise Problem(f"{where}: cannot be imported: {first_line(err)}") from err
    function = getattr(module, attribute, None)
    if not callable(function):
        names = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise Problem(f"{where}: has no function {attribute}{nearest(attribute, names)}")
    return function


def build(name: str, arguments: dict) -> torch.nn.Module:
    """The module in eval mode, with whatever weights its constructor gives."""
    if name.startswith("torchvision:"):
        models = torchvision_models()
        short = name.partition(":")[2]
        if short not in models.list_models():
            raise Problem(f"{name}: torchvision has no such model{nearest(short, models.list_models())}")
        function, arguments = models.get_model_builder(short), {"weights": None, **arguments}
        # GoogLeNet and Inception draw their weights slowly unless told not to.
        if "init_weights" in inspect.signature(function).parameters:
            arguments.setdefault("init_weights", False)
    else:
        function = load_function(name)
    try:
        model = function(**arguments)
    except Exception as err:
        raise Problem(f"{name}: cannot be built: {first_line(err)} (arguments are given by --args)") from err
    if not isinstance(model, torch.nn.Module):
        raise Problem(f"{name}: returned {type(model).__name__}, want a torch.nn.Module")
    return model.eval()


def torchvision_models():
    try:
        import torchvision.models

        return torchvision.models
    except ImportError as err:
        raise Problem(f"torchvision: names need torchvision: {first_line(err)}") from err


def load_weights(model: torch.nn.Module, path: str) -> None:
    """Loads a state_dict, bare or under "state_dict"/"model", with or without "module."."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as err:
        raise Problem(f"{path}: no such file") from err
    except Exception as err:
        raise Problem(f"{path}: not a checkpoint of plain tensors: {first_line(err)}") from err
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise Problem(f"{path}: holds no state_dict; save one with torch.save(model.state_dict(), path)")
    if state and all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    own = model.state_dict()
    wrong = [f"missing {k}" for k in own if k not in state]
    wrong += [f"unexpected {k}" for k in state if k not in own]
    wrong += [
        f"{k} is {tuple(state[k].shape)}, the model wants {tuple(own[k].shape)}"
        for k in own
        if k in state and state[k].shape != own[k].shape
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Problem(f"{path}: does not fit the model: {'; '.join(wrong[:3])}{more}")
    model.load_state_dict(state)


# The export.


def to_torchscript(model: torch.nn.Module, how: str, example: torch.Tensor) -> torch.jit.ScriptModule:
    try:
        if how == "trace":
            # With gradients enabled: under no_grad a trace holds fused
            # attention kernels that have no derivative.
            return torch.jit.trace(model, example, check_trace=False, strict=False)
        scripted = torch.jit.script(model)
        return torch.jit.freeze(scripted) if how == "freeze" else scripted
    except Exception as err:
        hint = "" if how == "trace" else "; try --how trace"
        raise Problem(f"torch.jit.{how}: {first_line(err)}{hint}") from err


def save_without_debug(module: torch.jit.ScriptModule, path: str | pathlib.Path) -> None:
    """torch.jit.save less the debug records, which hold this machine's paths."""
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    copy_without_debug(buffer, path)


def copy_without_debug(source, path: str | pathlib.Path) -> None:
    """Copies a TorchScript archive, a path or an open file, record by record."""
    writer = torch._C.PyTorchFileWriter(str(path))
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            name = info.filename.split("/", 1)[1]
            if name.endswith(".debug_pkl") or name in ("version", ".data/serialization_id"):
                continue  # the latter two are the writer's own
            writer.write_record(name, archive.read(info), info.file_size)
    writer.write_end_of_file()


def first_tensor(result, name: str | None):
    """The output that is explained: the named one, or the first float tensor."""
    if isinstance(result, dict):
        keys = [name] if name else [k for k in ("out", "logits") if k in result] or list(result)
        result = result.get(keys[0])
    elif isinstance(result, (tuple, list)):
        floats = [v for v in result if isinstance(v, torch.Tensor) and v.is_floating_point()]
        result = result[int(name)] if name and name.isdigit() else (floats or [None])[0]
    return result if isinstance(result, torch.Tensor) else None


def verify(model, path: pathlib.Path, example: torch.Tensor, name: str | None) -> torch.Tensor:
    """Loads the file again and compares with eager Python; returns the output."""
    with torch.no_grad():
        want = first_tensor(model(example), name)
        got = first_tensor(torch.jit.load(str(path))(example), name)
    if want is None or got is None:
        raise Problem("the model returns no float tensor to explain; name one with --output-name")
    worst = (want - got).abs().max() / want.abs().max().clamp(min=1e-12)
    if not worst <= 1e-4:
        raise Problem(
            f"the exported file differs from the module by {worst:.1e} of the largest output; try another --how"
        )
    return want


# The card.


def preset_card(name: str) -> tuple[dict, list[str]]:
    """Preprocessing and labels of a torchvision weights entry, without its weights."""
    try:
        weights = torchvision_models().get_weight(name)
    except (ValueError, KeyError) as err:
        raise Problem(
            f"--preset {name}: {first_line(err)}; want a name such as ResNet50_Weights.IMAGENET1K_V2"
        ) from err
    preset = weights.transforms()
    card = {
        "pipeline": "pil",
        "resize": scalar(preset.resize_size),
        "crop": scalar(preset.crop_size),
        "interpolation": preset.interpolation.value,
        "mean": list(preset.mean),
        "std": list(preset.std),
    }
    return card, list(weights.meta["categories"])


def scalar(size):
    return size[0] if isinstance(size, (list, tuple)) and len(size) == 1 else size


def read_labels(path: str) -> list[str]:
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise Problem(f"--labels {path}: {first_line(err)}") from err
    labels = [line.strip() for line in text.splitlines() if line.strip()]
    if not labels:
        raise Problem(f"--labels {path}: no labels, want one a line")
    return labels


def make_card(options, sha256: str) -> dict:
    """The card as nested dicts, keys in the order of the schema."""
    preprocess, labels = {}, None
    if options.preset:
        preprocess, labels = preset_card(options.preset)
    elif options.resize or options.crop or options.mean:
        preprocess = {"pipeline": "pil", "resize": None, "crop": None, "interpolation": "bilinear"}
    for key in ("pipeline", "resize", "crop", "interpolation", "mean", "std"):
        value = getattr(options, key)
        if value is not None:
            preprocess[key] = scalar(value)
    if options.labels:
        labels = read_labels(options.labels)
    card = {
        "input": {"size": both(options.size), "channels": options.channels, "range": options.range},
        "preprocess": preprocess or None,
        "output": options.output,
        "output_name": options.output_name,
        "labels": labels,
        "layer": options.layer,
        "method": options.method,
        "sha256": sha256,
        "source": options.source,
        "licence": options.licence,
    }
    return {key: value for key, value in card.items() if value is not None}


def both(size: list[int]) -> list[int]:
    return list(size) * 2 if len(size) == 1 else list(size)


def to_yaml(card: dict) -> str:
    """The card as YAML: blocks for dicts and labels, JSON (which is YAML) below."""
    lines = []
    for key, value in card.items():
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {k}: {json.dumps(v)}" for k, v in value.items()]
        elif key == "labels":
            lines.append("labels:")
            lines += [f"  - {json.dumps(label, ensure_ascii=False)}" for label in value]
        else:
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def check_layer(model: torch.nn.Module, options) -> None:
    if not options.layer:
        return
    if options.how == "freeze":
        if not options.layer.startswith("#"):
            raise Problem(f"--layer {options.layer}: a frozen file has no submodules; give a node such as #conv2d:-1")
        return
    path = options.layer.partition(":")[0].partition("@")[0]
    names = [name for name, _ in model.named_modules() if name]
    if path not in names:
        raise Problem(f"--layer {path}: the model has no such submodule{nearest(path, names)}")


# Errors and options.


def first_line(err: BaseException) -> str:
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(err).__name__


def nearest(name: str, names) -> str:
    found = difflib.get_close_matches(name, list(names), 3, 0.5)
    return f"; nearest: {', '.join(found)}" if found else ""


def parse_arguments(pairs: list[str]) -> dict:
    """num_classes=3 aux=false -> {"num_classes": 3, "aux": False}."""
    arguments = {}
    for pair in pairs:
        key, found, value = pair.partition("=")
        if not found:
            raise Problem(f"--args {pair}: want name=value")
        try:
            arguments[key] = json.loads(value)
        except json.JSONDecodeError:
            arguments[key] = value
    return arguments


def options_from(argv: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("module", help="pkg:fn, file.py:fn or torchvision:NAME")
    p.add_argument("--out", required=True, type=pathlib.Path, metavar="M.pt", help="the card lies beside it as M.yaml")
    p.add_argument("--checkpoint", metavar="W.pth", help="state_dict to load first")
    p.add_argument("--args", nargs="*", default=[], metavar="NAME=VALUE", help="keyword arguments of the module")
    p.add_argument("--how", choices=["script", "trace", "freeze"], default="script")
    p.add_argument(
        "--size", nargs="+", type=int, default=[224], metavar="N", help="input height and width, or one for both"
    )
    p.add_argument("--channels", type=int, choices=[1, 3], default=3)
    p.add_argument(
        "--range", nargs=2, type=float, default=[0, 1], metavar="V", help="what pixel levels 0 and 255 become"
    )
    p.add_argument("--preset", metavar="WEIGHTS", help="torchvision weights whose preprocessing and labels apply")
    p.add_argument("--pipeline", choices=["pil", "tensor"])
    p.add_argument("--resize", nargs="+", type=int, metavar="N")
    p.add_argument("--crop", nargs="+", type=int, metavar="N")
    p.add_argument("--interpolation", choices=["bilinear", "bicubic", "nearest"])
    p.add_argument("--mean", nargs="+", type=float)
    p.add_argument("--std", nargs="+", type=float)
    p.add_argument("--imagenet", action="store_true", help="mean and std of ImageNet")
    p.add_argument("--output", choices=["logits", "probabilities", "sigmoid"], default="logits")
    p.add_argument("--output-name", help="which output of several: a dict's key or a tuple's index")
    p.add_argument("--labels", metavar="FILE", help="class names, one a line")
    p.add_argument("--layer", help="layer to explain by default")
    p.add_argument("--method", help="method to explain with by default")
    p.add_argument("--source", help="where the weights come from, one line")
    p.add_argument("--licence", help="licence of the weights")
    return p.parse_args(argv)


def check_options(o: argparse.Namespace) -> None:
    if o.imagenet:
        o.mean, o.std = o.mean or IMAGENET_MEAN, o.std or IMAGENET_STD
    for key in ("size", "resize", "crop"):
        value = getattr(o, key)
        if value and (len(value) > 2 or min(value) < 1):
            raise Problem(f"--{key} {' '.join(map(str, value))}: want one or two numbers above 0")
    for key in ("mean", "std"):
        value = getattr(o, key)
        if value and len(value) != o.channels:
            raise Problem(f"--{key}: {len(value)} numbers for {o.channels} channels")
    if o.std and min(o.std) <= 0:
        raise Problem(f"--std: {min(o.std)} is not above 0")
    if o.out.suffix != ".pt":
        raise Problem(f"--out {o.out}: want a name that ends in .pt")
    if not o.out.resolve().parent.is_dir():
        raise Problem(f"--out {o.out}: the folder {o.out.parent} does not exist")


def export(o: argparse.Namespace) -> None:
    check_options(o)
    model = build(o.module, parse_arguments(o.args))
    if o.checkpoint:
        load_weights(model, o.checkpoint)
    elif o.module.startswith("torchvision:"):
        raise Problem(f"{o.module}: its weights are random without --checkpoint; give the file of its weights")
    check_layer(model, o)
    example = torch.rand(1, o.channels, *both(o.size), generator=torch.Generator().manual_seed(0))
    module = to_torchscript(model, o.how, example)
    # Both files appear complete or not at all.
    with tempfile.TemporaryDirectory(dir=o.out.resolve().parent, prefix=".export-") as folder:
        script, yaml = pathlib.Path(folder, o.out.name), pathlib.Path(folder, o.out.stem + ".yaml")
        save_without_debug(module, script)
        output = verify(model, script, example, o.output_name)
        card = make_card(o, hashlib.sha256(script.read_bytes()).hexdigest())
        classes = output.shape[-1] if output.dim() == 2 else output.shape[1] if output.dim() == 4 else None
        if "labels" in card and classes is not None and classes not in (1, len(card["labels"])):
            raise Problem(f"{len(card['labels'])} labels for {classes} classes")
        yaml.write_text(to_yaml(card), encoding="utf-8")
        os.replace(script, o.out)
        os.replace(yaml, o.out.with_suffix(".yaml"))
    size = f"{o.out.stat().st_size / 1e6:.1f} MB"
    print(f"{o.out} ({size}, {o.how}), {o.out.with_suffix('.yaml')}: output {tuple(output.shape)}")


def main(argv: list[str] | None = None) -> int:
    options = options_from(argv)
    try:
        with warnings.catch_warnings():
            # TorchScript is deprecated and tracing warns of every constant.
            warnings.simplefilter("ignore")
            export(options)
    except (Problem, OSError) as err:
        print(f"export.py: {first_line(err)}", file=sys.stderr)
        return 1
    except Exception as err:  # the user's module failed on the example input
        what = f"{type(err).__name__}: {first_line(err)}"
        print(f"export.py: {what} (--size and --channels give the input)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
