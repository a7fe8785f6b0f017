"""Random warps of text lines: distortion, stretching and perspective by moving control points.

Luo et al., Learn to Augment: Joint Data Augmentation and Network Optimization for Text Recognition, 2020; the warp is
the similarity deformation of Schaefer et al., Image Deformation Using Moving Least Squares, 2006.

Control points are complex numbers, x + iy, in pixels.
"""

import cv2
import numpy as np

from ppocr.geometry.warps import check_sides

STEP = 8  # pixels between the points at which a warp is computed; between them it is interpolated


def deform(points, moved, fixed) -> np.ndarray:
    """Maps points by the similarity that fits best near each of them.

    Args:
        points: M points.
        moved: N control points.
        fixed: the N points that they map to.
    """
    to_control = moved[:, None] - points
    weights = 1 / np.maximum(to_control.real**2 + to_control.imag**2, 1e-3)
    weights /= weights.sum(axis=0)
    offset = (weights * to_control).sum(axis=0)
    center = fixed @ weights
    from_offset = to_control - offset
    weights = weights * from_offset.conj()
    spread = (weights * from_offset).sum(axis=0).real
    turn = ((weights * fixed[:, None]).sum(axis=0) - weights.sum(axis=0) * center) / np.maximum(spread, 1e-6)
    return center - turn * offset


def outline(width: int, height: int, segments: int):
    """Returns control points along the upper and the lower side: ``segments + 1`` each."""
    xs = np.append(np.arange(segments) * (width // segments), width).astype(np.complex64)
    return np.concatenate([xs, xs + 1j * height])


def draw_distortion(width: int, height: int, rng):
    """Returns control points and where they go: all move, by up to a third of a segment."""
    segments = int(rng.integers(3, 7))
    fixed = outline(width, height, segments)
    limit = width // segments // 3
    moves = rng.integers(0, max(limit, 1), (2, 2, segments + 1)).astype(np.float32)
    moves[:, :, 1:-1] -= limit // 2  # what is not a corner moves to both sides, a corner inwards
    moves[0, :, -1] *= -1
    moves[1, 1] *= -1
    return fixed, fixed + (moves[0] + 1j * moves[1]).ravel()


def draw_stretching(width: int, height: int, rng):
    """Returns control points and where they go: along the line, by up to two fifths of a segment."""
    segments = int(rng.integers(3, 7))
    fixed = outline(width, height, segments)
    limit = width // segments * 4 // 5
    moves = np.zeros(segments + 1, np.float32)
    moves[1:-1] = rng.integers(0, max(limit, 1), segments - 1) - limit // 2
    return fixed, fixed + np.tile(moves, 2)


def draw_perspective(width: int, height: int, rng):
    """Returns control points and where they go: the corners, inwards by up to half of the height."""
    fixed = outline(width, height, 1)
    moves = rng.integers(0, max(height // 2, 1), 4) * np.array([1, 1, -1, -1])
    return fixed, fixed + 1j * moves.astype(np.float32)


def warp_text_line(image, rng) -> np.ndarray:
    """Distorts, stretches and tilts an image (H x W x C ``uint8``) at random, in one interpolation."""
    height, width = image.shape[:2]
    check_sides(image, width, height)
    steps = [draw(width, height, rng) for draw in (draw_distortion, draw_stretching, draw_perspective)]
    rows, columns = -(-height // STEP) + 2, -(-width // STEP) + 2
    # one more point on each side, so that interpolation covers the borders
    xs, ys = [(np.arange(n, dtype=np.float32) - 0.5) * STEP - 0.5 for n in (columns, rows)]
    points = (xs + 1j * ys[:, None]).ravel()
    for fixed, moved in reversed(steps):
        points = deform(points, moved, fixed)
    coarse = points.astype(np.complex64).view(np.float32).reshape(rows, columns, 2)
    fine = cv2.resize(coarse, (columns * STEP, rows * STEP))[STEP : STEP + height, STEP : STEP + width]
    return cv2.remap(image, fine, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
