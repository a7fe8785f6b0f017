"""Drawing of text: glyphs kept per font, placed into strips, and strips warped into images."""

import math
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ppocr.drawing.fonts import EM, default_fonts, load_font, missing_characters
from ppocr.errors import ConfigError

_GLYPHS_KEPT = 8192
_OVERHANG = 4  # pixels by which slanted glyphs may leave the box that the font gives for them


class FontSet:
    """Fonts that hold all of some characters; those that miss one are left out.

    Args:
        characters: what will be drawn.
        paths: font files, or names of fonts that come with matplotlib; by default
            :func:`ppocr.drawing.fonts.default_fonts`.

    Raises:
        DataError: a file is no font.
        ConfigError: no font holds all characters.
    """

    def __init__(self, characters, paths=None):
        fonts = [load_font(path) for path in (default_fonts() if paths is None else paths)]
        self._fonts = [font for font in fonts if not missing_characters(font, characters)]
        if not self._fonts:
            missing = "; ".join(
                f"{font.path} has no {' '.join(missing_characters(font, characters)[:5])}" for font in fonts[:3]
            )
            raise ConfigError(f"no font has all characters that are to be drawn: {missing}; give other fonts")
        self._glyph = lru_cache(_GLYPHS_KEPT)(self._draw_glyph)

    def __len__(self):
        return len(self._fonts)

    def strip(self, text: str, font: int, spacing: float = 0.0):
        """Draws a text on one line.

        Args:
            text: characters that the fonts hold.
            font: number of the font.
            spacing: pixels between characters, of about 40 an em; negative ones bring them closer.

        Returns:
            Coverage, uint8 ``(h, w)``, cut to the ink, and the number of rows above the baseline; a text without ink
            gives a blank strip.
        """
        glyphs = [self._glyph(font, character) for character in text]
        starts, end = [], 0.0
        for _, left, _, advance in glyphs:
            starts.append(round(end) + left)
            end += advance + spacing
        inked = [(glyph, x) for glyph, x in zip(glyphs, starts) if glyph[0].size]
        if not inked:
            return np.zeros((EM // 2, max(1, round(end))), np.uint8), EM // 2
        x0, y0 = min(x for _, x in inked), min(glyph[2] for glyph, _ in inked)
        x1 = max(x + glyph[0].shape[1] for glyph, x in inked)
        y1 = max(glyph[2] + glyph[0].shape[0] for glyph, _ in inked)
        strip = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for (ink, _, top, _), x in inked:
            target = strip[top - y0 : top - y0 + ink.shape[0], x - x0 : x - x0 + ink.shape[1]]
            np.maximum(target, ink, out=target)
        return strip, -y0

    def _draw_glyph(self, number, character):
        """Returns ``(ink, left, top, advance)``, left and top relative to the pen on the baseline."""
        font = self._fonts[number]
        left, top, right, bottom = font.getbbox(character, anchor="ls")
        left, top = left - _OVERHANG, top - _OVERHANG
        image = Image.new("L", (max(0, right - left) + _OVERHANG, max(0, bottom - top) + _OVERHANG))
        ImageDraw.Draw(image).text((-left, -top), character, fill=255, font=font, anchor="ls")
        x, y, width, height = cv2.boundingRect(np.asarray(image))
        ink = np.array(image)[y : y + height, x : x + width]
        return ink, left + x, top + y, font.getlength(character)


def side_by_side(strips, lefts) -> np.ndarray:
    """Returns one strip of several, on a common baseline.

    Args:
        strips: of each the coverage, uint8 ``(h, w)``, and its rows above the baseline.
        lefts: where they start, rising.
    """
    above = max(rows for _, rows in strips)
    below = max(strip.shape[0] - rows for strip, rows in strips)
    line = np.zeros((above + below, lefts[-1] + strips[-1][0].shape[1]), np.uint8)
    for (strip, rows), left in zip(strips, lefts):
        line[above - rows : above - rows + strip.shape[0], left : left + strip.shape[1]] = strip
    return line


def placement(strip, scale: float, degrees: float, centre) -> np.ndarray:
    """Returns the affine matrix, float64 ``(2, 3)``, that puts a strip's middle at ``centre`` (x, y).

    Args:
        strip: array ``(h, w)``.
        scale: factor.
        degrees: rotation, clockwise in the image.
        centre: target in pixels.
    """
    cos, sin = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    x, y = strip.shape[1] / 2, strip.shape[0] / 2
    return np.array([[cos, -sin, centre[0] - cos * x + sin * y], [sin, cos, centre[1] - sin * x - cos * y]])


def warp(strip, matrix, size) -> np.ndarray:
    """Returns the strip as ``matrix`` places it on an empty image.

    Args:
        strip: uint8 ``(h, w)``.
        matrix: affine, in coordinates in which pixel 0 reaches from 0 to 1.
        size: width and height of the image.
    """
    # OpenCV has the middle of pixel 0 at 0
    shift = 0.5 * matrix[:, :2].sum(axis=1, keepdims=True) - 0.5
    return cv2.warpAffine(strip, matrix + np.hstack([np.zeros((2, 2)), shift]), size, flags=cv2.INTER_LINEAR)


def corners(matrix, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Returns where a box of the strip lands: ``(4, 2)``, clockwise from the text's top left."""
    box = np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]])
    return box @ matrix.T


def background(height: int, width: int, colour, rng) -> np.ndarray:
    """Returns a smoothly varying background, float32 ``(height, width, 3)``.

    Args:
        height, width: size in pixels.
        colour: mean BGR colour.
        rng: generator of the random variation.
    """
    strength = max(0.0, rng.uniform(-10, 30))
    grid = np.asarray(colour, np.float32) + strength * rng.standard_normal((3, 4, 3), np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR)


def blend(image, coverage, colour):
    """Lays ink over an image, in place.

    Args:
        image: float32 ``(h, w, 3)``.
        coverage: uint8 ``(h, w)``.
        colour: BGR of the ink.
    """
    share = cv2.merge([coverage] * 3).astype(np.float32)
    share *= 1 / 255
    image += share * (np.asarray(colour, np.float32) - image)


def two_colours(rng):
    """Returns background and ink as BGR, at least 60 levels of brightness apart and of slightly different tint."""
    contrast = rng.uniform(60, 200)
    low = rng.uniform(0, 255 - contrast)
    levels = np.array([low, low + contrast] if rng.random() < 0.35 else [low + contrast, low])
    tints = rng.uniform(-25, 25, (2, 3))
    return levels[:, None] + tints - tints.mean(axis=1, keepdims=True)


class Noise:
    """Noise that is cut from one field drawn beforehand: a fresh field for each image would cost more than the rest.

    Args:
        height, width: largest image that it serves, in pixels.
    """

    def __init__(self, height: int, width: int):
        self._field = np.random.default_rng(0).standard_normal((height + 64, width + 64, 3), np.float32)

    def finish(self, image, rng) -> np.ndarray:
        """Returns a float image with noise of random strength as uint8."""
        height, width = image.shape[:2]
        y, x = rng.integers(self._field.shape[0] - height + 1), rng.integers(self._field.shape[1] - width + 1)
        strength = max(0.0, rng.uniform(-4, 10))
        image = image + np.float32(strength) * self._field[y : y + height, x : x + width]
        return np.clip(image, 0, 255, out=image).astype(np.uint8)


def maybe_blur(image, rng, most: float = 1.1):
    """Returns the image, in a third of the cases blurred with a sigma up to ``most`` pixels."""
    sigma = rng.uniform(-2 * most, most)
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.3 else image
