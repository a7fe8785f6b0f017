"""Samples with what a model made of them, as images."""

import cv2
import numpy as np

from ppocr.drawing.text import TextRenderer

BLACK, GREEN, RED = (0, 0, 0), (0, 200, 0), (0, 0, 255)  # BGR
_RIGHT, _WRONG = (0, 120, 0), (0, 0, 200)  # of texts: darker, so that thin strokes can be read on white
_ROW, _GAP, _WIDEST = 48, 8, 640  # pixels on a sheet: of a row, beside an image, of an image
_TITLE, _PAGE = 28, 640  # pixels that the line above samples and a page are high
_PAGES = 3  # pages side by side


def titled(image, title: str) -> np.ndarray:
    """Returns a uint8 BGR image below a line of text."""
    return _stack([_coloured(_scaled(TextRenderer().draw(title), _TITLE), BLACK), image])


def pages_beside(pages) -> np.ndarray:
    """Returns uint8 BGR images side by side in rows, those that are high made smaller."""
    small = [_scaled(page, min(len(page), _PAGE)) for page in pages]
    return _stack([_beside(small[i : i + _PAGES]) for i in range(0, len(small), _PAGES)])


def _beside(images):
    """Puts images side by side, on white where they are lower than the highest."""
    height = max(map(len, images))
    padded = [np.pad(p, ((0, height - len(p)), (0, _GAP), (0, 0)), constant_values=255) for p in images]
    return np.hstack(padded)


def _stack(images):
    """Puts images below each other, on white where they are narrower than the widest."""
    width = max(image.shape[1] for image in images)
    return np.vstack([np.pad(p, ((0, _GAP), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in images])


def draw_texts(images, results) -> np.ndarray:
    """Draws images with the text (or class) that the model read, green if right, and the true one; returns uint8 BGR.

    Args:
        images: float arrays ``[C, H, W]`` as the model gets them.
        results: list of ``((text, confidence), true text)``; the confidence may be None.
    """
    rows = []
    for image, ((text, confidence), truth) in zip(images, results):
        shown = text if confidence is None else f"{text}  ({confidence:.2f})"
        read = shown, _RIGHT if text == truth else _WRONG
        rows.append((to_image(image), [read, (f"{truth}  (truth)", BLACK)]))
    return text_sheet(rows, TextRenderer())


def text_sheet(rows, lettering) -> np.ndarray:
    """Returns a sheet with a row for each of some images and, to its right, lines of text; uint8 BGR.

    Args:
        rows: list of (uint8 BGR image, lines), lines being a list of (text, BGR colour).
        lettering: :class:`ppocr.drawing.text.TextRenderer`.
    """
    pairs = [(_scaled(image, _ROW, _WIDEST), _text_block(lines, lettering)) for image, lines in rows]
    left = max(small.shape[1] for small, _ in pairs) + _GAP
    right = max(block.shape[1] for _, block in pairs)
    step = _ROW + _GAP
    sheet = np.full((step * len(pairs), left + right, 3), 255, np.uint8)
    for top, (small, block) in zip(range(0, len(sheet), step), pairs):
        sheet[top : top + _ROW, : small.shape[1]] = small
        sheet[top : top + len(block), left : left + block.shape[1]] = block
    return sheet


def _text_block(lines, lettering):
    """Draws lines of text below each other, as high together as a row of a sheet."""
    strips = [(_scaled(lettering.draw(text), _ROW // len(lines)), colour) for text, colour in lines]
    width = max(strip.shape[1] for strip, _ in strips)
    padded = [(np.pad(strip, ((0, 0), (0, width - strip.shape[1]))), colour) for strip, colour in strips]
    return np.vstack([_coloured(strip, colour) for strip, colour in padded])


def _coloured(coverage, colour):
    """Returns ink of a colour on white."""
    ink = coverage[..., None] / np.float32(255)
    return np.round(255 + ink * (np.float32(colour) - 255)).astype(np.uint8)


def _scaled(image, height, widest=None):
    """Returns an image at a height, and narrowed where it is wider than ``widest`` then."""
    width = max(round(image.shape[1] * height / image.shape[0]), 1)
    how = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(image, (min(width, widest or width), height), interpolation=how)


def draw_boxes(image, found, truths) -> np.ndarray:
    """Draws an image with the boxes that the model found (green) and the true ones (red, thin); returns uint8 BGR.

    Args:
        image: float ``[C, H, W]`` as the model gets it.
        found, truths: lists of polygons in its pixels.
    """
    drawn = to_image(image)
    for polygons, colour, width in ((truths, RED, 1), (found, GREEN, 2)):
        outline(drawn, polygons, colour, width)
    return drawn


def outline(image, polygons, colour, width: int):
    """Draws the edges of polygons (points, 2) on a uint8 BGR image, in place."""
    for polygon in polygons:
        points = np.round(np.asarray(polygon)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(image, [points], True, colour, width)


def to_image(image) -> np.ndarray:
    """Returns a model's input ``[C, H, W]``, however normalised, as uint8 BGR ``(H, W, 3)`` with full contrast."""
    image = np.asarray(image, dtype=np.float32).transpose(1, 2, 0)
    low, high = float(image.min()), float(image.max())
    scaled = ((image - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return np.repeat(scaled, 3, axis=2) if scaled.shape[2] == 1 else np.ascontiguousarray(scaled)
