"""Decoding of image files: transparency, depth, orientation, and what is no image."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from ppocr.data.imaug.decode import DecodeImage, surely_opaque, to_8_bits
from ppocr.errors import Dropped

INK = np.zeros((12, 40), np.uint8)  # coverage: 0, a ramp, 255
INK[:, 10:30] = np.linspace(0, 255, 20).astype(np.uint8)
INK[:, 30:] = 255
ON_WHITE = 255 - INK  # black ink on white paper


def file_of(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(encoded, **settings):
    return DecodeImage(**{"img_mode": "BGR", **settings})({"image": encoded})["image"]


BLACK = np.zeros_like(INK)
RGBA = Image.fromarray(np.dstack([BLACK, BLACK, BLACK, INK]))
LA = Image.fromarray(np.dstack([BLACK, INK]))
TRANSPARENT = {
    "RGBA PNG": file_of(RGBA, "PNG"),
    "LA PNG": file_of(LA, "PNG"),
    "RGBA WebP": file_of(RGBA, "WEBP", lossless=True),
    "RGBA TIFF": file_of(RGBA, "TIFF"),
    "RGBA TIFF, packed": file_of(RGBA, "TIFF", compression="tiff_lzw"),
    "LA TIFF": file_of(LA, "TIFF"),
}


@pytest.mark.parametrize("name", TRANSPARENT)
@pytest.mark.parametrize("mode", ["BGR", "RGB", "GRAY"])
def test_what_is_transparent_lies_on_white_paper(name, mode):
    image = decoded(TRANSPARENT[name], img_mode=mode)
    assert image.shape == (12, 40, 3) and image.dtype == np.uint8
    np.testing.assert_allclose(image, np.dstack([ON_WHITE] * 3), atol=1)


def test_a_palette_may_have_a_transparent_colour():
    image = Image.fromarray((INK > 99).astype(np.uint8), "P")
    image.putpalette([9, 9, 9, 250, 100, 0])
    image = decoded(file_of(image, "PNG", transparency=0))
    assert (image[:, :10] == 255).all() and (image[:, 30:] == [0, 100, 250]).all()
    grey = decoded(file_of(Image.fromarray(INK), "PNG", transparency=0))
    assert (grey[:, :10] == 255).all() and (grey[:, 11:, 0] == INK[:, 11:]).all()


def test_opaque_images_keep_their_colours():
    image = np.random.default_rng(0).integers(0, 256, (12, 40, 3), np.uint8)
    opaque = np.dstack([image[..., ::-1], np.full_like(INK, 255)])
    for encoded in (cv2.imencode(".png", image)[1].tobytes(), file_of(Image.fromarray(opaque), "PNG")):
        np.testing.assert_array_equal(decoded(encoded), image)
        planes = decoded(encoded, img_mode="RGB", channel_first=True)
        np.testing.assert_array_equal(planes, image[..., ::-1].transpose(2, 0, 1))


def test_orientation_holds_for_transparent_images_too():
    exif = Image.Exif()
    exif[274] = 6  # turned to the left
    for image, kind in ((RGBA, "PNG"), (RGBA.convert("RGB"), "JPEG")):
        encoded = file_of(image, kind, exif=exif)
        assert decoded(encoded).shape == (40, 12, 3) and decoded(encoded, ignore_orientation=True).shape == (12, 40, 3)


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_of_which_fewer_are_used(kind, bits, channels):
    deep = np.dstack([INK.astype(np.uint16) << (bits - 8)] * channels)
    image = decoded(cv2.imencode(kind, deep)[1].tobytes())
    np.testing.assert_array_equal(image, np.dstack([INK] * 3))


def test_the_highest_bits_in_use_are_taken():
    assert to_8_bits(np.array([[0, 1023, 4095]], np.uint16)).tolist() == [[0, 63, 255]]
    assert to_8_bits(np.array([[0, 255]], np.uint16)).tolist() == [[0, 255]]
    assert to_8_bits(np.array([[0, 4096, 65535]], np.uint16)).tolist() == [[0, 16, 255]]
    assert to_8_bits(np.zeros((2, 2), np.uint16)).tolist() == [[0, 0], [0, 0]]


def test_damaged_transparent_images_are_unreadable_or_read():
    encoded = TRANSPARENT["RGBA PNG"]
    for end in range(8, len(encoded), 7):
        try:
            assert decoded(encoded[:end]).dtype == np.uint8
        except Dropped as dropped:
            assert dropped.reason == "unreadable_image"


def test_fractions_are_no_image():
    with pytest.raises(Dropped, match="no image of 8 or 16 bits"):
        decoded(cv2.imencode(".tiff", INK.astype(np.float32) / 255)[1].tobytes())


def test_most_files_need_no_second_look():
    opaque = np.zeros((4, 4, 3), np.uint8)
    assert all(surely_opaque(cv2.imencode(kind, opaque)[1].tobytes()) for kind in (".png", ".jpg"))
    assert not any(surely_opaque(encoded) for encoded in TRANSPARENT.values())
    assert not surely_opaque(file_of(Image.fromarray(INK), "PNG", transparency=0))
    assert not surely_opaque(b"\x89PNG\r\n\x1a\n") and not surely_opaque(b"")


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize(
    "kind, mode", [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("TIFF", "L")]
)
def test_sizes_of_files_are_those_of_the_images_that_they_become(tmp_path, kind, mode, ignored):
    decode, turned = DecodeImage(ignore_orientation=ignored), Image.Exif()
    turned[0x112] = 6  # a quarter to the right
    for exif in (Image.Exif(), turned):
        path = tmp_path / f"{len(exif)}"
        Image.new(mode, (40, 20)).save(path, kind, exif=exif)
        assert decode.size_of(path) == decode.decode(path.read_bytes()).shape[1::-1]


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_a_file_without_an_image_has_no_size(tmp_path, content):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    assert DecodeImage().size_of(tmp_path / "a.png") is None


def test_headers_suffice_for_sizes(tmp_path, monkeypatch):
    Image.new("L", (40, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(DecodeImage, "decode", None)
    assert DecodeImage().size_of(tmp_path / "a.png") == (40, 20)
