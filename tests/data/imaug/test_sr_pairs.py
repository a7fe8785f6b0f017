"""Pairs of small and large images, and strokes of texts."""

import cv2
import numpy as np
import pytest
from PIL import Image

from ppocr.data.imaug import create_operators, transform
from ppocr.errors import ConfigError, DataError, Dropped
from ppocr.inference.preprocessing import image_transforms

SIZES = {"imgH": 32, "imgW": 128, "down_sample_scale": 2}


def noise(height, width):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_images_are_resized_as_pillow_does_and_become_rgb():
    small, large = noise(20, 70), noise(50, 200)
    data = {"image": small, "image_hr": cv2.imencode(".png", large)[1].tobytes()}
    data = transform(data, create_operators([{"SRResize": SIZES}]))
    for name, source, size in (("img_lr", small, (64, 16)), ("img_hr", large, (128, 32))):
        expected = np.asarray(Image.fromarray(source[:, :, ::-1]).resize(size, Image.BICUBIC))
        np.testing.assert_allclose(data[name] * 255, expected.transpose(2, 0, 1), atol=1e-3)
        assert data[name].dtype == np.float32


def test_images_that_pillow_has_opened_are_read_like_arrays():
    small, (resize,) = noise(20, 70), create_operators([{"SRResize": SIZES}])
    opened = Image.fromarray(small[:, :, ::-1])
    np.testing.assert_array_equal(resize({"image": opened})["img_lr"], resize({"image": small})["img_lr"])


def test_an_image_in_use_is_not_degraded():
    chain = [{"SRDegrade": SIZES}, {"SRResize": SIZES}, {"KeepKeys": {"keep_keys": ["img_lr"]}}]
    kept, _ = image_transforms(chain, growing=False)
    assert [name for entry in kept for name in entry] == ["SRResize"]


@pytest.mark.parametrize("given", [{"infer_mode": True}, {}])
def test_a_single_image_is_the_small_one(given):
    data = {"image": noise(20, 70), **({"image_hr": noise(40, 140)} if given else {})}
    data = transform(data, create_operators([{"SRResize": {**SIZES, **given}}]))
    assert data["img_lr"].shape == (3, 16, 64) and "img_hr" not in data


def test_without_blur_noise_and_losses_a_degraded_image_is_the_mean_of_its_pixels():
    image = np.repeat(cv2.resize(noise(4, 16)[:, :, :1], (128, 32))[:, :, None], 3, axis=2)
    still = {**SIZES, "blur": [0, 0], "noise": [0, 0], "quality": [100, 100]}
    data = transform({"image": image, "label": "a"}, create_operators([{"SRDegrade": still}]))
    np.testing.assert_array_equal(data["image_hr"], image)
    means = image.reshape(16, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(data["image_lr"] - means).mean() < 3  # of JPEG
    np.testing.assert_array_equal(data["image"], image)


def test_sizes_must_be_multiples():
    with pytest.raises(ConfigError, match="'imgH' 33 is no multiple of 'down_sample_scale' 2"):
        create_operators([{"SRResize": {**SIZES, "imgH": 33}}])


@pytest.fixture
def encode(tmp_path):
    def with_table(table, places=6):
        (tmp_path / "strokes.txt").write_text(table, encoding="utf-8")
        settings = {"max_text_length": places, "character_dict_path": str(tmp_path / "strokes.txt")}
        return create_operators([{"SRLabelEncode": settings}])

    return with_table


def test_strokes_stand_before_the_next_one(encode):
    data = transform({"label": "b?a"}, encode("a 12\nb 345\n"))
    assert data["length"] == 6 and data["input_tensor"].tolist() == [0, 3, 4, 5, 1, 2]


def test_too_many_strokes_drop_the_sample(encode):
    with pytest.raises(Dropped, match="7 strokes with the end; max_text_length is 6"):
        encode("b 345\n")[0]({"label": "bb"})


@pytest.mark.parametrize("line", ["a", "a x1"])
def test_a_line_of_another_form_is_named(encode, line):
    with pytest.raises(DataError, match="line 2: must be a character, a blank and its strokes"):
        encode(f"b 1\n{line}\n")
