"""Text boxes on a page: four corners, their reading order, and the image inside."""

import cv2
import numpy as np

from ppocr.geometry.polygons import signed_areas

TALL = 1.5  # times as high as wide: text that runs downwards


def ordered_corners(rectangle) -> np.ndarray:
    """Returns the corners of a ``cv2.minAreaRect`` as float32 (4, 2): top left, top right, bottom right, bottom left.

    The two leftmost corners are the left side; in each side the upper corner comes first.
    """
    points = sorted(cv2.boxPoints(rectangle).tolist())
    left, right = sorted(points[:2], key=_height), sorted(points[2:], key=_height)
    return np.array([left[0], right[0], right[1], left[1]], dtype=np.float32)


def _height(point):
    return point[1]


def clockwise_from_top_left(quads) -> np.ndarray:
    """Returns quadrangles (N x 4 x 2) with their corners clockwise, from the one with the least x + y on."""
    clockwise = (signed_areas(quads) >= 0)[:, None, None]
    quads = np.where(clockwise, quads, quads[:, ::-1])
    places = (quads.sum(axis=2).argmin(axis=1)[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, places[:, :, None], axis=1)


def as_quad(points) -> np.ndarray:
    """Returns the corners of a text region as float32 (4, 2), clockwise from the top left.

    Args:
        points: (4, 2) in that order, or a polygon (points, 2), whose smallest rectangle is taken.
    """
    points = np.asarray(points, dtype=np.float32)
    return points if len(points) == 4 else ordered_corners(cv2.minAreaRect(points))


def corners_of_boxes(boxes) -> np.ndarray:
    """Returns the corners (N x 4 x 2) of boxes, x before y: of two corners each (N x 4), or of all four (N x 8)."""
    boxes = np.asarray(boxes)
    if boxes.size != 8 * len(boxes):
        boxes = boxes.reshape(-1, 4)[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    return boxes.reshape(-1, 4, 2)


def quad_size(quad):
    """Returns the width and the height of a quad, that of the longer of opposite sides, in whole pixels, at least 1."""
    top, right, bottom, left = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return max(int(max(top, bottom)), 1), max(int(max(left, right)), 1)


def is_tall(quad) -> bool:
    """Tells whether a text runs downwards, by its box."""
    width, height = quad_size(quad)
    return height >= TALL * width


def reading_order(quads) -> list:
    """Returns the indices of the quads in reading order: rows from top to bottom, each from left to right.

    Rows grow downwards from the topmost box: a box belongs to the row if its middle is less than half the height of
    that box, or of its own if that is less, below that box's middle.
    """
    middles = [quad.mean(axis=0) for quad in quads]
    heights = [np.ptp(quad[:, 1]) for quad in quads]
    rows = []
    for place in sorted(range(len(quads)), key=lambda place: middles[place][1]):
        first = rows[-1][0] if rows else place
        apart = middles[place][1] - middles[first][1]
        if rows and apart < min(heights[place], heights[first]) / 2:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda place: middles[place][0])]


def crop(page, quad) -> np.ndarray:
    """Returns the image inside a quad, straightened; a tall one is turned by 90 degrees to the left.

    Args:
        page: uint8 ``(H, W, 3)``.
        quad: float32 (4, 2), clockwise from the top left of the text.
    """
    width, height = quad_size(quad)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad, dtype=np.float32), target)
    inside = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cv2.rotate(inside, cv2.ROTATE_90_COUNTERCLOCKWISE) if is_tall(quad) else inside
