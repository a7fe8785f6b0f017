"""Pages that are read from end to end: results, drawings, samples of a report."""

from types import SimpleNamespace

import numpy as np
import pytest

from ppocr.data.batch import Batch, SampleFacts
from ppocr.drawing.html import tag
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process
from ppocr.report.samples import Evaluated
from ppocr.report.thumbnails import Thumbnails
from ppocr.tasks import task_of
from ppocr.tasks.results import ReadBoxes

E2E = task_of("e2e")


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


TRUTHS = [box(10, 10, 90, 30), box(10, 50, 90, 70), box(100, 10, 190, 40)]
FOUND = {"points": [box(10, 50, 90, 70), box(12, 10, 92, 30)], "texts": ["second", "f1rst"], "scores": [0.9, 0.5]}


def batch():
    facts = [SampleFacts(0, texts=("First", "second", "###"))]
    fields = [np.zeros((1, 3, 96, 200)), np.array([[96, 200, 1.0, 1.0]]), [TRUTHS], [np.zeros((3, 2), int)]]
    names = ("image", "shape", "polys", "texts", "ignore_tags")
    return Batch([*fields, [np.array([False, False, True])]], facts=facts, names=names)


@pytest.fixture
def samples():
    return E2E.compare([FOUND], batch(), build_metric({"name": "E2EMetric"}), ["key"], None)


def test_rows_of_result_files():
    result = E2E.result({"points": [TRUTHS[0]], "texts": ["ab"], "scores": [0.123456]})
    assert result == ReadBoxes([TRUTHS[0]], [0.123456], ("ab",))
    (column,), row = E2E.row(result)
    assert row == {"lines": column} and column[0]["transcription"] == "ab" and column[0]["score"] == 0.12346
    assert E2E.summary(result) == "1 text"
    (column,), _ = E2E.row(E2E.result({"points": [TRUTHS[0]], "texts": ["ab"]}))
    assert column[0]["score"] is None
    assert E2E.row(E2E.result({"points": [], "texts": []})) == ([[]], {"lines": []})


def test_a_page_is_drawn_with_its_texts_beside():
    page = np.full((96, 200, 3), 255, np.uint8)
    drawn = E2E.draw(page, E2E.result(FOUND))
    assert drawn.shape == (96, 400, 3) and (page == 255).all()
    assert (drawn[12:28, 220:280] < 128).any() and (drawn[80:, 200:] == 255).all()


def test_samples_are_drawn_with_truth_and_texts():
    image = np.random.default_rng(0).random((3, 96, 200)).astype(np.float32)
    drawn = E2E.draw_samples([(image, [FOUND], batch())], build_metric({"name": "E2EMetric"}))
    assert drawn.shape[1] >= 400 and (drawn == (0, 0, 255)).all(axis=2).any()


def test_samples_of_a_report(samples):
    (page,) = samples
    assert (page.hits, page.misses, page.false_alarms) == (2, 0, 0)
    first, second = sorted(page.readings, key=lambda reading: reading.truth)
    assert (first.truth, first.prediction, first.confidence) == ("first", "f1rst", 0.5) and first.distance == 0.2
    assert second.truth == second.prediction == "second" and second.key.page == "key"
    assert E2E.same_truth([page, page])


class DataSet:
    """Gives one page."""

    seed = 0

    def load(self, index, key, rng):
        return {"image": np.full((96, 200, 3), 255, np.uint8)}

    def describe(self, index):
        return "the page"


def test_a_report_asks_for_scores():
    assert E2E.watched(build_post_process({"name": "PGPostProcess"})).return_scores


def test_sections_about_pages_and_about_texts(samples):
    (page,) = samples
    key = SimpleNamespace(index=0, epoch=0)
    object.__setattr__(page, "key", key)
    for reading in page.readings:
        object.__setattr__(reading, "key", reading.key._replace(page=key))
    evaluated = Evaluated(E2E, "best", {}, None, samples=samples)
    sections = E2E.report_sections(evaluated, Thumbnails(DataSet()))
    names = [section.id for section in sections]
    assert names == ["pages", "by-page", "by-size", "samples", "confusions", "characters", "lengths", "scores"]
    text = "".join(tag("div", section.body) for section in sections)
    assert text.count("data:image/jpeg") == 3 and "the page" in text and "parts" in text
    assert E2E.report_sections(Evaluated(E2E, "best", {}, None), Thumbnails(DataSet()))
