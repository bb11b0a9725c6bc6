#!/usr/bin/env python
"""Tests of parity.py and compare.py: what agrees passes, what differs is named.

A stand-in for the command writes what eager Python computes, in the layout of
`torchlight explain --save`, or the same with one stage wrong.
"""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import stat
import sys
import tempfile
import unittest

import numpy as np
import parity
import torch
from parity_ref import compare, toy

STAND_IN = """#!{python}
import json, pathlib, sys
import numpy as np
arguments = sys.argv
out, x = pathlib.Path(arguments[arguments.index("--out") + 1]), pathlib.Path(arguments[-1])
values = np.load({values!r})
pathlib.Path({values!r}).with_name("arguments").write_text(" ".join(arguments))
for stage in values.files:
    np.save(out / f"{{x.stem}}.{{stage}}.npy", values[stage])
method = arguments[arguments.index("--method") + 1]
samples = [{{"sample": i, "layer": "relu1", "method": method, "target": {{"index": 0}}}} for i in range(2)]
(out / f"{{x.stem}}.json").write_text("\\n".join(map(json.dumps, samples)))
sys.exit({code})
"""


class ParityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.model = toy.Toy().eval()
        torch.jit.save(torch.jit.script(self.model), str(self.dir / "toy.pt"))
        self.x = toy.images(2)
        np.save(self.dir / "x.npy", self.x.numpy())
        self.values = self.stages("gradcam")

    def stages(self, method: str) -> dict:
        samples = [{"layer": "relu1", "method": method, "target": {"index": 0}}] * 2
        stages = parity.reference(self.model, self.x, samples, np.ones((2, 2, 2), np.float32), "")
        return {name: value.numpy() for name, value in stages.items()}

    def run_parity(self, values: dict, code: int = 0, *more: str) -> tuple[int, str]:
        np.savez(self.dir / "values.npz", **values)
        command = self.dir / "torchlight"
        command.write_text(STAND_IN.format(python=sys.executable, values=str(self.dir / "values.npz"), code=code))
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            result = parity.main(
                [
                    *["--module", "parity_ref.toy:Toy", "--model", str(self.dir / "toy.pt")],
                    *["--input", str(self.dir / "x.npy"), "--torchlight", str(command), *more],
                ]
            )
        return result, text.getvalue()

    def test_equal_values_pass(self):
        code, text = self.run_parity(self.values)
        self.assertEqual(code, 0, text)
        self.assertEqual([line.split()[0] for line in text.splitlines()[2:]], list(parity.STAGES))
        self.assertNotIn("--exact", (self.dir / "arguments").read_text())
        self.assertEqual(self.run_parity(self.values, 0, "--exact")[0], 0)
        self.assertIn("--exact", (self.dir / "arguments").read_text())

    def test_every_formula(self):
        for method in parity.FORMULAS:
            with self.subTest(method):
                values = self.stages(method)
                if not values["raw"].any():
                    continue  # no position of so few stands out
                code, text = self.run_parity(values, 0, "--method", method)
                self.assertEqual(code, 0, text)

    def test_a_formula_is_not_another(self):
        """The values by hand of relu1: HiResCAM [[0, 4], [25, 25]], LayerCAM [[0, 4], [31, 40]]."""
        for method, want in {"hirescam": [[0, 4], [25, 25]], "layercam": [[0, 4], [31, 40]]}.items():
            np.testing.assert_allclose(self.stages(method)["raw"][0], want, err_msg=method)

    def test_an_arbitrary_sign_passes(self):
        values = self.stages("eigencam")
        turned = parity.cam.normalised_map(torch.from_numpy(-values["raw"]), (4, 4)).numpy()
        values = values | {"raw": -values["raw"], "map": turned}
        code, text = self.run_parity(values, 0, "--method", "eigencam")
        self.assertEqual(code, 0, text)

    def test_each_wrong_stage_is_named(self):
        for stage in parity.STAGES:
            for name, spoil in {
                "off": lambda a: a + 1e-3,
                "nan": lambda a: a * np.nan,
                "short": lambda a: a[:1],
            }.items():
                with self.subTest(f"{stage} {name}"):
                    wrong = dict(self.values)
                    wrong[stage] = spoil(wrong[stage])
                    code, text = self.run_parity(wrong)
                    self.assertEqual(code, 1, text)
                    line = next(line for line in text.splitlines() if line.startswith(stage))
                    self.assertTrue("<--" in line or "shape" in line, text)
                    self.assertIn("run again with --exact", text)
                    self.assertNotIn("run again", self.run_parity(wrong, 0, "--exact")[1])

    def test_what_cannot_run_is_said(self):
        self.assertEqual(self.run_parity(self.values, 3)[0], 2)
        code, text = self.run_parity(self.values, 0, "--output-name", "logits")
        self.assertEqual(code, 2)
        self.assertIn("the module returns ''", text)
        code, text = self.run_parity(self.values, 0, "--torchlight", "no/such/command")
        self.assertEqual(code, 2)
        self.assertIn("make build", text)


class CompareTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.old, self.new = pathlib.Path(folder.name, "old"), pathlib.Path(folder.name, "new")
        for side in (self.old, self.new):
            side.mkdir()
            np.save(side / "a.npy", np.float32([1, 2, np.nan]))
            (side / "m.json").write_text(json.dumps({"p": 0.5, "names": ["a"]}))

    def test_differences(self):
        array, listing = self.old / "a.npy", self.old / "m.json"
        self.assertIsNone(compare.problem(array, self.new / "a.npy"))
        self.assertIsNone(compare.problem(listing, self.new / "m.json"))
        for value in ([1, 2.001, np.nan], [1, 2, 3], [1, 2]):
            np.save(self.new / "a.npy", np.float32(value))
            self.assertIsNotNone(compare.problem(array, self.new / "a.npy"), value)
        for value in ({"p": 0.5001, "names": ["a"]}, {"p": 0.5, "names": []}, {"p": 0.5}):
            (self.new / "m.json").write_text(json.dumps(value))
            self.assertIsNotNone(compare.problem(listing, self.new / "m.json"), value)
        self.assertIsNotNone(compare.problem(array, self.new / "gone.npy"))


if __name__ == "__main__":
    unittest.main()
