"""Reference files for package npy, written by numpy itself.

    python scripts/golden/npy.py npy/testdata

The values are those that npy/read_test.go states; the file name says the type.
"""

import pathlib
import sys

import numpy as np


def main():
    out = pathlib.Path(sys.argv[1])
    x = (np.arange(6).reshape(2, 3) - 2) / 4  # -0.5 ... 0.75, exact in every float type
    n = np.arange(6).reshape(2, 3) * 50
    np.save(out / "f4.npy", x.astype("<f4"))
    np.save(out / "f8.npy", x.astype("<f8"))
    np.save(out / "f2.npy", x.astype("<f2"))
    np.save(out / "i8.npy", (n - 100).astype("<i8"))
    np.save(out / "i4.npy", (n - 100).astype("<i4"))
    np.save(out / "u1.npy", n.astype("|u1"))
    np.save(out / "b1.npy", x > 0)
    np.save(out / "fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
    np.save(out / "scalar.npy", np.float32(1.5))
    np.save(out / "vector.npy", np.arange(3, dtype="<f4"))
    np.save(out / "empty.npy", np.zeros((0, 3), "<f4"))
    np.save(out / "batch.npy", np.arange(2 * 3 * 4 * 5, dtype="<f4").reshape(2, 3, 4, 5))
    np.save(out / "big_endian.npy", x.astype(">f4"))
    np.save(out / "complex.npy", x.astype("<c8"))
    np.save(out / "objects.npy", np.array([None, "x"], dtype=object), allow_pickle=True)
    np.save(out / "records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i8")]))
    np.savez(out / "archive.npz", x=x.astype("<f4"))
    with open(out / "v2.npy", "wb") as f:
        np.lib.format.write_array(f, x.astype("<f4"), version=(2, 0))
    with open(out / "v3.npy", "wb") as f:
        np.lib.format.write_array(f, x.astype("<f4"), version=(3, 0))
    # Every finite and infinite float16, and what numpy makes of it.
    h = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    h = h[~np.isnan(h)][::97]
    np.save(out / "half.npy", h)
    np.save(out / "half_as_f4.npy", h.astype("<f4"))


if __name__ == "__main__":
    main()
