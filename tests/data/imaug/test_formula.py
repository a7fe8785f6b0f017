"""Images and labels of formulas."""

import cv2
import numpy as np
import pytest
from tiny_tokenizer import write_tokenizer

from ppocr.data.imaug import create_operators, transform
from ppocr.data.imaug.formula import fitted, ink_box
from ppocr.data.imaug.formula_latexocr import size_between
from ppocr.errors import Dropped


def page(height=40, width=60):
    """A white page with a black bar at rows 10 to 19 and columns 20 to 49, and a white hole in it."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[10:20, 20:50] = 0
    image[12:18, 25:35] = 255
    return image


def decoded(size, seed=0, **keys):
    operators = create_operators([{"UniMERNetImgDecode": {"input_size": size, **keys}}])
    sample = {"image": cv2.imencode(".png", page())[1].tobytes(), "img_path": "a.png"}
    return transform(sample, operators, np.random.default_rng(seed))


def test_margins_are_cut_off():
    assert ink_box(page()) == (slice(10, 20), slice(20, 50))
    assert page()[ink_box(np.full_like(page(), 9))].shape == page().shape


def test_an_image_fills_its_frame_as_far_as_it_can():
    assert fitted((10, 30), (40, 60)) == (20, 60)
    assert fitted((1000, 2), (40, 60)) == (40, 1)


def test_the_frame_is_black_and_the_image_in_its_middle():
    sample = decoded([40, 60])
    assert sample["image"].shape == (40, 60, 3) and sample["filename"] == "a.png"
    assert sample["image"][15:25, 12:28].min() > 200 and not sample["image"][:10].any()
    light = transform(
        {"image": cv2.imencode(".png", np.full((10, 30, 3), 200, np.uint8))[1].tobytes()},
        create_operators([{"UniMERNetImgDecode": {"input_size": [40, 60]}}]),
    )["image"]
    assert (light[10:30] == 200).all() and not light[:10].any() and not light[30:].any()


def test_pixels_are_read_as_the_bytes_of_their_file():
    operators = create_operators([{"UniMERNetImgDecode": {"input_size": [40, 60]}}])
    pixels = page()
    pixels[14] = (10, 90, 250)
    given = (pixels, cv2.imencode(".png", pixels)[1].tobytes())
    np.testing.assert_array_equal(*(transform({"image": image}, operators)["image"] for image in given))


@pytest.mark.parametrize("key", ["random_padding", "random_resize", "random_crop"])
def test_random_frames_differ_and_repeat(key):
    one, again = (decoded([64, 64], seed, **{key: True})["image"] for seed in (1, 1))
    others = [decoded([64, 64], seed, **{key: True})["image"] for seed in range(2, 6)]
    np.testing.assert_array_equal(one, again)
    assert any((one != other).any() for other in others)


def test_grey_is_normalised_and_sides_become_multiples_of_16():
    operators = create_operators([{"UniMERNetTestTransform": None}, {"LatexImageFormat": None}])
    image = transform({"image": np.full((20, 33, 3), 255, np.uint8)}, operators)["image"]
    assert image.shape == (1, 32, 48) and image.dtype == np.float32
    assert image[0, :20, :33] == pytest.approx((1 - 0.7931) / 0.1738, rel=1e-5)
    assert (image[0, 20:] == 1).all() and (image[0, :, 33:] == 1).all()


def test_training_changes_images_by_its_generator():
    operators = create_operators([{"UniMERNetTrainTransform": None}])
    seen = [transform({"image": page()}, operators, np.random.default_rng(seed))["image"] for seed in (1, 1, *range(9))]
    np.testing.assert_array_equal(*seen[:2])
    assert len({image.tobytes() for image in seen}) > 3
    assert {image.shape for image in seen} == {(40, 60, 3)}


def test_a_formula_that_is_too_long_is_dropped(tmp_path):
    (encode,) = create_operators(
        [{"UniMERNetLabelEncode": {"rec_char_dict_path": str(write_tokenizer(tmp_path)), "max_seq_len": 4}}]
    )
    assert encode({"label": "ab"})["label"].tolist() == [0, 4, 5, 2]
    with pytest.raises(Dropped, match="5 sub-words, more than 4"):
        encode({"label": "abc"})


@pytest.mark.parametrize(
    ("size", "frame", "shrunk"),
    [
        ((100, 50), (100, 50), (100, 50)),
        ((1344, 100), (672, 50), (672, 50)),
        ((10, 20), (32, 32), (10, 20)),
        ((6720, 20), (672, 32), (672, 2)),
        ((1, 9999), (32, 192), (1, 192)),
    ],
)
def test_an_image_is_brought_between_the_smallest_and_the_largest(size, frame, shrunk):
    assert size_between(size, (32, 32), (672, 192)) == (frame, shrunk)
    image = transform({"image": np.zeros((*size[::-1], 3), np.uint8)}, create_operators([{"MinMaxResize": None}]))
    assert image["image"].shape == (*frame[::-1], 3)
    assert not image["image"][: shrunk[1], : shrunk[0]].any()
    assert (image["image"][shrunk[1] :] == 255).all() and (image["image"][:, shrunk[0] :] == 255).all()


def test_a_bitmap_is_black_where_it_is_not_white():
    image = np.array([[[255, 255, 255], [254, 9, 0]]], np.uint8)
    sample = transform({"image": image}, create_operators([{"LatexTrainTransform": {"bitmap_prob": 1}}]))
    assert sample["image"].tolist() == [[[255] * 3, [0] * 3]]


def test_formulas_differ_in_training_and_repeat():
    operators = create_operators([{"LatexTrainTransform": None}])
    image = page(64, 96)
    again, *others = (
        transform({"image": image}, operators, np.random.default_rng(seed))["image"] for seed in (0, *range(30))
    )
    np.testing.assert_array_equal(others[0], again)
    assert len({one.tobytes() for one in others}) > 10
    for one in others:
        assert one.shape == image.shape and one.dtype == np.uint8 and (one[..., :1] == one).all()
