#!/usr/bin/env python
"""Tests of export.py: the card fits its schema, every mistake gets one line."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import pathlib
import tempfile
import unittest

import export
import jsonschema
import torch
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs/model-card.schema.json").read_text())

NETS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, classes)
    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

class Wild(Net):
    def forward(self, x):
        return Net.forward(self, x) + len([k for k in globals()]) * 0

def net(classes=3):
    torch.manual_seed(0)
    return Net(classes)

def wild():
    return Wild()

def not_a_module():
    return 7
"""


class ExportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        (self.dir / "nets.py").write_text(NETS)
        (self.dir / "labels.txt").write_text("cat\ndog\nhamster: small\n")
        (self.dir / "two.txt").write_text("cat\ndog\n")
        self.net = f"{self.dir}/nets.py:net"

    def run_export(self, *arguments: str) -> tuple[int, str]:
        error = io.StringIO()
        with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
            code = export.main([*arguments, "--out", str(self.dir / "m.pt")])
        return code, error.getvalue()

    def card(self) -> dict:
        card = yaml.safe_load((self.dir / "m.yaml").read_text())
        jsonschema.validate(card, SCHEMA)
        return card

    def test_every_form_gives_the_modules_output(self):
        x = torch.rand(2, 3, 16, 16)
        import_name = self.net
        for how in ("script", "trace", "freeze"):
            with self.subTest(how):
                code, error = self.run_export(import_name, "--size", "16", "--how", how)
                self.assertEqual((code, error), (0, ""))
                want = export.build(import_name, {})(x)
                torch.testing.assert_close(torch.jit.load(str(self.dir / "m.pt"))(x), want)

    def test_card_says_what_was_given(self):
        code, error = self.run_export(
            *[self.net, "--size", "32", "16", "--resize", "40", "--crop", "32", "16", "--imagenet", "--layer", "conv"],
            *["--labels", str(self.dir / "labels.txt"), "--output", "sigmoid", "--source", "a test: really"],
        )
        self.assertEqual((code, error), (0, ""))
        card = self.card()
        self.assertEqual(card["input"], {"size": [32, 16], "channels": 3, "range": [0, 1]})
        self.assertEqual(card["preprocess"]["resize"], 40)
        self.assertEqual(card["preprocess"]["crop"], [32, 16])
        self.assertEqual(card["preprocess"]["mean"], export.IMAGENET_MEAN)
        self.assertEqual(card["labels"], ["cat", "dog", "hamster: small"])
        self.assertEqual((card["output"], card["layer"], card["source"]), ("sigmoid", "conv", "a test: really"))
        self.assertEqual(card["sha256"], hashlib.sha256((self.dir / "m.pt").read_bytes()).hexdigest())

    def test_no_path_of_this_machine_in_the_file(self):
        self.run_export(self.net, "--size", "16")
        self.assertNotIn(str(self.dir).encode(), (self.dir / "m.pt").read_bytes())

    def test_checkpoint_bare_nested_and_parallel(self):
        state = export.build(self.net, {}).state_dict()
        state["fc.bias"] += 5
        forms = {
            "bare": state,
            "nested": {"state_dict": state},
            "parallel": {f"module.{k}": v for k, v in state.items()},
        }
        for name, content in forms.items():
            with self.subTest(name):
                path = self.dir / f"{name}.pth"
                torch.save(content, path)
                code, error = self.run_export(self.net, "--size", "16", "--checkpoint", str(path))
                self.assertEqual((code, error), (0, ""))
                loaded = torch.jit.load(str(self.dir / "m.pt")).state_dict()
                torch.testing.assert_close(loaded["fc.bias"], state["fc.bias"])

    def test_mistakes_get_one_line_and_leave_no_file(self):
        other = self.dir / "other.pth"
        torch.save(export.build(self.net, {"classes": 5}).state_dict(), other)
        (self.dir / "text.pth").write_text("weights")
        cases = {
            "no such function": ([f"{self.dir}/nets.py:nett"], "has no function nett; nearest: net"),
            "no colon": (["nets"], "want pkg:fn, file.py:fn or torchvision:NAME"),
            "no such file": ([f"{self.dir}/none.py:net"], "none.py: no such file"),
            "no such package": (["no_such_package:net"], "cannot be imported"),
            "not a module": ([f"{self.dir}/nets.py:not_a_module"], "returned int"),
            "unknown argument": ([self.net, "--args", "depth=3"], "cannot be built"),
            "unknown torchvision name": (["torchvision:resnet19"], "nearest: resnet1"),
            "random torchvision weights": (["torchvision:resnet18"], "give the file of its weights"),
            "no such checkpoint": ([self.net, "--checkpoint", f"{self.dir}/none.pth"], "none.pth: no such file"),
            "text as checkpoint": (
                [self.net, "--checkpoint", f"{self.dir}/text.pth"],
                "not a checkpoint of plain tensors",
            ),
            "other shapes": ([self.net, "--checkpoint", str(other)], "fc.weight is (5, 4), the model wants (3, 4)"),
            "unscriptable": ([f"{self.dir}/nets.py:wild"], "try --how trace"),
            "unknown layer": ([self.net, "--layer", "convs"], "no such submodule; nearest: conv"),
            "layer of a frozen file": ([self.net, "--how", "freeze", "--layer", "conv"], "give a node such as"),
            "labels of another model": ([self.net, "--labels", f"{self.dir}/two.txt"], "2 labels for 3 classes"),
            "no labels file": ([self.net, "--labels", f"{self.dir}/none.txt"], "--labels"),
            "channels": ([self.net, "--channels", "1"], "--size and --channels give the input"),
            "mean for one channel": ([self.net, "--mean", "0.5"], "1 numbers for 3 channels"),
            "zero std": ([self.net, "--std", "1", "0", "1"], "not above 0"),
            "unknown preset": ([self.net, "--preset", "ResNet19_Weights.X"], "--preset ResNet19_Weights.X"),
        }
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                size = [] if "--size" in arguments else ["--size", "16"]
                code, error = self.run_export(*arguments, *size)
                self.assertEqual(code, 1, error)
                self.assertIn(words, error)
                self.assertEqual(error.count("\n"), 1, error)
                self.assertEqual(list(self.dir.glob("m.*")) + list(self.dir.glob(".export-*")), [])

    def test_folder_must_exist(self):
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            code = export.main([self.net, "--out", str(self.dir / "none/m.pt")])
        self.assertEqual(code, 1)
        self.assertIn("does not exist", error.getvalue())

    def test_committed_cards_fit_the_schema(self):
        for path in [ROOT / "docs/model-card.example.yaml", *sorted((ROOT / "examples/models").glob("*.yaml"))]:
            with self.subTest(path.name):
                card = yaml.safe_load(path.read_text())
                jsonschema.validate(card, SCHEMA)
                model = path.with_suffix(".pt")
                if model.exists():
                    self.assertEqual(card["sha256"], hashlib.sha256(model.read_bytes()).hexdigest())


if __name__ == "__main__":
    unittest.main()
