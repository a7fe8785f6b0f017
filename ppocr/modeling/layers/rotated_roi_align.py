"""Features of rotated boxes, by bilinear sampling.

Source: RoIAlign, Mask R-CNN (https://arxiv.org/abs/1703.06870), section 3; of rotated boxes: Arbitrary-Oriented Scene
Text Detection via Rotation Proposals (https://arxiv.org/abs/1703.01086).
"""

import numpy as np
import paddle
import paddle.nn.functional as F

MOST_SAMPLES = 8  # of a bin, along either side


def rotated_roi_align(features, centers, rows, columns, output_size):
    """Returns the means over the bins of boxes, ``[R, C, *output_size]``; outside of the map is 0.

    A bin is read about once a pixel, as often in all boxes, and at most 8 times along either side.

    Args:
        features: ``[C, H, W]``; pixel (i, j) covers the square from (i, j) to (i + 1, j + 1).
        centers: float (R, 2) array, the middles of R boxes, x first.
        rows, columns: float (R, 2) arrays, the ways from the first row to the last one and from the first column to
            the last one, as long as the sides of the boxes.
        output_size: rows and columns of bins.
    """
    samples = [_samples(ways, bins) for ways, bins in zip((rows, columns), output_size)]
    down, right = (_places(bins * count) for bins, count in zip(output_size, samples))
    points = centers[:, None, None] + down[:, None] * rows[:, None, None] + right * columns[:, None, None]
    height, width = features.shape[1:]
    grid = 2 * points.reshape(1, -1, len(right), 2) / (width, height) - 1
    sampled = F.grid_sample(features.unsqueeze(0), paddle.to_tensor(grid.astype(np.float32)), align_corners=False)
    means = F.avg_pool2d(sampled, samples, stride=samples)
    return means.reshape([-1, len(centers), *output_size]).transpose([1, 0, 2, 3])


def _samples(ways, bins):
    longest = np.hypot(*ways.T).max(initial=0)
    return int(np.clip(np.ceil(longest / bins), 1, MOST_SAMPLES))


def _places(count):
    """Returns places at even distances around the middle of a side, as parts of its length; (count, 1)."""
    return ((np.arange(count) + 0.5) / count - 0.5)[:, None]
