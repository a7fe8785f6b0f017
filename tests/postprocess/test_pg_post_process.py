"""PGPostProcess on maps that say what stands on them."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process

CLASSES = 37
BLANK = CLASSES - 1
SHAPE = np.array([[96, 160, 1.0, 1.0]])


def maps(*texts, size=(24, 40)):
    """Maps with texts (left, top, right, bottom of the text in pixels of the map, classes, way along it: 1 or -1)."""
    preds = {f"f_{name}": np.zeros((1, c, *size), np.float32) for name, c in (("score", 1), ("border", 4))}
    preds["f_direction"] = np.zeros((1, 2, *size), np.float32)
    preds["f_char"] = np.zeros((1, CLASSES, *size), np.float32)
    preds["f_char"][:, BLANK] = 10
    for left, top, right, bottom, classes, way in texts:
        height, middle = bottom - top, (top + bottom) // 2
        preds["f_score"][0, 0, middle - 1 : middle + 2, left + 1 : right] = 0.9
        rows = np.arange(size[0])[:, None]
        inside = (slice(None), slice(top, bottom + 1), slice(left, right + 1))
        up, down = top - rows + 0 * np.arange(size[1]), bottom - rows + 0 * np.arange(size[1])
        border = np.stack([up, 0 * up, down, 0 * up] if way > 0 else [down, 0 * up, up, 0 * up])
        preds["f_border"][0][inside] = border[inside]
        preds["f_direction"][0, 0][inside[1:]] = way * (right - left) / len(classes)
        columns = np.linspace(left + 2, right - 2, len(classes)).astype(int)[::way]
        for column, number in zip(columns, classes):
            preds["f_char"][0, number, top : bottom + 1, column] = 20
        assert height >= 4
    return preds


def read(preds, shape=SHAPE, **keys):
    (page,) = build_post_process({"name": "PGPostProcess", **keys})(preds, shape)
    return page


ABC = (4, 8, 30, 16, [10, 11, 12], 1)


@pytest.mark.parametrize("mode", ["fast", "slow"])
@pytest.mark.parametrize("gathered", [None, "align"])
def test_a_text_is_read_along_its_centre_line(mode, gathered):
    page = read(maps(ABC), mode=mode, point_gather_mode=gathered, return_scores=True)
    assert page["texts"] == ["abc"] and page["scores"] == pytest.approx([1], abs=1e-3)
    (outline,) = page["points"]
    assert outline.dtype == np.int32 and len(outline) % 2 == 0
    upper, lower = np.split(outline, 2)
    assert (upper[:, 1] < 8 * 4).all() and (lower[:, 1] > 16 * 4).all()  # a little larger than the text
    assert upper[0, 0] < upper[-1, 0] and lower[0, 0] > lower[-1, 0]
    assert upper[:, 1].min() > 4 * 4 and lower[:, 1].max() < 20 * 4


def test_borders_of_straight_texts_are_where_the_maps_say():
    (outline,) = read(maps(ABC), valid_set="partvgg")["points"]
    assert outline.shape == (4, 2) and outline[:, 1].tolist() == [32, 32, 64, 64]


def test_a_text_that_stands_on_its_head_is_read_from_right_to_left():
    page = read(maps((4, 8, 30, 16, [10, 11, 12], -1)))
    assert page["texts"] == ["abc"]
    assert page["points"][0][0, 0] > page["points"][0][len(page["points"][0]) // 2 - 1, 0]


@pytest.mark.parametrize("mode", ["fast", "slow"])
def test_equal_characters_need_something_between(mode):
    assert read(maps((4, 8, 30, 16, [10, 10, 11], 1)), mode=mode)["texts"] == ["aab"]


@pytest.mark.parametrize("mode", ["fast", "slow"])
def test_upright_texts(mode):
    sideways = maps(ABC)
    preds = {name: value.swapaxes(2, 3).copy() for name, value in sideways.items()}
    preds["f_direction"] = preds["f_direction"][:, ::-1]
    preds["f_border"] = preds["f_border"][:, [3, 2, 1, 0]]  # the upper border is at the right
    page = read(preds, np.array([[160, 96, 1.0, 1.0]]), mode=mode)
    assert page["texts"] == ["abc"]
    upper, lower = np.split(page["points"][0], 2)
    assert (upper[:, 0] > lower[:, 0].max()).all() and upper[0, 1] < upper[-1, 1]


def test_points_belong_to_the_image_and_stay_in_it():
    (outline,) = read(maps(ABC), np.array([[48, 40, 2.0, 0.5]]), valid_set="partvgg")["points"]
    assert outline[:, 1].tolist() == [16, 16, 32, 32] and outline[:, 0].max() == 40


def test_several_texts_and_short_ones():
    preds = maps(ABC, (4, 18, 30, 22, [3, 4], 1))
    assert sorted(read(preds)["texts"]) == ["34", "abc"]
    assert read(maps((4, 8, 30, 16, [10], 1))) == {"points": [], "texts": []}  # one character is none
    assert read(maps((4, 8, 9, 12, [10, 11], 1))) == {"points": [], "texts": []}  # too few points


def test_nothing_on_a_page_and_a_batch_of_tensors():
    preds = {name: paddle.to_tensor(np.concatenate([value, 0 * value])) for name, value in maps(ABC).items()}
    first, second = build_post_process({"name": "PGPostProcess"})(preds, np.concatenate([SHAPE, SHAPE]))
    assert first["texts"] == ["abc"] and second == {"points": [], "texts": []}


def test_noise_ends():
    rng = np.random.default_rng(0)
    preds = {
        f"f_{name}": rng.normal(0.5, 1, (1, channels, 96, 96)).astype(np.float32)
        for name, channels in (("score", 1), ("border", 4), ("char", CLASSES), ("direction", 2))
    }
    for mode in ("fast", "slow"):
        page = read(preds, np.array([[384, 384, 1.0, 1.0]]), mode=mode, return_scores=True)
        assert len(page["points"]) == len(page["texts"]) == len(page["scores"])


def test_another_dictionary_is_said():
    preds = maps(ABC)
    preds["f_char"] = preds["f_char"][:, :30]
    with pytest.raises(ConfigError, match="PGPostProcess: the model gives 30 classes, the dictionary makes 37"):
        read(preds)
