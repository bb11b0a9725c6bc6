#!/usr/bin/env python
"""Tests of the cases of methods: what is drawn is what is written down."""

from __future__ import annotations

import pathlib
import tempfile
import unittest

import numpy as np
import torch
from parity_ref import draws, peers_masks, peers_plain
from parity_ref.case import PLAIN, Book, Case, Found, measure, up_to_sign
from parity_ref.files import Folder


class DrawsTest(unittest.TestCase):
    def test_peers_draw_from_the_recorder(self):
        calls = {
            draws.torch_normal: lambda: torch.normal(0, torch.full((2, 3), 2.0)) / 2,
            draws.torch_randn: lambda: torch.randn(2, 3),
            draws.numpy_uniform: lambda: torch.from_numpy(np.random.uniform(0.0, 1.0, (2, 3))).float(),
        }
        for patch, call in calls.items():
            recorder = draws.Recorder(5)
            with patch(recorder):
                drawn = call()
            torch.testing.assert_close(drawn, recorder.all()[0])

    def test_derived_draws(self):
        recorder = draws.Recorder()
        with draws.torch_bernoulli(recorder):
            on = torch.bernoulli(torch.full((1, 50), 0.5))
        self.assertTrue(torch.equal(on.bool(), recorder.all()[0] < 0.5))
        recorder = draws.Recorder()
        with draws.numpy_choice(recorder):
            chosen = np.random.choice(3, 40)
        self.assertEqual(chosen.tolist(), [int(3 * u) for u in recorder.all()[0]])
        recorder = draws.Recorder()
        with draws.categorical(recorder):
            found = [int(torch.distributions.Categorical(torch.tensor([0.0, 1, 3])).sample()) for _ in range(40)]
        self.assertEqual(found, [1 if u < 0.25 else 2 for u in recorder.all().flatten()])

    def test_nothing_stays_patched(self):
        before = torch.normal, torch.randn, np.random.uniform
        with draws.torch_normal(draws.Recorder()), draws.numpy_uniform(draws.Recorder()):
            pass
        self.assertEqual(before, (torch.normal, torch.randn, np.random.uniform))

    def test_layouts(self):
        noise = torch.arange(12.0).reshape(6, 2)  # two samples, three draws each
        self.assertEqual(draws.by_sample(noise, 2)[1, 1].tolist(), noise[4].tolist())
        self.assertEqual(peers_masks.by_example(noise, 2)[1, 1].tolist(), noise[4].tolist())
        spread = peers_masks.every_other(noise[:2], 4)
        self.assertEqual(spread[[4, 6]].tolist(), noise[:2].tolist())


class CaseTest(unittest.TestCase):
    def test_a_reference_that_proves_nothing_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            book = Book("net", Folder(pathlib.Path(name)))
            for raw in (torch.zeros(1, 2, 2), torch.full((1, 2, 2), float("nan"))):
                with self.assertRaises(AssertionError):
                    book.add(Case("rise", PLAIN, torch.ones(1, 3, 2, 2), ["0"], Found([raw])))

    def test_sensitivity_ignores_an_arbitrary_sign(self):
        raw = torch.tensor([[1.0, -2], [3, 4]])
        turned = torch.tensor([[-1.0, 2], [3, 4.004]])
        self.assertTrue(torch.equal(up_to_sign(raw * torch.tensor([[-1.0], [1]]), raw), raw))
        self.assertAlmostEqual(measure(Found([raw]), [Found([turned])], sign=True)["raw0"], 1e-3, places=6)
        self.assertGreater(measure(Found([raw]), [Found([turned])])["raw0"], 0.5)

    def test_masks(self):
        mask = peers_masks.blocks(torch.zeros(1, 3, 6, 8), 3, 4)
        self.assertEqual(mask[::2, ::2].tolist(), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])
        ones = peers_plain.mask_of(torch.zeros(18), (8, 8), 4, 0.5)
        torch.testing.assert_close(ones, torch.ones(8, 8))


if __name__ == "__main__":
    unittest.main()
