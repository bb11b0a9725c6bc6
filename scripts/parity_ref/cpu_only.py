"""Lets the PyPI build of torch import without its 3 GB of CUDA packages.

libtorch_cuda.so names a dozen CUDA libraries that must be found when it is
loaded, though none is called without a GPU. Each gets an empty stand-in with
the symbols and symbol versions that the loader asks for. Only for environments
that never use CUDA; needs a C compiler and binutils.

    python cpu_only.py SITE_PACKAGES/torch/lib
"""

from __future__ import annotations

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

LOADED = ("libtorch_cuda.so", "libtorch_python.so", "libtorch_nvshmem.so", "libc10_cuda.so")
# libcudart and libcupti are small and libtorch_cpu.so calls them: install those.
STAND_INS = re.compile(
    r"lib(cublas|cublasLt|cudnn|cufft|cufile|curand|cusparse|cusparseLt|nccl|nvshmem_host)\.so\.\d+$"
)
UNVERSIONED = re.compile(r"(cublas|cudnn|cufft|cuFile|curand|cusparse|nccl|nvshmem)\w+$")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(library: pathlib.Path) -> tuple[set[str], dict[str, str]]:
    """The stand-ins a library needs, and symbol version -> the library it is from."""
    text = output("readelf", "-dVW", str(library))
    names = set(re.findall(r"\(NEEDED\).*\[(.+)\]", text))
    versions, file = {}, ""
    for line in text.splitlines():
        if found := re.search(r"Version: \d+\s+File: (\S+)", line):
            file = found[1]
        elif found := re.search(r"Name: (\S+)\s+Flags", line):
            versions[found[1]] = file
    return {n for n in names if STAND_INS.match(n)}, versions


def symbols(library: pathlib.Path) -> list[tuple[str, str]]:
    """(name, version) of every undefined symbol; version is "" when it has none."""
    lines = output("nm", "-D", "--undefined-only", str(library)).splitlines()
    pairs = (line.split()[-1].replace("@@", "@").partition("@") for line in lines)
    return [(name, version) for name, _, version in pairs]


def compile_stand_in(path: pathlib.Path, by_version: dict[str, set[str]]) -> None:
    source = "".join(f"void {name}(void) {{}}\n" for names in by_version.values() for name in sorted(names))
    script = "".join(
        f"{version} {{ global: {' '.join(n + ';' for n in sorted(names))} }};\n"
        for version, names in by_version.items()
        if version
    )
    with tempfile.TemporaryDirectory() as folder:
        c, map_file = pathlib.Path(folder, "stand_in.c"), pathlib.Path(folder, "stand_in.map")
        c.write_text(source)
        map_file.write_text(script)
        flags = [f"-Wl,--version-script={map_file}"] if script else []
        output(
            "cc", "-w", "-shared", "-fPIC", "-fno-builtin", f"-Wl,-soname,{path.name}", *flags, "-o", str(path), str(c)
        )


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    wanted: dict[str, dict[str, set[str]]] = collections.defaultdict(lambda: collections.defaultdict(set))
    for library in (folder / name for name in LOADED):
        names, versions = needed(library)
        for name in names:
            wanted[name]  # even without symbols the file must be there
        for symbol, version in symbols(library):
            if STAND_INS.match(versions.get(version, "")):
                wanted[versions[version]][version].add(symbol)
            elif not version and UNVERSIONED.match(symbol):
                wanted[sorted(names)[0] if names else "libcublas.so.13"][""].add(symbol)
    for name, by_version in wanted.items():
        compile_stand_in(folder / name, by_version)
    print(f"cpu_only: {len(wanted)} stand-ins for CUDA libraries")


if __name__ == "__main__":
    main()
