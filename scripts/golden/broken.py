"""Files that must not load, each with one clear error, and one saved on a GPU."""

from __future__ import annotations

import pathlib
import pickle
import zipfile

import torch
from parity_ref import archive


def saved_on_a_gpu(out: pathlib.Path, cases: list[dict]) -> dict:
    """The trace_new_zeros case as a GPU export would have written it.

    Storages name cuda:0 as their home, the code holds torch.device("cuda:0").
    """
    entry = dict(next(c for c in cases if c["name"] == "trace_new_zeros"))
    folder = out / "cuda_saved"
    folder.mkdir(exist_ok=True)
    source = out / "trace_new_zeros/trace.pt"
    archive.patch(source, folder / "storages.pt", storages_on_cuda)
    archive.patch(source, folder / "constants.pt", constants_on_cuda)
    archive.patch(source, folder / "both.pt", lambda name, data: storages_on_cuda(name, constants_on_cuda(name, data)))
    entry["name"] = "cuda_saved"
    entry["about"] = "Saved on a GPU, opened without one: storages and device constants name cuda:0."
    entry["files"] = {form: f"cuda_saved/{form}.pt" for form in ("storages", "constants", "both")}
    return entry


def storages_on_cuda(name: str, data: bytes) -> bytes:
    """Rewrites the location string of every pickled storage."""
    if not name.endswith(".pkl"):
        return data
    cpu, cuda = b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"
    if name == "data.pkl" and cpu not in data:
        raise ValueError("data.pkl holds no storage location to rewrite")
    return data.replace(cpu, cuda)


def constants_on_cuda(name: str, data: bytes) -> bytes:
    if not name.endswith(".py"):
        return data
    return data.replace(b'torch.device("cpu")', b'torch.device("cuda:0")')


def write_all(out: pathlib.Path) -> list[dict]:
    """Writes the files that no loader may accept; returns their manifest entries."""
    folder = out / "broken"
    folder.mkdir(exist_ok=True)
    source = out / "inplace_relu_after/script.pt"
    good = source.read_bytes()
    weights = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.zeros(2)}

    def raw(name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)

    torch.save(weights, folder / "state_dict.pth")
    torch.save(weights, folder / "state_dict_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(3, 2), folder / "whole_module.pth")
    raw("pickle.pkl", pickle.dumps({"weight": [1.0, 2.0]}, protocol=4))
    with zipfile.ZipFile(folder / "not_torchscript.zip", "w") as z:
        z.writestr(zipfile.ZipInfo("hello.txt", (1980, 1, 1, 0, 0, 0)), "not a model\n")
    raw("truncated.pt", good[: len(good) * 2 // 3])
    raw("truncated_head.pt", good[:40])
    raw("empty.pt", b"")
    raw("text.pt", b"this is not a model\n")
    archive.patch(source, folder / "corrupt_code.pt", lambda n, d: d[: len(d) // 2] if n.endswith(".py") else d)
    archive.patch(source, folder / "missing_storage.pt", lambda n, d: None if n == "data/0" else d)
    archive.patch(source, folder / "newer_version.pt", lambda n, d: b"99\n" if n == "version" else d)
    archive.patch(source, folder / "missing_operator.pt", call_missing_operator)

    return [
        entry("state_dict.pth", "state_dict", "a state_dict: export it with scripts/export.py"),
        entry("state_dict_legacy.pth", "state_dict", "a state_dict in the format before 1.6, not a zip"),
        entry("whole_module.pth", "state_dict", "a pickled module (torch.save(model)), not TorchScript"),
        entry("pickle.pkl", "pickle", "a plain pickle"),
        entry("not_torchscript.zip", "not_torchscript", "a zip without a model"),
        entry("truncated.pt", "truncated", "a zip cut off at two thirds"),
        entry("truncated_head.pt", "truncated", "the first 40 bytes of a zip"),
        entry("empty.pt", "not_zip", "no bytes"),
        entry("text.pt", "not_zip", "a text file"),
        entry("corrupt_code.pt", "corrupt", "the code records stop half way"),
        entry("missing_storage.pt", "corrupt", "a storage is missing"),
        entry("newer_version.pt", "newer_version", "file format version 99"),
        entry("missing_operator.pt", "missing_operator", "calls nosuch::frobnicate"),
    ]


def call_missing_operator(name: str, data: bytes) -> bytes:
    """Makes the root forward call an operator that no libtorch has."""
    if not name.endswith(".py") or b"class InplaceReluAfter" not in data:
        return data
    start = data.index(b"class InplaceReluAfter")
    at = data.index(b"return ", start) + len(b"return ")
    end = data.index(b"\n", at)
    return data[:at] + b"ops.nosuch.frobnicate(" + data[at:end] + b")" + data[end:]


def entry(file: str, kind: str, about: str) -> dict:
    return {"file": f"broken/{file}", "kind": kind, "about": about}
