"""Plane projections of images: 3 x 3 matrices on pixel corners (see ``geometry``), for what is not affine."""

import cv2
import numpy as np

from ppocr.geometry.warps import check_sides


def shift(x: float, y: float) -> np.ndarray:
    """Returns the matrix that adds to the coordinates."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def project(points, matrix) -> np.ndarray:
    """Returns points (..., 2) mapped by a matrix, ``float32``."""
    points = np.asarray(points, np.float64)
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return (mapped[..., :2] / mapped[..., 2:]).astype(np.float32)


def fit_projection(matrix, width: int, height: int):
    """Moves what ``matrix`` makes of an image to the origin.

    Returns:
        The new matrix, and the width and height that hold all of the image (whole pixels, at least one).
    """
    corners = project([[0, 0], [width, 0], [width, height], [0, height]], matrix)
    low, high = corners.min(axis=0), corners.max(axis=0)
    new_width, new_height = np.maximum(np.rint(high - low), 1).astype(int).tolist()
    return shift(*-low) @ matrix, new_width, new_height


def warp_projection(image, matrix, width: int, height: int, border=cv2.BORDER_CONSTANT, fill=0) -> np.ndarray:
    """Maps an image into one of ``height`` x ``width``, bilinearly.

    Args:
        image: H x W x C ``uint8``.
        matrix: from the image to the result.
        border, fill: what is done where the image does not reach, a number of OpenCV's, and the colour for it.

    Raises:
        Dropped: a side is too long.
    """
    check_sides(image, width, height)
    on_centers = shift(-0.5, -0.5) @ matrix @ shift(0.5, 0.5)
    return cv2.warpPerspective(image, on_centers, (width, height), borderMode=border, borderValue=fill)
