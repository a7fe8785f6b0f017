"""Labels, images and targets of pages that are read from end to end."""

import json

import numpy as np
import pytest

from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.pg import PGDataSet
from ppocr.data.imaug import create_operators, e2e_targets, run_operators, transform
from ppocr.data.imaug.e2e_targets import PGProcessTrain, clockwise_from_first, reading_ribbon, ways_of
from ppocr.errors import Dropped
from ppocr.formats import labels
from ppocr.formats.labels import Seen
from ppocr.geometry.polygons import signed_areas

BOX = np.array([[20, 40], [140, 40], [140, 70], [20, 70]], np.float32)
ROOM = {"max_text_length": 6, "max_text_nums": 3, "tcl_len": 24}


def sample(polys=(BOX,), texts=("ab1",), ignored=(False,), size=(120, 160)):
    image = np.full((*size, 3), 128, np.uint8)
    polys = np.array(polys, np.float32).reshape(len(polys), len(BOX), 2)
    return {"image": image, "polys": polys, "texts": list(texts), "ignore_tags": np.array(ignored, bool), "notes": []}


def made(data, seed=0, **keys):
    return PGProcessTrain(**ROOM, image_shape=[256, 256], **keys)(data, np.random.default_rng(seed))


def test_a_text_runs_from_its_first_point_on():
    ribbon = reading_ribbon(BOX)
    assert (ribbon.top.tolist(), ribbon.bottom.tolist()) == ([[20, 40], [140, 40]], [[20, 70], [140, 70]])
    upside_down = reading_ribbon(BOX[[2, 3, 0, 1]])
    assert upside_down.top.tolist() == [[140, 70], [20, 70]]
    five = np.insert(BOX, 1, (80, 35), axis=0)
    assert [len(line) for line in reading_ribbon(five)] == [3, 3]


def test_counter_clockwise_polygons_keep_their_first_point():
    (turned,) = clockwise_from_first([BOX[[0, 3, 2, 1]]])
    assert turned.tolist() == BOX.tolist()
    assert clockwise_from_first(np.zeros((0, 4, 2))).shape == (0, 4, 2)
    assert signed_areas(clockwise_from_first([BOX]))[0] > 0


def test_the_way_to_the_next_character_is_as_long_as_a_character():
    boxes, ways = ways_of(reading_ribbon(BOX), 4)
    assert boxes.tolist() == [BOX.tolist()] and ways.tolist() == [[30, 0]]


@pytest.mark.parametrize("mode", [None, "align"])
@pytest.mark.parametrize("seed", range(5))
def test_maps_and_points_of_a_text(mode, seed):
    data = made(sample(), seed, point_gather_mode=mode)
    assert data["images"].shape == (3, 256, 256)
    score, numbers = data["tcl_maps"][0] > 0, data["tcl_label_maps"][0]
    assert score.any() and set(np.unique(numbers)) == {0, 1} and (numbers[score] == 1).mean() > 0.9
    rows, columns = np.nonzero(data["border_maps"][4])
    height = 1 / data["border_maps"][4, rows, columns]
    np.testing.assert_allclose(np.ptp(height), 0, atol=1e-3)
    up, down = data["border_maps"][[0, 2]][:, rows, columns]
    np.testing.assert_allclose(down - up, height, rtol=1e-4)
    ways = data["direction_maps"][:, numbers > 0]
    width = np.ptp(np.nonzero(numbers.any(axis=0))[0])
    np.testing.assert_allclose(ways[0], width / 3, rtol=0.1)
    np.testing.assert_allclose(ways[1], 0, atol=1e-4)
    assert data["label_list"][..., 0].tolist() == [[10, 11, 1, 36, 36, 36], [36] * 6, [36] * 6]
    count = int(data["pos_mask"].sum())
    assert 8 <= count <= ROOM["tcl_len"] and data["pos_mask"][0, :count].all()
    zero, rows, columns = data["pos_list"][0, :count].T
    assert not zero.any() and numbers[rows, columns].all()
    assert np.diff(columns).mean() > 0.5 and (np.diff(columns) > -3 - height[0] * 0.3).all()  # from left to right


def test_an_upside_down_text_is_learnt_from_right_to_left():
    data = made(sample([BOX[[2, 3, 0, 1]]]), point_gather_mode="align")
    columns = data["pos_list"][0, : int(data["pos_mask"][0].sum()), 2]
    assert np.diff(columns).mean() < -0.5
    assert (data["direction_maps"][0][data["tcl_label_maps"][0] > 0] < 0).all()


def test_what_is_found_but_not_read_and_what_does_not_count():
    polys = [BOX / (1, 4) + (0, 25 * i) for i in range(4)]
    data = sample(polys, ["abcdefgh", "é", "b-c", "no"], [False, False, False, True])
    done = made(data, point_gather_mode="align")
    assert done["label_list"][0, :, 0].tolist() == [11, 12, 36, 36, 36, 36]
    assert (done["label_list"][1:] == 36).all() and not done["pos_mask"][1:].any()
    assert set(np.unique(done["training_masks"])) == {np.float32(0.15), np.float32(1)}
    lines = done["tcl_maps"][0].any(axis=1)
    assert (np.diff(lines.astype(int)) == 1).sum() == 3  # all three texts are found
    notes = {note.reason: (note.count, note.detail) for note in done["notes"]}
    assert notes["boxes_that_are_found_but_not_read"][0] == 2
    assert notes["unknown_characters"] == (1, "-é")


def test_a_text_without_a_pixel_of_a_centre_line_does_not_count():
    thin = [made(sample([BOX / (1, 6)]), seed, use_resize=False, min_text_size=1) for seed in range(60)]
    learnt = [data["tcl_maps"].any() for data in thin]
    assert 0 < sum(learnt) < 60
    for data, found in zip(thin, learnt):
        reasons = {note.reason: note.count for note in data["notes"]}
        assert (data["training_masks"] == 1).all() == found
        assert reasons.get("boxes_outside_of_min_and_max_text_size", 0) == (not found)
        assert found or "boxes_that_are_found_but_not_read" not in reasons


def test_texts_beyond_the_room_are_not_read():
    polys = [BOX / (1, 4) + (0, 25 * i) for i in range(4)]
    done = made(sample(polys, ["ab"] * 4, [False] * 4), point_gather_mode="align")
    assert (done["label_list"][:, 0, 0] == 10).all() and done["tcl_label_maps"].max() == 3


def test_the_points_of_all_texts_are_gathered_at_once(monkeypatch):
    calls, gathering_lines = [], e2e_targets.gathering_lines
    monkeypatch.setattr(
        e2e_targets,
        "gathering_lines",
        lambda lines, *a, **k: calls.append(len(lines)) or gathering_lines(lines, *a, **k),
    )
    polys = [BOX / (1, 4) + (0, 25 * i) for i in range(3)]
    done = made(sample(polys, ["ab"] * 3, [False] * 3), point_gather_mode="align")
    assert calls == [3]
    for number, (points, present) in enumerate(zip(done["pos_list"], done["pos_mask"][..., 0] > 0), start=1):
        rows, columns = points[present, 1:].T
        assert present.sum() >= 3 and (done["tcl_label_maps"][0, rows, columns] == number).all()


def test_a_page_without_text_is_all_background_and_one_that_does_not_count_is_dropped():
    empty = made(sample([], [], []))
    assert not empty["tcl_maps"].any() and empty["training_masks"].all() and not empty["pos_mask"].any()
    with pytest.raises(Dropped, match="no_text"):
        made(sample(ignored=[True]))


def test_a_narrow_page_is_used_and_without_resizing_a_small_one_keeps_its_size():
    narrow = made(sample([BOX / (1, 4)], size=(30, 160)))
    assert narrow["tcl_maps"].any()
    small = made(sample(), use_resize=False)
    area = (small["images"][0] != 0).sum()
    assert area == pytest.approx(120 * 160, rel=0.02)


def test_a_random_crop_holds_a_text():
    for seed in range(5):
        assert made(sample(), seed, use_random_crop=True)["tcl_maps"].any()


def test_rows_of_texts_and_what_they_stand_for(tmp_path):
    label = json.dumps([{"transcription": t, "points": BOX.tolist()} for t in ("aB1", "###", "Ünï", "abcdefgh")])
    (op,) = create_operators([{"E2ELabelEncodeTest": {"max_text_length": 4}}])
    facts, notes = {}, []
    data = run_operators({"label": label, "facts": facts, "notes": notes}, [op], np.random.default_rng(0))
    assert data["texts"].tolist() == [[10, 11, 1, 36], [36] * 4, [23, 36, 36, 36], [10, 11, 12, 13]]
    assert data["ignore_tags"].tolist() == [False, True, False, False]
    assert facts == {"texts": ("aB1", "###", "Ünï", "abcdefgh")}
    assert [one.detail for one in notes if one.reason == "unknown_characters"] == ["ïü"]
    assert transform({"label": "[]"}, [op])["texts"].shape == (0, 4)


def test_a_label_is_parsed_once(monkeypatch):
    parsed, read_boxes = [], labels.read_boxes
    monkeypatch.setattr(labels, "read_boxes", lambda *label: parsed.append(label) or read_boxes(*label))
    (op,) = create_operators([{"E2ELabelEncodeTest": {"max_text_length": 4}}])
    assert op.labels().check(json.dumps([{"transcription": "ab", "points": BOX.tolist()}]), 7, Seen()) is None
    assert len(parsed) == 1


def test_labels_with_characters_that_the_dictionary_lacks_are_told():
    (op,) = create_operators([{"E2ELabelEncodeTest": {"max_text_length": 4}}])
    seen = Seen()
    label = json.dumps([{"transcription": t, "points": BOX.tolist()} for t in ("aB-", "###")])
    assert op.labels().check(label, 7, seen) is None and seen.unknown.keys() == {"-"}
    assert op.labels().check("x", 8, seen) is not None


@pytest.mark.parametrize(
    "valid_set, size, expected",
    [
        ("totaltext", (300, 400), (384, 512)),
        ("totaltext", (1000, 1600), (768, 1280)),
        ("partvgg", (300, 400), (640, 768)),
        ("partvgg", (1000, 400), (768, 384)),
        ("totaltext", (5, 7), (128, 128)),
    ],
)
def test_sizes_of_evaluation(valid_set, size, expected):
    ops = create_operators([{"E2EResizeForTest": {"max_side_len": 768}}], {"valid_set": valid_set})
    data = transform({"image": np.zeros((*size, 3), np.uint8)}, ops)
    assert data["image"].shape[:2] == expected
    assert data["shape"].tolist() == [*size, expected[0] / size[0], expected[1] / size[1]]


@pytest.mark.parametrize("name, number", [("img12.jpg", 12), ("rgb2/page_7_b.png", 7), ("page.png", 0)])
def test_pages_are_known_by_the_number_in_their_name(tmp_path, name, number):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "label.txt").write_text(f"{name}\t[]\n", encoding="utf-8")
    keep = [{"KeepKeys": {"keep_keys": ["label", "img_id"]}}]
    dataset = PGDataSet(data_dir=str(tmp_path), label_file_list=str(tmp_path / "label.txt"), transforms=keep)
    assert list(dataset[SampleKey(0, 0)]) == ["[]", number]
