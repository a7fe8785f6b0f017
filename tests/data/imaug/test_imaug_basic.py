"""Decoding, normalizing, padding, resizing, picking keys."""

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import create_operators, transform
from ppocr.data.imaug.basic import GrayImageChannelFormat, KeepKeys, Pad, Resize
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.normalize import NormalizeImage, ToCHWImage, parse_fraction
from ppocr.errors import ConfigError, DataError, Dropped


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def test_decode_modes(image):
    assert (DecodeImage("BGR")({"image": png(image)})["image"] == image).all()
    assert (DecodeImage()({"image": png(image)})["image"] == image[:, :, ::-1]).all()
    planes = DecodeImage("BGR", channel_first=True)({"image": bytearray(png(image))})["image"]
    assert (planes == image.transpose(2, 0, 1)).all()
    gray = DecodeImage("GRAY", ignore_orientation=True)({"image": png(image)})["image"].astype(float)
    assert gray.shape == (6, 9, 3)
    assert (gray[..., 0] == gray[..., 2]).all()
    assert np.abs(gray[..., 0] - image @ [0.114, 0.587, 0.299]).max() <= 1


def test_decode_of_bad_input():
    with pytest.raises(Dropped, match="unreadable_image"):
        DecodeImage()({"image": b"\x00\x11\x22"})
    for nothing in (b"", "abc", None):
        with pytest.raises(DataError, match="bytes of an image"):
            DecodeImage()({"image": nothing})


@pytest.mark.parametrize(("text", "value"), [("1./255.", 1 / 255), ("0.5", 0.5), (2, 2.0), ("3/4", 0.75)])
def test_fraction(text, value):
    assert parse_fraction(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["1/0", "__import__('os')", "1/2/3", ""])
def test_fraction_that_is_none(text):
    with pytest.raises(ConfigError, match="no number and no fraction"):
        parse_fraction(text)


@pytest.mark.parametrize("scale", ["1./255.", None])
def test_normalize(image, scale):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    want = (image / 255 - mean) / std
    data = {"image": image.copy()}
    got = NormalizeImage(scale=scale, order="hwc")(data)["image"]
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, atol=1e-5)
    got = NormalizeImage(scale=scale)({"image": image.transpose(2, 0, 1)})["image"]
    np.testing.assert_allclose(got, want.transpose(2, 0, 1), atol=1e-5)


def test_normalize_refuses_zero_deviation():
    with pytest.raises(ConfigError, match=r"'std\[1\]' must be a number from 1e-06 to 1,000, not 0"):
        create_operators([{"NormalizeImage": {"std": [1, 0, 1]}}])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_normalize_and_chw_in_one_pass_give_the_same_numbers(image, dtype):
    image = image.astype(dtype)
    settings = {"scale": "1./255.", "mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6], "order": "hwc"}
    (fused,) = create_operators([{"NormalizeImage": settings}, {"ToCHWImage": None}])
    apart = ToCHWImage()(NormalizeImage(**settings)({"image": image.copy()}))["image"]
    before = image.copy()
    together = transform({"image": image}, [fused])["image"]
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, apart, atol=1e-6)
    assert (image == before).all()


def test_keep_keys_in_order_and_what_is_missing():
    assert transform({"a": 1, "b": 2, "c": 3}, [KeepKeys(["c", "a"])]) == [3, 1]
    with pytest.raises(ConfigError, match="no operator sets 'z'; the sample has a, b"):
        transform({"a": 1, "b": 2}, [KeepKeys(["z"])])


def test_pad(image):
    padded = Pad(size_div=8)({"image": image})["image"]
    assert padded.shape == (8, 16, 3)
    assert (padded[:6, :9] == image).all()
    assert padded[6:].sum() == padded[:, 9:].sum() == 0
    assert Pad(size=[7, 20])({"image": image})["image"].shape == (7, 20, 3)
    assert Pad(size=9)({"image": image})["image"].shape == (9, 9, 3)
    with pytest.raises(ConfigError, match="does not fit"):
        Pad(size=8)({"image": image})


def test_resize_takes_the_polygons_along(image):
    data = Resize(size=[12, 27])({"image": image, "polys": [[[1, 2], [3, 4], [5, 6], [0, 0]]]})
    assert data["image"].shape == (12, 27, 3)
    assert data["polys"].tolist() == [[[3, 4], [9, 8], [15, 12], [0, 0]]]
    assert Resize(size=[3, 3])({"image": image})["image"].shape == (3, 3, 3)


def test_gray_channel(image):
    data = GrayImageChannelFormat()({"image": image})
    want = image @ [0.114, 0.587, 0.299]
    assert data["image"].shape == (1, 6, 9)
    assert np.abs(data["image"][0] - want).max() <= 1
    assert data["src_image"] is image
    unit = (image / 255).astype(np.float32)
    inverse = GrayImageChannelFormat(inverse=True)({"image": unit})["image"]
    np.testing.assert_allclose(inverse[0], 1 - want / 255, atol=1e-4)
