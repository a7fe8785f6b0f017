#!/usr/bin/env python3
"""Post-processing of each detector on a page of 100 texts against reading the page, as ratios from one process.

The page is an A4 page of 150 dots per inch (1240x1754), a JPEG of quality 95 with noise; each network sees it as its
published configuration resizes it.  Maps are drawn as a network that finds every text would give them, soft edges and
noise included.  Reading and post-processing take turns, with one thread, by processor time; the figure is the median
over the rounds.

    python benchmarks/postprocess.py [--rounds 15] [--only PSE]
"""

import argparse
import os
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from ppocr.data.imaug.ct_targets import shifts_to_nearest  # noqa: E402
from ppocr.data.imaug.fce_targets import FCENetTargets  # noqa: E402
from ppocr.geometry.local_graphs import local_graphs  # noqa: E402
from ppocr.geometry.text_components import Components  # noqa: E402
from ppocr.postprocess import build_post_process  # noqa: E402

HEIGHT, WIDTH = 1754, 1240
ROWS, COLUMNS = 25, 4
STRIDE = 4  # pixels of the image to one of the smaller maps


class Page:
    """100 slightly turned boxes, in lines and columns, as a network sees them.

    Args:
        height, width: of the image that the network gets.
    """

    def __init__(self, height=HEIGHT, width=WIDTH):
        self.height, self.width = height, width
        rng = np.random.default_rng(0)
        pitch = np.array([WIDTH / COLUMNS, HEIGHT / ROWS])
        centres = [pitch * (place % COLUMNS + 0.5, place // COLUMNS + 0.5) for place in range(ROWS * COLUMNS)]
        sizes, angles = rng.uniform((180, 28), (280, 40), (len(centres), 2)), rng.uniform(-1, 1, len(centres))
        scale = width / WIDTH  # the sides are rounded, so that those of the page have about the same
        self.boxes = [(c * scale, s * scale, a) for c, s, a in zip(centres, sizes, angles.tolist())]
        self.shapes = np.array([[HEIGHT, WIDTH, height / HEIGHT, width / WIDTH]])
        self.rng = rng

    def filled(self, margin, stride, boxes=None):
        """Returns a map, float32, that is 1 in each box, moved in by ``margin`` pixels at each side."""
        plane = np.zeros((self.height // stride, self.width // stride), np.float32)
        for centre, size, angle in self.boxes if boxes is None else boxes:
            shrunk = cv2.boxPoints((centre, np.maximum(size - 2 * margin, 1), angle)) / stride
            cv2.fillPoly(plane, [np.rint(shrunk).astype(np.int32)], 1)
        return plane

    def soft(self, plane):
        """Returns a map of 0 and 1 as a network gives it."""
        noise = self.rng.uniform(-0.04, 0.04, plane.shape)
        return np.clip(cv2.GaussianBlur(plane, (3, 3), 0.5) + noise, 0.001, 0.999).astype(np.float32)

    def image(self):
        """Returns a uint8 image (height, width, 3) of the boxes, with noise."""
        image = np.full((self.height, self.width, 3), 128, np.uint8)
        for box in self.boxes:
            cv2.fillPoly(image, [cv2.boxPoints(box).astype(np.int32)], self.rng.integers(0, 256, 3).tolist())
        return np.clip(image + self.rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def probability_map(page):
    """What DB gives."""
    return {"maps": page.soft(page.filled(5, 1))[None, None]}


def kernels(page):
    """What PSE gives; a tenth of the text regions, but not their kernels, touch a neighbour."""
    maps = [page.soft(page.filled(margin, STRIDE)) for margin in np.linspace(1, 5, 7)]
    maps[0] = np.maximum(maps[0], page.filled(-6, STRIDE, page.boxes[::10]) * 0.9)
    maps = np.stack(maps)
    return {"maps": np.log(maps / (1 - maps))[None]}


def corners(page):
    """What EAST gives: in the inner part of each box the ways from its corners, a pixel or two off."""
    score, geometry = page.filled(9, STRIDE), np.zeros((8, page.height // STRIDE, page.width // STRIDE), np.float32)
    for box in page.boxes:
        rows, columns = np.nonzero(page.filled(7, STRIDE, [box]))
        ways = np.stack([columns, rows], axis=1)[:, None] * STRIDE - cv2.boxPoints(box)[[1, 2, 3, 0]]
        geometry[:, rows, columns] = (ways + page.rng.normal(0, 1, ways.shape)).reshape(-1, 8).T
    return {"f_score": page.soft(score)[None, None], "f_geo": geometry[None]}


def shifts(page):
    """What CentripetalText gives: kernels, and in the texts the ways to them, a little wrong."""
    maps = np.zeros((3, page.height // STRIDE, page.width // STRIDE), np.float32)
    for centre, size, angle in page.boxes:
        kernel = page.filled(4, STRIDE, [(centre, size, angle)])
        pixels = np.argwhere(page.filled(0, STRIDE, [(centre, size, angle)]))
        ways = shifts_to_nearest(pixels, np.argwhere(kernel)) * (STRIDE / 10)
        maps[1:, pixels[:, 0], pixels[:, 1]] = ways.T[::-1]
        maps[0] = np.maximum(maps[0], kernel)
    maps[1:] += page.rng.normal(0, 0.02, maps[1:].shape)
    page.shapes = np.array([[HEIGHT, WIDTH, 3, page.height, page.width, 3]])  # as its own resizing says them
    score = page.soft(maps[0])
    maps[0] = np.log(score / (1 - score))
    return {"maps": maps[None], "score": np.full_like(score, 0.95)[None]}


def contours(page):
    """What FCENet gives: in the text regions the coefficients of the outlines, a little wrong, and the way to them."""
    levels = {}
    boxes = [cv2.boxPoints(box) for box in page.boxes]
    targets = FCENetTargets()({"image": np.zeros((page.height, page.width, 3), np.uint8), "polys": np.array(boxes)})
    for i, key in enumerate(("p3_maps", "p4_maps", "p5_maps")):
        text, center, _, *rest = targets[key]
        rest = np.array(rest) + page.rng.normal(0, 0.05, (len(rest), *text.shape))
        text, center = page.soft(text), page.soft(center)
        levels[f"level_{i}"] = np.stack([1 - text, text, 1 - center, center, *rest]).astype(np.float32)[None]
    return levels


def linked_components(page):
    """What DRRG gives: components along each box, a little off, and which of those near to each other are of one."""
    found, owners = [], []
    for number, ((x, y), (length, height), angle) in enumerate(page.boxes):
        places = np.arange(-length / 2, length / 2, 0.4 * height)[:, None]
        way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        centers = (x, y) + places * way + page.rng.normal(0, 0.5, (len(places), 2))
        found.append(np.column_stack([centers, np.tile([height, 0.4 * height, way[1], -way[0]], (len(places), 1))]))
        owners += [number] * len(places)
    components, owners = Components.of(np.concatenate(found)), np.array(owners)
    pairs = local_graphs(components.centers, (8, 4), 3).pairs()
    same = owners[pairs[:, 0]] == owners[pairs[:, 1]]
    corners = components.quads().reshape(-1, 8)
    return [
        {
            "components": np.column_stack([corners, np.full(len(corners), 0.9)]).astype(np.float32),
            "pairs": pairs,
            "scores": np.where(same, 0.95, 0.05).astype(np.float32),
        }
    ]


def ways(page):
    """What SAST gives: on the centre line of each box the ways to borders, corners and centre, half a pixel off."""
    size = (page.height // STRIDE, page.width // STRIDE)
    score, maps = np.zeros(size, np.float32), [np.zeros((channels, *size), np.float32) for channels in (4, 8, 2)]
    for centre, box_size, angle in page.boxes:
        narrow = (centre, box_size * (1, 0.3) - (0.6 * box_size[1], 0), angle)
        rows, columns = np.nonzero(page.filled(0, STRIDE, [narrow]))
        score[rows, columns] = 1
        pixels = np.stack([columns, rows], axis=1)[:, None]
        corners = cv2.boxPoints((centre, box_size, angle))[[1, 2, 3, 0]] / STRIDE
        border = np.array([corners[:2].mean(axis=0), corners[2:].mean(axis=0)]) - corners.mean(axis=0)
        found = (np.repeat(border[None, :, ::-1], len(rows), axis=0), pixels - corners, pixels - corners.mean(axis=0))
        for plane, values in zip(maps, found):
            noisy = values + page.rng.normal(0, 0.25, values.shape)
            plane[:, rows, columns] = noisy.reshape(len(rows), -1).T
    return dict(
        zip(("f_border", "f_tvo", "f_tco"), (plane[None] for plane in maps)), f_score=page.soft(score)[None, None]
    )


def readings(page, characters=8):
    """What PGNet gives: on the centre line of each box the ways to borders and along it, and its characters."""
    size = (page.height // STRIDE, page.width // STRIDE)
    score, border, along = np.zeros(size, np.float32), *(np.zeros((count, *size), np.float32) for count in (4, 2))
    char = page.rng.normal(0, 1, (37, *size)).astype(np.float32)
    char[-1] += 8
    for centre, box_size, angle in page.boxes:
        narrow = (centre, box_size * (1, 0.3) - (0.3 * box_size[1], 0), angle)
        rows, columns = np.nonzero(page.filled(0, STRIDE, [narrow]))
        score[rows, columns] = 1
        corners = cv2.boxPoints((centre, box_size, angle))[[1, 2, 3, 0]] / STRIDE
        middle, way = corners.mean(axis=0), (corners[1] - corners[0]) / characters
        sides = np.array([corners[:2].mean(axis=0), corners[2:].mean(axis=0)]) - middle
        border[:, rows, columns] = (sides[:, ::-1].reshape(-1, 1)) + page.rng.normal(0, 0.25, (4, len(rows)))
        along[:, rows, columns] = way[:, None] + page.rng.normal(0, 0.25, (2, len(rows)))
        place = (np.stack([columns, rows], axis=1) - middle) @ way / (way @ way) + characters / 2
        near = np.abs(place - np.floor(place) - 0.5) < 0.25
        char[np.floor(place[near]).astype(int) + 10, rows[near], columns[near]] += 16
    return {
        "f_score": page.soft(score)[None, None],
        "f_border": border[None],
        "f_char": char[None],
        "f_direction": along[None],
    }


# name: (height and width of what the network gets, the published settings, what it gives)
POST_PROCESSES = {
    "CT": ((928, 640), {"name": "CTPostProcess"}, shifts),
    "DB": ((1056, 736), {"name": "DBPostProcess", "box_thresh": 0.6, "unclip_ratio": 1.5}, probability_map),
    "DRRG": ((928, 640), {"name": "DRRGPostprocess", "link_thr": 0.8}, linked_components),
    "EAST": (
        (1760, 1248),
        {"name": "EASTPostProcess", "score_thresh": 0.8, "cover_thresh": 0.1, "nms_thresh": 0.2},
        corners,
    ),
    "FCE": ((1056, 736), {"name": "FCEPostProcess"}, contours),
    "PG": ((768, 640), {"name": "PGPostProcess", "point_gather_mode": "align"}, readings),
    "PG slow": ((768, 640), {"name": "PGPostProcess", "mode": "slow"}, readings),
    "PSE": (
        (1056, 736),
        {"name": "PSEPostProcess", "thresh": 0, "box_thresh": 0.85, "min_area": 16, "box_type": "quad", "scale": 1},
        kernels,
    ),
    "SAST": (
        (1536, 1088),
        {"name": "SASTPostProcess", "sample_pts_num": 6, "expand_scale": 1.2, "shrink_ratio_of_width": 0.2},
        ways,
    ),
}


def seconds(function, *args):
    """Returns how much processor time one call takes."""
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def measure(name, path, rounds):
    """Prints the medians of reading and post-processing, and of their ratios."""
    size, config, draw = POST_PROCESSES[name]
    page, post_process = Page(*size), build_post_process(config)
    preds = draw(page)
    found = len(post_process(preds, page.shapes)[0]["points"])
    times = np.array([(seconds(cv2.imread, path), seconds(post_process, preds, page.shapes)) for _ in range(rounds)])
    read, post = 1e3 * np.median(times, axis=0)
    ratio = np.median(times[:, 1] / times[:, 0])
    print(f"{name:>6}: {post:6.2f} ms for {found} texts, cv2.imread {read:.2f} ms, ratio {ratio:.2f}")


def main():
    """Prints a line for each post-processing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=POST_PROCESSES, nargs="*", default=list(POST_PROCESSES))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "page.jpg")
        cv2.imwrite(path, Page().image(), [cv2.IMWRITE_JPEG_QUALITY, 95])
        for name in options.only:
            measure(name, path, options.rounds)


if __name__ == "__main__":
    main()
