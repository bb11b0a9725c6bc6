"""TorchScript archives, record by record."""

from __future__ import annotations

import pathlib
import zipfile


def records(path: str | pathlib.Path) -> dict[str, bytes]:
    """The records of an archive, without the folder that contains them all."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename.split("/", 1)[1]: archive.read(info) for info in archive.infolist()}


def patch(source: str | pathlib.Path, target: str | pathlib.Path, edit) -> None:
    """Copies an archive record by record through edit(name, data) -> data.

    A record that edit turns into None is left out. The version record
    is copied like any other.
    """
    folder = pathlib.Path(target).stem
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records(source).items():
            edited = edit(name, data)
            if edited is None:
                continue
            info = zipfile.ZipInfo(f"{folder}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, edited)
