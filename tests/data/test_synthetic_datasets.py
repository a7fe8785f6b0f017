"""Synthetic words and pages."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.synthetic import Words
from ppocr.data.datasets.synthetic_doc import SyntheticDocDataSet
from ppocr.data.datasets.synthetic_text import SyntheticTextDataSet
from ppocr.data.rendering import FontSet
from ppocr.errors import ConfigError, DataError
from ppocr.registry import DATASETS
from ppocr.text.direction import to_visual

KEEP = [{"KeepKeys": {"keep_keys": ["image", "label"]}}]
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def words():
    return SyntheticTextDataSet(300, KEEP, training=True, base_seed=1)


def test_words_have_the_wanted_lengths_and_alphabet(words):
    labels = [words.label_of(i) for i in range(300)]
    lengths = Counter(map(len, labels))
    assert set(lengths) == {3, 4, 5, 6} and min(lengths.values()) > 40
    assert set("".join(labels)) == set(ALPHABET)
    assert len(set(labels)) > 290


def test_images_show_something(words):
    heights = set()
    for i in range(60):
        image, label = words[i]
        assert image.dtype == np.uint8 and image.ndim == 3 and label == words.label_of(i)
        assert 32 <= image.shape[0] <= 48 and image.shape[1] > image.shape[0] * 0.5
        assert image.astype(float).std(axis=(0, 1)).max() > 5
        heights.add(image.shape[0])
    assert len(heights) > 5


def test_a_key_determines_the_image(words):
    again = SyntheticTextDataSet(300, KEEP, training=True, base_seed=1)
    other_seed = SyntheticTextDataSet(300, KEEP, training=True, base_seed=2)
    for key in (SampleKey(0, 0), SampleKey(4, 7)):
        assert np.array_equal(words[key][0], again[key][0]) and words[key][1] == again[key][1]
        assert words[key][1] != words[key._replace(epoch=9)][1] != words[key._replace(index=8)][1]
        assert words[key][1] != other_seed[key][1]
    assert words.label_of(7, 4) == words[SampleKey(4, 7)][1]


def test_a_fixed_set_is_the_same_in_every_epoch():
    fixed = SyntheticTextDataSet(5, KEEP, training=True, fixed=True)
    first, later = fixed[SampleKey(0, 3)], fixed[SampleKey(8, 3)]
    assert np.array_equal(first[0], later[0]) and first[1] == later[1]


def test_training_and_evaluation_share_no_word():
    kinds = [SyntheticTextDataSet(2000, KEEP, characters="ab", max_length=10, training=t) for t in (True, False)]
    train, evaluation = ({kind.label_of(i) for i in range(2000)} for kind in kinds)
    assert len(train) > 500 and len(evaluation) > 50 and not train & evaluation


def test_too_few_words_to_hold_some_out():
    with pytest.raises(ConfigError, match="too few words"):
        Words("a", None, 1, 1, training=False).draw(np.random.default_rng(0))
        Words("a", None, 1, 1, training=True).draw(np.random.default_rng(0))


def test_direction_is_the_label_and_the_image_is_turned():
    turned = SyntheticTextDataSet(200, KEEP, label_type="direction", training=True, base_seed=1)
    labels = Counter(turned.label_of(i) for i in range(200))
    assert set(labels) == {"0", "180"} and min(labels.values()) > 70
    plain = SyntheticTextDataSet(200, KEEP, training=True, base_seed=1)
    for i in range(20):
        image, label = turned[i]
        upright = plain[i][0]
        assert np.array_equal(image, cv2.rotate(upright, cv2.ROTATE_180) if label == "180" else upright)


@pytest.mark.parametrize("direction", [None, "ltr"])
def test_words_are_drawn_in_the_direction_of_their_script(monkeypatch, direction):
    drawn = []
    strip = FontSet.strip
    monkeypatch.setattr(FontSet, "strip", lambda fonts, text, *more: drawn.append(text) or strip(fonts, text, *more))
    settings = {"characters": "אבגד12", "fonts": ["DejaVuSans.ttf"], "min_length": 6, "training": True}
    data = SyntheticTextDataSet(3, KEEP, **settings, global_config={"text_direction": direction})
    labels = [data[i][1] for i in range(3)]
    assert drawn == (labels if direction else [to_visual(label) for label in labels]) and len(set(labels)) == 3
    assert any(to_visual(label) != label for label in labels)


def test_dictionary_file_gives_the_alphabet(tmp_path):
    (tmp_path / "dict.txt").write_text("x\ny\n", encoding="utf-8")
    made = SyntheticTextDataSet(30, KEEP, character_dict_path=str(tmp_path / "dict.txt"), max_length=8, training=True)
    assert set("".join(made.label_of(i) for i in range(30))) == {"x", "y"}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"min_length": 5, "max_length": 4}, "'min_length' 5 is above 'max_length' 4"),
        ({"max_length": 100000}, "'max_length' must be a whole number from 1 to 100"),
        ({"characters": ""}, "'characters' must be a text that is not empty"),
        ({"image_height": [48, 32]}, "'image_height' must be .* in rising order, not"),
        ({"image_height": 4}, "'image_height' must be a whole number from 8 to 256"),
        ({"image_height": 100000}, "'image_height' must be a whole number from 8 to 256"),
        ({"characters": "a\u4e2d"}, "no font has all characters.*\u4e2d"),
    ],
)
def test_senseless_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        DATASETS.build({"name": "SyntheticTextDataSet", "length": 3, "transforms": KEEP, **settings})


def test_a_file_that_is_no_font_is_named(tmp_path):
    (tmp_path / "x.ttf").write_bytes(b"nothing")
    with pytest.raises(DataError, match="x.ttf"):
        SyntheticTextDataSet(3, KEEP, fonts=[str(tmp_path / "x.ttf")])


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_gives_words(make_loader, workers):
    section = {"name": "SyntheticTextDataSet", "length": 9, "transforms": KEEP, "image_height": 32}
    batches = list(make_loader(section, num_workers=workers, shuffle=False))
    expected = SyntheticTextDataSet(9, KEEP, image_height=32, training=True, base_seed=3)
    assert sum([batch[1] for batch in batches], []) == [expected.label_of(i) for i in range(9)]
    assert np.array_equal(batches[0][0][2], expected[2][0])  # widths differ, so a batch is a list


def test_pages_have_boxes_around_ink():
    pages = SyntheticDocDataSet(10, KEEP, image_size=[320, 480], lines=[2, 5], training=True)
    count = 0
    for i in range(10):
        image, label = pages[i]
        assert image.shape == (320, 480, 3) and image.dtype == np.uint8
        for box in json.loads(label):
            points = np.array(box["points"])
            assert points.shape == (4, 2) and set(box["transcription"]) <= set(ALPHABET)
            assert points.min() >= 0 and (points < [480, 320]).all()
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            assert image[y0 : y1 + 1, x0 : x1 + 1].astype(float).std(axis=(0, 1)).max() > 8
            edge = points[1] - points[0]
            assert edge[0] > 0 and abs(edge[1]) < 0.2 * edge[0] + 2  # clockwise from the top left, nearly level
            count += 1
    assert count > 40


def test_line_boxes_hold_the_words_of_the_line():
    settings = {"image_size": [320, 480], "training": True}
    by_word = json.loads(SyntheticDocDataSet(3, KEEP, boxes="word", **settings)[1][1])
    by_line = json.loads(SyntheticDocDataSet(3, KEEP, boxes="line", **settings)[1][1])
    assert len(by_line) < len(by_word)
    assert " ".join(box["transcription"] for box in by_line) == " ".join(box["transcription"] for box in by_word)
    assert by_line[0]["points"][0] == by_word[0]["points"][0]


def test_a_key_determines_the_page():
    first, again = (SyntheticDocDataSet(4, KEEP, image_size=[128, 160], training=True) for _ in range(2))
    assert np.array_equal(first[SampleKey(2, 3)][0], again[SampleKey(2, 3)][0])
    assert not np.array_equal(first[SampleKey(2, 3)][0], first[SampleKey(3, 3)][0])
    assert first.label_of(3, 2) == first[SampleKey(2, 3)][1]


def test_senseless_pages_are_refused():
    pages = {"name": "SyntheticDocDataSet", "length": 3, "transforms": KEEP}
    with pytest.raises(ConfigError, match="'lines' must be a list of 2 in rising order"):
        DATASETS.build({**pages, "lines": [5, 2]})
    with pytest.raises(ConfigError, match="'image_size' .* no room for two lines of 44 pixels"):
        DATASETS.build({**pages, "image_size": [40, 640]})
