"""Drawing of text."""

import numpy as np
import pytest

from ppocr.data.rendering import FontSet, Noise, background, blend, corners, placement, two_colours, warp
from ppocr.drawing.fonts import default_fonts


@pytest.fixture(scope="module")
def fonts():
    return FontSet("abghijl .")


def test_default_fonts_are_many(fonts):
    assert len(default_fonts()) >= 3 and len(fonts) >= 3


def test_strip_is_cut_to_the_ink(fonts):
    strip, above = fonts.strip("hag", 0)
    ink = strip > 0
    assert strip.dtype == np.uint8 and strip.max() > 200
    assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()
    assert 0 < above < strip.shape[0]  # g reaches below the baseline
    assert fonts.strip("ha", 0)[1] >= fonts.strip("ha", 0)[0].shape[0] - 1


def test_spacing_widens_a_strip(fonts):
    narrow, wide = (fonts.strip("abab", 0, spacing)[0].shape[1] for spacing in (0, 5))
    assert wide == narrow + 15


def test_blanks_have_width_but_no_ink(fonts):
    strip, _ = fonts.strip("  ", 0)
    assert strip.shape[1] > 5 and not strip.any()
    assert fonts.strip("a b", 0)[0].shape[1] > fonts.strip("ab", 0)[0].shape[1]


def test_fonts_look_different(fonts):
    strips = {fonts.strip("abg", number)[0].tobytes() for number in range(len(fonts))}
    assert len(strips) == len(fonts)


def test_placement_puts_the_middle_and_the_corners():
    strip = np.full((10, 40), 255, np.uint8)
    matrix = placement(strip, 2.0, 90, (50, 60))
    assert np.allclose(matrix @ [20, 5, 1], [50, 60])
    # turned clockwise, the text's top left comes to the top right
    assert np.allclose(corners(matrix, 0, 0, 40, 10), [[60, 20], [60, 100], [40, 100], [40, 20]])
    rows, columns = np.nonzero(warp(strip, matrix, (100, 120)) > 128)
    assert [rows.min(), rows.max(), columns.min(), columns.max()] == [20, 99, 40, 59]


def test_blend_mixes_by_coverage():
    image = np.full((1, 3, 3), 100, np.float32)
    blend(image, np.array([[0, 51, 255]], np.uint8), (200, 100, 0))
    assert np.allclose(image[0], [[100, 100, 100], [120, 100, 80], [200, 100, 0]], atol=1e-3)


def test_colours_contrast():
    rng = np.random.default_rng(0)
    pairs = np.array([two_colours(rng) for _ in range(200)])
    assert np.abs(pairs[:, 0].mean(axis=1) - pairs[:, 1].mean(axis=1)).min() >= 60
    darker_ink = (pairs[:, 0].mean(axis=1) > pairs[:, 1].mean(axis=1)).mean()
    assert 0.4 < darker_ink < 0.9


def test_background_and_noise_have_the_asked_size():
    rng = np.random.default_rng(0)
    paper = background(20, 30, (10, 100, 200), rng)
    assert paper.shape == (20, 30, 3) and paper.dtype == np.float32
    noise, strengths = Noise(20, 30), []
    for _ in range(20):
        image = noise.finish(np.full((20, 30, 3), 128, np.float32), rng)
        assert image.dtype == np.uint8 and image.shape == (20, 30, 3)
        strengths.append(image.std())
    assert min(strengths) == 0 and max(strengths) > 4
