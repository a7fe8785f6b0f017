"""Images of results: boxes and read pages."""

import cv2
import numpy as np

from ppocr.drawing.samples import GREEN, outline
from ppocr.drawing.text import HEIGHT
from ppocr.geometry.quads import as_quad, is_tall, quad_size


def with_boxes(image, boxes) -> np.ndarray:
    """Returns a copy of a uint8 BGR image with the edges of polygons (points, 2) on it."""
    image = image.copy()
    outline(image, boxes, GREEN, max(1, round(max(image.shape) / 800)))
    return image


def read_page(page, lines, lettering) -> np.ndarray:
    """Returns a page with its boxes, and to the right of it the texts in their places.

    Args:
        page: uint8 BGR ``(H, W, 3)``.
        lines: list of what has ``points`` (points, 2) and ``text``.
        lettering: :class:`ppocr.drawing.text.TextRenderer`.
    """
    ink = np.zeros(page.shape[:2], np.uint8)
    for line in lines:
        quad = as_quad(line.points)
        left, top = np.maximum(quad.min(axis=0), 0).astype(int)
        right, bottom = quad.max(axis=0).astype(int) + 2
        window = ink[top:bottom, left:right]
        if window.size:
            np.maximum(window, _in_box(lettering.draw(line.text), quad - (left, top), window.shape), out=window)
    boxes = [line.points for line in lines]
    text = cv2.cvtColor(255 - ink, cv2.COLOR_GRAY2BGR)
    return np.hstack([with_boxes(page, boxes), with_boxes(text, boxes)])


def _in_box(strip, quad, shape):
    """Returns a text's coverage as it fills a box from its left; it is narrowed where the box is too short for it."""
    if is_tall(quad):
        quad = np.roll(quad, -1, axis=0)  # the text begins at the top right and runs downwards
    width, height = quad_size(quad)
    right = max(strip.shape[1], HEIGHT * width / height)
    source = np.array([[0, 0], [right, 0], [right, HEIGHT], [0, HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.ascontiguousarray(quad, dtype=np.float32))
    return cv2.warpPerspective(strip, matrix, shape[::-1])
