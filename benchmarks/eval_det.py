#!/usr/bin/env python3
"""Detection evaluation (post-processing and metric) against reading the image, as a ratio from one process.

Each image is a 1280x720 JPEG of quality 95 with noise; its map is 736x1280 and has 8 to 30 text boxes.  The parts are
timed in turns, with one thread; the figure is the median over the images and rounds.

    python benchmarks/eval_det.py [--images 12] [--rounds 15] [--box-type quad]
"""

import argparse
import os
import sys
import tempfile
import time

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from ppocr.metrics import build_metric  # noqa: E402
from ppocr.postprocess import build_post_process  # noqa: E402

HEIGHT, WIDTH, MAP_HEIGHT = 720, 1280, 736


def draw_boxes(rng):
    """Returns 8 to 30 rotated rectangles on a grid, so that they do not touch: float32 (boxes, 4, 2)."""
    cells = rng.permutation(40)[: rng.integers(8, 31)]
    boxes = []
    for cell in cells.tolist():
        centre = (160 * (cell % 8) + 80, 144 * (cell // 8) + 72)
        size = (float(rng.uniform(60, 140)), float(rng.uniform(16, 40)))
        boxes.append(cv2.boxPoints((centre, size, float(rng.uniform(-20, 20)))))
    return np.array(boxes, dtype=np.float32)


def draw_image(boxes, rng):
    """Returns a uint8 image (720, 1280, 3) with the boxes and noise."""
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for box in boxes:
        cv2.fillPoly(image, [box.astype(np.int32)], rng.integers(0, 256, 3).tolist())
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def draw_map(boxes, rng):
    """Returns a probability map, float32 (736, 1280): shrunk boxes with soft edges, and noise."""
    drawn = np.zeros((MAP_HEIGHT, WIDTH), np.float32)
    for box in boxes:
        (centre, size, angle) = cv2.minAreaRect(box)
        shrink = 0.5 * min(size)
        shrunk = cv2.boxPoints((centre, (size[0] - shrink, size[1] - shrink), angle)) * (1, MAP_HEIGHT / HEIGHT)
        cv2.fillPoly(drawn, [shrunk.astype(np.int32)], 0.95)
    drawn = cv2.GaussianBlur(drawn, (5, 5), 1) + rng.uniform(-0.04, 0.04, drawn.shape)
    return np.clip(drawn, 0, 1).astype(np.float32)


def make_case(folder, index):
    """Returns the path of an image, the predictions and the batch for it."""
    rng = np.random.default_rng(index)
    boxes = draw_boxes(rng)
    path = os.path.join(folder, f"{index}.jpg")
    cv2.imwrite(path, draw_image(boxes, rng), [cv2.IMWRITE_JPEG_QUALITY, 95])
    preds = {"maps": draw_map(boxes, rng)[None, None]}
    shapes = np.array([[HEIGHT, WIDTH, MAP_HEIGHT / HEIGHT, 1.0]])
    return path, preds, [None, shapes, boxes[None], np.zeros((1, len(boxes)), dtype=bool)]


def seconds(function, *args):
    """Returns how long one call takes."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def main():
    """Prints the two medians and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--box-type", choices=("quad", "poly"), default="quad")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    config = {"name": "DBPostProcess", "box_thresh": 0.6, "unclip_ratio": 1.5, "box_type": options.box_type}
    post_process, metric = build_post_process(config), build_metric({"name": "DetMetric"})
    read, post, count = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        cases = [make_case(folder, index) for index in range(options.images)]
        for _ in range(options.rounds):
            for path, preds, batch in cases:
                read.append(seconds(cv2.imread, path))
                post.append(seconds(post_process.process, preds, batch))
                result = post_process.process(preds, batch)
                count.append(seconds(metric.update, result, batch))
    ratio = np.median((np.array(post) + count) / read)
    print(f"cv2.imread {1e3 * np.median(read):.2f} ms, post-process {1e3 * np.median(post):.2f} ms", end=", ")
    print(f"metric {1e3 * np.median(count):.2f} ms; hmean {metric.get_metric()['hmean']:.3f}")
    print(f"detection evaluation / cv2.imread: {ratio:.2f}")


if __name__ == "__main__":
    main()
