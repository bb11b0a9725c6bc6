#!/usr/bin/env python
"""Tests of what bench_peers.py times: every method that it knows makes a map.

scripts/bench_peers_test.py
"""

import json
import pathlib
import tempfile
import unittest

import bench_methods
import bench_peers
import numpy as np
import torch
from parity_ref import small, zoo

SIZE, BATCH = 32, 2


class Methods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = zoo.settled(small.build, SIZE)()
        cls.x = torch.randn(BATCH, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    def value(self, what: str, method: str) -> np.ndarray:
        call = bench_methods.prepare(what, method, self.model, "relu3", self.x, [1] * BATCH)
        with call.hooked() as once:
            once()  # a second call sees what the first one left
            value = call.value(once())
        return np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)

    def check(self, what: str, methods, space: int | None):
        for method in methods:
            with self.subTest(what=what, method=method):
                value = self.value(what, method)
                self.assertEqual(value.shape[0], BATCH)
                self.assertTrue(np.isfinite(value).all())
                self.assertGreater(np.abs(value).max(), 0)
                if space:
                    self.assertEqual(value.shape[-2:], (space, space))

    def test_pytorch_grad_cam(self):
        self.check("pytorch_grad_cam", bench_methods.GRAD_CAM, SIZE)

    def test_torch_cam(self):
        self.check("torch_cam", bench_methods.TORCH_CAM, None)

    def test_captum(self):
        self.check("captum", bench_methods.BY_INPUT, SIZE)
        self.check("captum", ["gradcam"], None)

    def test_projection(self):
        self.check("projection", ["eigencam"], None)

    def test_hooks_are_gone(self):
        self.value("pytorch_grad_cam", "gradcam")
        self.value("torch_cam", "gradcam")
        self.assertFalse(any(m._forward_hooks or m._forward_pre_hooks for m in self.model.modules()))

    def test_unknown(self):
        with self.assertRaisesRegex(ValueError, "see the head of bench_peers.py"):
            bench_methods.prepare("nothing", "gradcam", self.model, "relu3", self.x, [1])


class Requests(unittest.TestCase):
    def test_a_model_is_written_timed_and_handed_over(self):
        with tempfile.TemporaryDirectory() as folder:
            bench = bench_peers.Bench(pathlib.Path(folder))

            def ask(**request) -> dict:
                return bench_peers.answer(bench, json.dumps(request))

            self.assertEqual(ask(do="write", model="wide-8", size=64), {})
            case = {
                "what": "pytorch_grad_cam",
                "model": "wide-8",
                "layer": "wide",
                "method": "gradcam",
                "batch": 1,
                "size": 64,
            }
            case |= {"target": 281, "threads": 1}
            self.assertEqual(len(ask(do="time", **case, n=2)["ms"]), 2)
            self.assertEqual(np.load(ask(do="result", **case)["file"]).shape, (1, 64, 64))
            forward = {**case, "what": "fast_forward"}
            self.assertEqual(len(ask(do="time", **forward, n=1)["ms"]), 1)
            self.assertEqual(np.load(ask(do="result", **forward)["file"]).shape, (1, 1))
            self.assertIn("see the head of this file", ask(do="nothing")["error"])


if __name__ == "__main__":
    unittest.main()
