#!/usr/bin/env python
"""Peak memory of plain inference in Python: torch and nothing else.

    rss_peer.py M.pt [--threads N] [--runs N] [--size H W] [--batch N]

Prints {"peak_kib": ..., "after_import_kib": ...}. The environment that
scripts/parity makes loads no CUDA libraries, so this is the least that Python
needs: the usual PyPI installation takes more.
"""

import argparse
import json
import resource

import torch


def peak_kib() -> int:
    """Peak resident set of this process (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", type=int, nargs=2, default=[224, 224])
    options = parser.parse_args()
    after_import = peak_kib()
    torch.set_num_threads(options.threads)
    model = torch.jit.load(options.model).eval()
    with torch.inference_mode():
        for _ in range(options.runs):
            model(torch.rand(options.batch, 3, *options.size))
    print(json.dumps({"peak_kib": peak_kib(), "after_import_kib": after_import}))


if __name__ == "__main__":
    main()
