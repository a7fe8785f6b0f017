"""E2EMetric: what is found, and what is read."""

import json

import numpy as np
import pytest
from matlab_files import cells, element, matrix, numbers, text, true_polygons, write

from ppocr.data.batch import Batch, SampleFacts
from ppocr.errors import ConfigError, DataError
from ppocr.metrics import build_metric
from ppocr.metrics.coverage import group_by_coverage

NAMES = ("image", "shape", "polys", "texts", "ignore_tags", "img_id")


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)


LINE, OTHER = box(0, 0, 100, 10), box(0, 50, 100, 60)
LEFT, RIGHT = box(0, 0, 48, 10), box(50, 0, 100, 10)


def metric(**keys):
    return build_metric({"name": "E2EMetric", **keys})


def batch(polys, texts, ignored=None, number=1, known=True):
    """Returns a batch of one page; the rows of texts say nothing where the texts themselves are known."""
    rows = np.full((len(texts), 8), 36)
    ignored = np.zeros(len(texts), bool) if ignored is None else np.array(ignored)
    facts = [SampleFacts(0, texts=tuple(texts))] if known else []
    return Batch([None, None, [polys], [rows], [ignored], np.array([number])], facts=facts, names=NAMES)


def judged(found, there, **keys):
    own = metric(**keys)
    own.update([{"points": [points for points, _ in found], "texts": [text for _, text in found]}], there)
    return own.get_metric()


def test_texts_are_compared_as_they_stand_whatever_their_case():
    values = judged([(LINE, "AB-1"), (OTHER, "x")], batch([LINE, OTHER], ["ab-1", "xy"]))
    assert (values["f_score"], values["f_score_e2e"], values["seqerr"]) == (1.0, 0.5, 0.5)


def test_what_the_dictionary_cannot_write_counts_as_wrong():
    values = judged([(LINE, "nave")], batch([LINE], ["naïve"]))
    assert values["recall"] == 1 and values["hit_str_count"] == 0


def test_what_is_ignored_counts_neither_way():
    values = judged([(LINE, "ab"), (OTHER, "cd")], batch([LINE, OTHER], ["ab", "###"], [False, True]))
    assert values["total_num_gt"] == values["total_num_det"] == values["hit_str_count"] == 1


def test_without_the_texts_those_that_nothing_is_known_of_do_not_count():
    rows = np.array([[10, 11, 36], [36, 36, 36]])
    values = judged([(LINE, "ab")], [None, None, [[LINE, OTHER]], [rows], [[False, False]]])
    assert values["total_num_gt"] == values["hit_str_count"] == 1 and values["f_score_e2e"] == 1


@pytest.mark.parametrize("texts, right", [(["ab", "x"], 1), (["x", "ab"], 1), (["a", "b"], 0)])
def test_of_the_parts_of_a_text_one_has_to_be_right(texts, right):
    values = judged(list(zip((LEFT, RIGHT), texts)), batch([LINE], ["ab"]))
    assert values["hit_str_count"] == right and values["global_accumulative_recall"] == pytest.approx(0.8)
    values = judged([(LINE, "ab")], batch([LEFT, RIGHT], texts))
    assert values["hit_str_count"] == right


def test_groups_are_numbered_among_all_polygons():
    truths, found = [OTHER, LEFT, RIGHT], [box(300, 0, 400, 10), LINE, OTHER]
    counts, groups = group_by_coverage(truths, [True, False, False], found)
    assert counts == pytest.approx((1.6, 0.8, 2, 2))
    assert groups == [([1, 2], [1])]


def test_nothing_found_and_nothing_there():
    values = judged([], batch([LINE], ["ab"]))
    assert values["f_score_e2e"] == 0 and values["seqerr"] == 1
    own = metric()
    own.update([{"points": [], "texts": []}], batch(np.zeros((0, 4, 2)), []))
    assert own.all_right() and own.compute()["total_num_gt"] == 0
    label = json.dumps([{"transcription": t, "points": LINE.tolist()} for t in ("ab", "###")])
    own.add_unreadable([label, "broken"])
    assert own.totals["truths"] == 1 and not own.all_right()


def test_true_polygons_of_total_text(tmp_path):
    xs, ys = (LINE[:, i].astype(int).tolist() for i in (0, 1))
    write(tmp_path / "poly_gt_img12.mat", true_polygons((xs, ys, "Ab", "c"), (xs, [y + 50 for y in ys], "#", "#")))
    there = batch([OTHER], ["other"], number=12)
    values = judged([(LINE, "ab"), (OTHER, "cd")], there, mode="B", gt_mat_dir=str(tmp_path))
    assert values["total_num_gt"] == values["total_num_det"] == values["hit_str_count"] == 1
    with pytest.raises(DataError, match="poly_gt_img1.mat: cannot be read"):
        judged([], batch([OTHER], ["other"]), mode="B", gt_mat_dir=str(tmp_path))
    write(tmp_path / "poly_gt_img1.mat")
    with pytest.raises(DataError, match="no cells 'polygt'"):
        judged([], batch([OTHER], ["other"]), mode="B", gt_mat_dir=str(tmp_path))


@pytest.mark.parametrize("xs, ys, word", [([1, 2, 3], [1, 2], "a"), ([1, 2], [1, 2], "a"), ([], [], "a")])
def test_a_row_without_a_polygon_is_named(tmp_path, xs, ys, word):
    sound = ([0, 9, 9], [0, 0, 9], "a", "c")
    write(tmp_path / "poly_gt_img1.mat", true_polygons(sound, (xs, ys, word, "c")))
    with pytest.raises(DataError, match=r"poly_gt_img1.mat, text 2: .* not x and y of the same points"):
        judged([], batch([OTHER], ["other"]), mode="B", gt_mat_dir=str(tmp_path))


def test_rows_without_an_orientation_count_and_without_a_text_are_named(tmp_path):
    nothing, words = matrix(6, (0, 0), element(9, b"")), text("ab")
    xs, ys = (numbers(LINE[:, i], "<i2", 3) for i in (0, 1))
    there, where = batch([OTHER], ["other"]), {"mode": "B", "gt_mat_dir": str(tmp_path)}
    write(tmp_path / "poly_gt_img1.mat", cells([[text("x:"), xs, text("y:"), ys, words, nothing]], "polygt"))
    assert judged([(LINE, "ab")], there, **where)["hit_str_count"] == 1
    write(tmp_path / "poly_gt_img1.mat", cells([[text("x:"), xs, text("y:"), ys, nothing, text("c")]], "polygt"))
    with pytest.raises(DataError, match="text 1: its fifth cell is no text"):
        judged([], there, **where)


def test_of_unreadable_images_it_is_said_whose_boxes_were_counted(tmp_path):
    own = metric(mode="B", gt_mat_dir=str(tmp_path))
    assert own.remarks() == []
    own.add_unreadable([json.dumps([{"transcription": "ab", "points": LINE.tolist()}])])
    assert own.totals["truths"] == 1 and "of 1 images" in own.remarks()[0]
    own.get_metric()
    assert own.remarks() == []


def test_what_a_mode_needs(tmp_path):
    assert "img_id" not in metric().reads and metric(mode="B", gt_mat_dir=str(tmp_path)).reads == ("img_id",)
    with pytest.raises(DataError, match="is not a folder"):
        metric(mode="B", gt_mat_dir=str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="mode B needs 'gt_mat_dir'"):
        metric(mode="B")
