"""Samples of an evaluation as an image: which are shown, and in which order."""

from types import SimpleNamespace

import numpy as np
import pytest

from ppocr.drawing import samples
from ppocr.engine.drawn_samples import draw_samples
from ppocr.metrics import build_metric
from ppocr.metrics.rec_metric import RecMetric


@pytest.fixture
def drawn(monkeypatch):
    """The texts that are drawn, in order; each is a black bar."""
    texts = []

    class TextRenderer:
        def draw(self, text):
            texts.append(text)
            return np.full((56, 10 * len(text)), 255, np.uint8)

    monkeypatch.setattr(samples, "TextRenderer", TextRenderer)
    return texts


def evaluator(metric, batches):
    """An evaluator that has looked at ``batches``: (images, results, batch)."""
    return SimpleNamespace(metric=build_metric({"name": metric}), examples=lambda model, count: iter(batches))


def text_batch(*pairs):
    images = np.zeros((len(pairs), 3, 8, 16), np.float32)
    read, truths = ([(pair[i], 0.5) for pair in pairs] for i in range(2))
    return images, (read, truths), [images]


def test_errors_come_first_and_that_is_said(drawn):
    batches = [text_batch(("a", "a"), ("b", "b")), text_batch(("c", "x"), ("d", "d")), text_batch(("e", "y"))]
    sheet = draw_samples(evaluator("RecMetric", batches), None, count=3)
    read = [text[0] for text in drawn if "(truth)" not in text and "samples" not in text]
    assert read == ["c", "e", "a"] and "2 of the first 5 samples are wrong; these come first" in drawn
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3


def test_without_errors_the_first_are_shown(drawn):
    draw_samples(evaluator("RecMetric", [text_batch(("a", "a"), ("b", "b"))]), None, count=1)
    assert [text[0] for text in drawn if "(truth)" in text] == ["a"]
    assert "0 of the first 2 samples are wrong" in drawn


def square(x):
    return np.array([[x, 0], [x + 10, 0], [x + 10, 10], [x, 10]])


def page_batch(truths, found, height):
    images = np.zeros((1, 3, height, 60), np.float32)
    shape = np.array([[height, 60, 1.0, 1.0]])
    return (
        images,
        [{"points": [square(x) for x in found]}],
        [images, shape, [[square(x) for x in truths]], [[False] * len(truths)]],
    )


def test_pages_of_several_sizes_with_the_wrong_ones_first(drawn):
    batches = [page_batch([], [], 20), page_batch([0], [0], 30), page_batch([0, 30], [0], 40), page_batch([0], [0], 50)]
    sheet = draw_samples(evaluator("DetMetric", batches), None, count=4)
    assert drawn == ["1 of the first 4 samples are wrong; these come first"]
    top = samples._TITLE + samples._GAP
    heights = [
        (sheet[top:, 1] != 255).any(axis=-1).sum(),
        (sheet[top:, 60 + samples._GAP + 55] != 255).any(axis=-1).sum(),
    ]
    assert heights == [40 + 50, 20]  # three in a row: 40, 20, 30; then 50


def test_pages_whose_shapes_are_two_sizes_are_drawn_like_those_with_ratios():
    images = np.zeros((1, 3, 20, 60), np.float32)
    found, truths = [{"points": [2 * square(20)]}], [[2 * square(0)]]
    ratios, sizes = np.array([[40, 120, 0.5, 0.5]]), np.array([[40, 120, 3, 20, 60, 3]])
    sheets = [
        draw_samples(evaluator(metric, [(images, found, [images, shape, truths, [marks]])]), None, count=1)
        for metric, shape, marks in (("DetMetric", ratios, [False]), ("CTMetric", sizes, ["a"]))
    ]
    np.testing.assert_array_equal(*sheets)


@pytest.mark.parametrize("batches", [[], [(np.zeros((1, 3, 8, 8)), "other", [np.zeros((1, 3, 8, 8))])]])
def test_nothing_is_drawn_of_nothing(drawn, batches):
    assert draw_samples(evaluator("RecMetric", batches), None, count=3) is None and drawn == []


class Errors(RecMetric):
    """The share of wrong texts."""

    higher_is_better = False

    def summarise(self, totals):
        return {"acc": 1 - super().summarise(totals)["acc"]}


def test_errors_come_first_with_a_metric_of_which_less_is_better(drawn):
    look = SimpleNamespace(metric=Errors(), examples=lambda model, count: [text_batch(("a", "a"), ("c", "x"))])
    draw_samples(look, None, count=1)
    assert [text[0] for text in drawn if "(truth)" in text] == ["x"]
    assert "1 of the first 2 samples are wrong; these come first" in drawn
