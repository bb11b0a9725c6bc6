"""TorchScript files: written without debug records, read and patched.

Debug records hold the absolute paths of the machine that exported; without
them files are smaller and the same everywhere.
"""

from __future__ import annotations

import io
import pathlib
import zipfile

import torch


def records(path: str | pathlib.Path) -> dict[str, bytes]:
    """The records of an archive, without the folder that contains them all."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename.split("/", 1)[1]: archive.read(info) for info in archive.infolist()}


def write(path: str | pathlib.Path, content: dict[str, bytes]) -> None:
    """Writes records as PyTorch does: stored, data aligned to 64 bytes."""
    path = pathlib.Path(path)
    writer = torch._C.PyTorchFileWriter(str(path))
    for name, data in content.items():
        if name in ("version", ".data/serialization_id"):
            continue  # the writer's own
        writer.write_record(name, data, len(data))
    writer.write_end_of_file()


def save(module: torch.jit.ScriptModule, path: str | pathlib.Path) -> None:
    """torch.jit.save without debug records."""
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    kept = {name: data for name, data in records(buffer).items() if not name.endswith(".debug_pkl")}
    write(path, kept)


def patch(source: str | pathlib.Path, target: str | pathlib.Path, edit) -> None:
    """Copies an archive record by record through edit(name, data) -> data.

    A record that edit turns into None is left out. Unlike write, patch keeps
    whatever version record it is given.
    """
    folder = pathlib.Path(target).stem
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records(source).items():
            edited = edit(name, data)
            if edited is None:
                continue
            info = zipfile.ZipInfo(f"{folder}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, edited)
