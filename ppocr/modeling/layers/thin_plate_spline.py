"""Thin-plate splines: smooth warps of an image that follow a few control points.

Source: Bookstein, Principal Warps (TPAMI 1989); in a network: Robust Scene Text Recognition with Automatic
Rectification (https://arxiv.org/abs/1603.03915), section 3.1.
"""

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant

SIDE_CONDITIONS = 3  # one for a constant, one for x, one for y
EPSILON = 1e-6  # keeps logarithms finite


def border_points(count, margins):
    """Returns ``[count, 2]`` points (x, y in [0, 1]): half of them along the top edge, half along the bottom edge."""
    x = np.linspace(margins[0], 1.0 - margins[0], count // 2)
    rows = [np.stack([x, np.full_like(x, y)], axis=1) for y in (margins[1], 1.0 - margins[1])]
    return np.concatenate(rows)


def rising_points(count):
    """Returns ``[count, 2]`` points (x, y in [-1, 1]): both edges of a line that rises to the right.

    Source: figure 6 (a) of the paper.
    """
    x = np.linspace(-1.0, 1.0, count // 2)
    upper = np.stack([x, np.linspace(0.0, -1.0, count // 2)], axis=1)
    lower = np.stack([x, np.linspace(1.0, 0.0, count // 2)], axis=1)
    return np.concatenate([upper, lower])


def radial_basis(points, centers):
    """Returns ``0.5 * d**2 * log(d**2)`` of every distance d, ``[len(points), len(centers)]``; 0 at distance 0."""
    squared = ((points[:, None] - centers[None]) ** 2).sum(axis=2)
    return 0.5 * squared * np.log(np.where(squared > 0, squared, 1.0))


def spline_inverse(centers):
    """Returns the matrix from the values at control points to the coefficients of the spline.

    Args:
        centers: ``[K, 2]``, the control points.

    Returns:
        ``[K + 3, K + 3]``.  Its columns: the value at each control point, then the sums over the radial coefficients
        themselves and times x and times y, which are 0 for the spline that bends least.  Its rows: the coefficients of
        the radial functions, of 1, x and y.
    """
    count = len(centers)
    system = np.zeros((count + SIDE_CONDITIONS, count + SIDE_CONDITIONS))
    system[:count, :count] = radial_basis(centers, centers)
    system[:count, count] = system[count, :count] = 1.0
    system[:count, count + 1 :] = centers
    system[count + 1 :, :count] = centers.T
    return np.linalg.inv(system)


def spline_matrix(points, centers):
    """Returns the matrix from the values at control points to those at other points, ``[P, K]``; see above."""
    terms = np.concatenate([radial_basis(points, centers), np.ones((len(points), 1)), points], axis=1)
    return terms @ spline_inverse(centers)[:, : len(centers)]


def read_at(images, grid, training, outside="zeros"):
    """Returns ``[N, C, height, width]``: images read at the places of a grid.

    Args:
        images: ``[N, C, H, W]``.
        grid: ``[N, height, width, 2]``, x and y; -1 and 1 are the centres of the first and the last pixel.
        training: whether gradients of the grid are asked for.
        outside: what is read there: ``zeros``, or ``border`` for the nearest pixel.
    """
    if training and images.stop_gradient:  # the derivative of the sampling reads the gradient of the images
        images = images.detach()
        images.stop_gradient = False
    return F.grid_sample(images, grid, padding_mode=outside, align_corners=True)


class GridGenerator(nn.Layer):
    """Says where an image is read, so that its control points come to lie along the upper and the lower edge.

    Coordinates go from -1 to 1, from left to right and from top to bottom.

    Args:
        points: number of control points, half of them for each edge.
    """

    def __init__(self, points):
        super().__init__()
        # Checkpoints hold this layer, which gives the side conditions: it is not trained, so that they stay 0.
        self.fc = nn.Linear(2 * points, 2 * SIDE_CONDITIONS, weight_attr=_zero(), bias_attr=_zero())
        self._centers = 2.0 * border_points(points, (0.0, 0.0)) - 1.0
        inverse = spline_inverse(self._centers)
        inverse[:, points:] = np.roll(inverse[:, points:], -1, axis=1)  # the layer gives the condition on the sum last
        self._inverse = inverse.astype(np.float32).astype(np.float64)

    def forward(self, points, size):
        """Returns where each pixel of the result is read, float32 ``[N, height, width, 2]``.

        Args:
            points: where the control points lie in the image, ``[N, points, 2]``.
            size: height and width of the result.
        """
        # Functions and inverse are numbers of 32 bits in published models; their products, which all but cancel,
        # need 64.
        with paddle.amp.auto_cast(enable=False):
            points = points.astype("float32")
            values = paddle.concat([points, self._side_conditions(points)], axis=1).astype("float64")
            coefficients = paddle.to_tensor(self._inverse).matmul(values)
            places = self._terms(*size).astype("float64").matmul(coefficients).astype("float32")
        return places.reshape([-1, *size, 2])

    def _side_conditions(self, points):
        given = self.fc(points.flatten(1).detach()).reshape([-1, SIDE_CONDITIONS, 2])
        return given.detach() + 0.0 * given  # gradients of 0, for which several processes wait

    def _terms(self, height, width):
        """Returns the functions that a spline consists of at each pixel, float32 ``[height * width, points + 3]``."""
        x, y = ((2 * paddle.arange(side, dtype="float64") + 1) / side - 1 for side in (width, height))
        y, x = paddle.meshgrid(y, x)
        pixels = paddle.stack([x.flatten(), y.flatten()], axis=1)
        squared = ((pixels.unsqueeze(1) - paddle.to_tensor(self._centers)) ** 2).sum(axis=2)
        radial = squared * (squared.sqrt() + EPSILON).log()
        return paddle.concat([radial, paddle.ones_like(pixels[:, :1]), pixels], axis=1).astype("float32")


def _zero():
    return ParamAttr(initializer=Constant(0.0))
