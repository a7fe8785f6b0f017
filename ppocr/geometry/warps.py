"""Plane geometry of images: affine matrices on pixel corners, and one warp.

Matrices are 2 x 3 ``float64`` and map (x, y) to (x, y), where pixel (i, j) covers the square from (i, j) to
(i + 1, j + 1); so an image of width w lies between x = 0 and x = w, and polygons map with the same matrix.
"""

import math

import cv2
import numpy as np

from ppocr.errors import Dropped

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
LONGEST_SIDE = 32766  # pixels
_LARGE = 1 << 16  # pixels of a result
_REACH = 5  # pixels: interpolation looks no farther


def then(first, second) -> np.ndarray:
    """Returns the matrix that applies ``first`` and then ``second``."""
    result = np.dot(second[:, :2], first)
    result[:, 2] += second[:, 2]
    return result


def scaling(x: float, y: float) -> np.ndarray:
    """Returns the matrix that multiplies the coordinates."""
    return np.array([[x, 0.0, 0.0], [0.0, y, 0.0]])


def translation(x: float, y: float) -> np.ndarray:
    """Returns the matrix that adds to the coordinates."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


def rotation(degrees: float, center) -> np.ndarray:
    """Returns the matrix that turns by ``degrees``, clockwise as seen on the screen, about ``center`` (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = map(float, center)
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y]])


def fitted(matrix, width: int, height: int):
    """Moves what ``matrix`` makes of an image to the origin.

    Returns:
        The new matrix, and the width and height that hold all of the image (whole pixels, at least one).
    """
    corners = map_points([[0, 0], [width, 0], [width, height], [0, height]], matrix).astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    new_width, new_height = np.maximum(np.rint(high - low), 1).astype(int).tolist()
    return then(matrix, translation(*-low)), new_width, new_height


def map_points(points, matrix) -> np.ndarray:
    """Returns points (..., 2) mapped by a matrix, ``float32``."""
    points = np.asarray(points, np.float64)
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def check_sides(image, width: int, height: int) -> None:
    """Refuses what OpenCV 4 cannot warp.

    Args:
        image: H x W or H x W x C.
        width, height: of the result.

    Raises:
        Dropped: a side is too long (``too_large``).
    """
    if max(width, height, *image.shape[:2]) > LONGEST_SIDE:
        old = f"{image.shape[0]} x {image.shape[1]}"
        raise Dropped("too_large", f"{old} pixels to {height} x {width}; no side may be longer than {LONGEST_SIDE}")


def warp(
    image, matrix, width: int, height: int, out=None, interpolation=None, border=cv2.BORDER_CONSTANT
) -> np.ndarray:
    """Maps an image into one of ``height`` x ``width``; what it does not cover is zero.

    Args:
        image: H x W x C ``uint8``; it is returned itself where nothing changes.
        matrix: from the image to the result.
        out: ``height`` x ``width`` x C ``uint8`` to write into.
        interpolation: a number of OpenCV's; None is bilinear.
        border: how pixels outside the image are filled, a number of OpenCV's.

    Raises:
        Dropped: see :func:`check_sides`.
    """
    interpolation = cv2.INTER_LINEAR if interpolation is None else interpolation
    if out is None and image.shape[:2] == (height, width) and np.array_equal(matrix, IDENTITY):
        return image
    source = _covering_crop(image, matrix, width, height)
    if source is not None:
        resized = cv2.resize(source, (width, height), dst=out, interpolation=interpolation)
        return cv2.flip(resized, 1, dst=out) if matrix[0, 0] < 0 else resized
    check_sides(image, width, height)
    on_centers = matrix.copy()
    on_centers[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    if border == cv2.BORDER_CONSTANT and image.shape[2:] == (3,) and width * height >= _LARGE:
        return _warp_in_four(image, on_centers, (width, height), out, interpolation)
    return cv2.warpAffine(image, on_centers, (width, height), dst=out, flags=interpolation, borderMode=border)


def _warp_in_four(image, matrix, size, out, interpolation):
    """Does what ``cv2.warpAffine`` does to three channels: OpenCV 5 takes half the time for four."""
    ends = map_points([[0, 0], [size[0], 0], size, [0, size[1]]], cv2.invertAffineTransform(matrix))
    last = np.array(image.shape[1::-1])
    left, top = low = np.clip(np.floor(ends.min(axis=0)).astype(int) - _REACH, 0, last - 1)
    right, bottom = np.clip(np.ceil(ends.max(axis=0)).astype(int) + _REACH, low + 1, last)
    source = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2BGRA)
    matrix = then(translation(left, top), matrix)
    return cv2.cvtColor(cv2.warpAffine(source, matrix, size, flags=interpolation), cv2.COLOR_BGRA2BGR, dst=out)


def _covering_crop(image, matrix, width, height):
    """Returns the crop of whole pixels that the matrix stretches, or mirrors, onto the result; None if none is."""
    if matrix[0, 1] or matrix[1, 0] or not matrix[0, 0] or matrix[1, 1] <= 0:
        return None
    x = (np.array([0, width]) - matrix[0, 2]) / matrix[0, 0]
    y = (np.array([0, height]) - matrix[1, 2]) / matrix[1, 1]
    corners = np.array([x.min(), y.min(), x.max(), y.max()])
    left, top, right, bottom = whole = np.rint(corners).astype(int)
    inside = left >= 0 and top >= 0 and right <= image.shape[1] and bottom <= image.shape[0]
    return image[top:bottom, left:right] if inside and np.abs(corners - whole).max() < 1e-6 else None
