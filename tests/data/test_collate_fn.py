"""Collate functions."""

import numpy as np
import pytest

from ppocr.data.batch import Fields
from ppocr.data.collate_fn import (
    DictCollator,
    DyMaskCollator,
    ListCollator,
    PadCollator,
    SSLRotateCollate,
    UniMERNetCollator,
)
from ppocr.errors import DataError
from ppocr.text.subword import PADDING


def test_list_collator_stacks_arrays_and_numbers():
    batch = [[np.zeros((2, 3), np.float32), 3, "a", [1, 2], 0.5], [np.ones((2, 3), np.float32), 4, "b", [3], 1.5]]
    image, number, text, lists, real = ListCollator()(batch)
    assert image.shape == (2, 2, 3) and image.dtype == np.float32 and image[1].min() == 1
    assert number.dtype == np.int64 and number.tolist() == [3, 4]
    assert text == ["a", "b"] and lists == [[1, 2], [3]]
    assert real.dtype == np.float32 and real.tolist() == [0.5, 1.5]


def test_list_collator_keeps_arrays_of_different_shape_as_a_list():
    boxes = [np.zeros((2, 4, 2)), np.zeros((3, 4, 2))]
    (field,) = ListCollator()([[boxes[0]], [boxes[1]]])
    assert [box.shape for box in field] == [(2, 4, 2), (3, 4, 2)]


def test_list_collator_stacks_scalars_of_numpy():
    flags, lengths = ListCollator()([[True, np.array(3)], [False, np.array(5)]])
    assert flags.dtype == bool and flags.tolist() == [True, False]
    assert lengths.tolist() == [3, 5]


def test_dict_collator_keeps_keys():
    out = DictCollator()([{"n": 1, "t": "a", "f": np.array([1.0])}, {"n": 2, "t": "b", "f": np.array([2.0])}])
    assert list(out) == ["n", "t", "f"]
    assert out["n"].tolist() == [1, 2] and out["t"] == ["a", "b"] and out["f"].tolist() == [[1.0], [2.0]]


def test_ssl_rotate_collate_joins_stacks():
    images, labels = SSLRotateCollate()([[np.full((4, 3, 2, 5), i), np.arange(4)] for i in range(3)])
    assert images.shape == (12, 3, 2, 5) and images[4:8].min() == images[4:8].max() == 1
    assert labels.tolist() == [0, 1, 2, 3] * 3


def test_pad_collator_keeps_boxes_in_their_place():
    small, large = np.ones((3, 32, 64), np.float32), np.ones((3, 64, 96), np.float32)
    # sources of 16x16 and 64x48, resized by (2, 4) and (1, 2)
    batch = [[small, np.array([16.0, 16.0, 2.0, 4.0])], [large, np.array([64.0, 48.0, 1.0, 2.0])]]
    images, shapes = PadCollator()(batch)
    assert images.shape == (2, 3, 64, 96)
    assert images[0, :, :32, :64].min() == 1 and images[0].sum() == small.size and images[1].sum() == large.size
    # a point at x=40 of the map is x=10 of the source, whether it is divided by the ratio or scaled by size
    assert shapes[0].tolist() == [32.0, 24.0, 2.0, 4.0] and 40 / 96 * shapes[0][1] == 10
    assert shapes[1].tolist() == [64.0, 48.0, 1.0, 2.0]


def test_pad_collator_finds_named_fields_wherever_they_stand():
    sizes, names = ((1, 2, 3), (1, 3, 2)), ("polys", "shape", "image")
    shape = np.array([2.0, 2.0, 1.0, 1.0])
    polys, shapes, images = PadCollator()([Fields(["p", shape, np.ones(size)], names) for size in sizes])
    assert polys == ["p", "p"] and images.shape == (2, 1, 3, 3) and shapes.tolist() == [[3.0, 3.0, 1.0, 1.0]] * 2
    labels, images = PadCollator()([Fields(["x", np.ones(size)], ("label", "image")) for size in sizes])
    assert labels == ["x", "x"] and images.shape == (2, 1, 3, 3)


def test_pad_collator_finds_images_under_either_name():
    sizes = [(1, 2, 3), (1, 3, 2)]
    labels, images = PadCollator()([Fields(["x", np.ones(size)], ("label", "images")) for size in sizes])
    assert labels == ["x", "x"] and images.shape == (2, 1, 3, 3)


def test_pad_collator_without_shapes_and_with_wrong_ones():
    (images,) = PadCollator(shape_at=None)([[np.ones((1, 2, 3))], [np.ones((1, 3, 2))]])
    assert images[0].tolist() == [[[1, 1, 1], [1, 1, 1], [0, 0, 0]]]
    with pytest.raises(DataError, match="shape entry"):
        PadCollator()([[np.ones((1, 2, 3)), 5]])


def test_dy_mask_collator_pads_and_masks():
    batch = [[np.ones((1, 2, 3), np.float32), [7, 8, 9]], [np.ones((1, 3, 1), np.float32), [4]]]
    images, masks, labels, label_masks = DyMaskCollator()(batch)
    assert images.shape == masks.shape == (2, 1, 3, 3) and masks.dtype == np.float32
    assert images[1, 0].tolist() == masks[1, 0].tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert masks[0, 0].tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
    assert labels.tolist() == [[7, 8, 9], [4, 0, 0]] and labels.dtype == np.int64
    assert label_masks.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_dy_mask_collator_leaves_out_what_would_not_fit():
    batch = [[np.zeros((1, 20, 1700), np.float32), [1]], [np.zeros((1, 400, 50), np.float32), [2, 3]]]
    assert DyMaskCollator().select(batch) == [0]  # padded to 400x1700 it would exceed 1600x320
    images, _, labels, _ = DyMaskCollator()(batch)
    assert images.shape == (1, 1, 20, 1700) and labels.tolist() == [[1]]


def test_fields_of_formulas_are_padded_by_name():
    samples = [Fields(["a", np.ones(n, np.int64), np.full(n, 7)], ("file", "attention_mask", "label")) for n in (1, 2)]
    files, masks, labels = UniMERNetCollator()(samples)
    assert files == ["a", "a"] and masks.tolist() == [[1, 0], [1, 1]] and labels.tolist() == [[7, PADDING], [7, 7]]
