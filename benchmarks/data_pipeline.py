"""Prints what the data pipelines cost, as ratios to decoding the image, and what each operator takes of it.

    python benchmarks/data_pipeline.py [--samples 60] [--rounds 7] [--only detection]

One thread, processor time.  In each round decoder and pipeline take turns, sample by sample; the figure is the median
of the rounds' ratios.  With a cache, a first round that is not counted has filled it.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from typing import Optional

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from ppocr.data.cache import CacheOptions, ImageSource, build_store, with_cache  # noqa: E402
from ppocr.data.imaug import create_operators, run_operators  # noqa: E402
from ppocr.errors import Dropped  # noqa: E402

DETECTION = [
    {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
    {"DetLabelEncode": None},
    {
        "IaaAugment": {
            "augmenter_args": [
                {"type": "Fliplr", "args": {"p": 0.5}},
                {"type": "Affine", "args": {"rotate": [-10, 10]}},
                {"type": "Resize", "args": {"size": [0.5, 3]}},
            ]
        }
    },
    {"EastRandomCropData": {"size": [640, 640], "max_tries": 50, "keep_ratio": True}},
    {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
    {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
    {
        "NormalizeImage": {
            "scale": "1./255.",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
            "order": "hwc",
        }
    },
    {"ToCHWImage": None},
    {"KeepKeys": {"keep_keys": ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]}},
]

COPY_PASTE = [*DETECTION[:2], {"CopyPaste": None}, *DETECTION[2:]]

RECOGNITION = [
    {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
    {"RecAug": None},
    {"CTCLabelEncode": {"max_text_length": 25}},
    {"RecResizeImg": {"image_shape": [3, 48, 320]}},
    {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
]

CONCATENATION = [RECOGNITION[0], {"RecConAug": {"ext_data_num": 2, "image_shape": [48, 320, 3]}}, *RECOGNITION[1:]]


def noisy_image(height, width, rng):
    """Returns a smooth image with noise, H x W x 3."""
    coarse = rng.integers(30, 226, (max(height // 20, 2), max(width // 20, 2), 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def detection_sample(rng):
    """Returns a 1280 x 720 JPEG of quality 95 and a label of 8 to 30 slightly turned quads that do not overlap."""
    image = noisy_image(720, 1280, rng)
    cells = rng.permutation(40)[: rng.integers(8, 31)]
    label = []
    for cell in cells:
        left, top = 160 * (cell % 8), 144 * (cell // 8)
        width, height = rng.uniform(60, 150), rng.uniform(14, 50)
        turn = np.radians(rng.uniform(-8, 8))
        corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
        corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        quad = np.clip(corners + (left + 80, top + 72), 0, (1279, 719)).round()
        label.append({"transcription": "text", "points": quad.tolist()})
        cv2.polylines(image, [quad.astype(np.int32)], True, (0, 0, 0), 2)
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return {"image": encoded, "label": json.dumps(label)}


def recognition_sample(rng):
    """Returns a JPEG of quality 95 of a text line and its text."""
    width = int(rng.integers(120, 400))
    image = noisy_image(48, width, rng)
    text = "".join(rng.choice(list("abcdefgh0123456789"), width // 24))
    cv2.putText(image, text, (6, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (10, 10, 10), 2)
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return {"image": encoded, "label": text}


@dataclass
class Pipeline:
    """What is measured.

    Attributes:
        name: what it is called.
        transforms: its operators.
        further: number of samples that are mixed into each.
        leading: number of operators that these pass.
        cache: kind of the cache, if any.
        goal: what is printed behind the ratio.
    """

    name: str
    transforms: list
    further: int = 0
    leading: int = 2
    cache: Optional[str] = None
    goal: str = ""

    def __post_init__(self):
        self.ops = create_operators(self.transforms)
        self._ext_ops = create_operators(self.transforms[: self.leading])
        if self.cache:
            self._folder = tempfile.TemporaryDirectory()  # goes with the pipeline
            store = build_store(CacheOptions(self.cache, 2, self._folder.name if self.cache == "disk" else None))
            self.ops, self._ext_ops = with_cache(self.ops, store), with_cache(self._ext_ops, store)

    def raw(self, samples, number):
        """Returns what the operators get of a sample."""
        data = self._stored(samples[number])
        if self.further:
            others = [samples[(number + i) % len(samples)] for i in range(1, self.further + 1)]
            data["ext_data"] = Further([self._stored(other) for other in others], self._ext_ops)
        return data

    def _stored(self, sample):
        if not self.cache:
            return dict(sample)
        return {**sample, "image": ImageSource(partial(image_name, sample), partial(sample.get, "image"))}


def image_name(sample):
    """Returns a name that takes the time of one of a file, whose state a data set looks at."""
    return id(sample), os.stat(__file__).st_mtime_ns


class Further:
    """Samples that have passed the leading operators once they are asked for, as data sets give them."""

    def __init__(self, samples, ops):
        self._samples = samples
        self._ops = ops

    def __len__(self):
        return len(self._samples)

    def __getitem__(self, position):
        return run_operators(dict(self._samples[position]), self._ops, None)


def seconds(function, *args):
    """Returns the processor time of a call; a sample that is dropped is fine here."""
    start = time.process_time()
    with contextlib.suppress(Dropped):
        function(*args)
    return time.process_time() - start


def run_round(pipeline, samples, seed, run=run_operators):
    """Returns the seconds of decoding all samples, and those of the pipeline over all samples."""
    decoding = running = 0.0
    for number in range(len(samples)):
        buffer = np.frombuffer(samples[number - len(samples) // 2]["image"], np.uint8)  # not the one that comes next
        decoding += seconds(cv2.imdecode, buffer, cv2.IMREAD_COLOR)
        running += seconds(run, pipeline.raw(samples, number), pipeline.ops, np.random.default_rng([seed, number]))
    return decoding, running


def run_profiled(spent):
    """Returns a function like ``run_operators`` that adds the seconds of each operator to ``spent``."""

    def run(data, ops, rng):
        for number, op in enumerate(ops):
            start = time.process_time()
            data = op(data, rng) if op.random else op(data)
            spent[number] += time.process_time() - start

    return run


def measure(pipeline, samples, rounds):
    """Prints ratio and table of one pipeline."""
    run_round(pipeline, samples, 0)
    results = [run_round(pipeline, samples, seed) for seed in range(rounds)]
    ratio = statistics.median(running / decoding for decoding, running in results)
    decode = statistics.median(decoding for decoding, _ in results) / len(samples)
    print(f"{pipeline.name}: {ratio:.2f} decodes a sample {pipeline.goal}")
    tables = []
    for seed in range(rounds):
        spent = [0.0] * len(pipeline.ops)
        decoding, _ = run_round(pipeline, samples, seed, run_profiled(spent))
        tables.append([(one, one / sum(spent), one / decoding) for one in spent])
    print(f"    {'operator':20s} {'us':>9s} {'share':>6s} {'decodes':>8s}    (a decode takes {decode * 1e6:.0f} us)")
    for op, *rows in zip(pipeline.ops, *tables):
        total, share, decodes = (statistics.median(column) for column in zip(*rows))
        print(f"    {op!r:20s} {total / len(samples) * 1e6:9.1f} {share:6.1%} {decodes:8.3f}")
    return ratio


def measure_detection(samples, rounds):
    """Prints the figures of the detection pipelines without and with a cache."""
    for name, transforms, further, goal in (
        ("detection", DETECTION, 0, "(at most 2.2, goal 1.6)"),
        ("detection with copy-paste", COPY_PASTE, 1, "(at most 3.6, goal 2.8)"),
    ):
        plain = measure(Pipeline(name, transforms, further, goal=goal), samples, rounds)
        for kind in ("memory", "disk"):
            cached = Pipeline(
                f"{name}, cache: {kind}", transforms, further, cache=kind, goal="from the second epoch on"
            )
            saved = plain - measure(cached, samples, rounds)
            print(f"    {saved:.2f} less than without (at least 0.7)")


def main():
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=("detection", "recognition"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    if args.only != "recognition":
        measure_detection([detection_sample(rng) for _ in range(args.samples)], args.rounds)
    if args.only != "detection":
        samples = [recognition_sample(rng) for _ in range(5 * args.samples)]
        goal = "(at most 16, goal 12)"
        measure(Pipeline("recognition with RecAug", RECOGNITION, goal=goal), samples, args.rounds)
        name = "recognition with RecConAug and RecAug"
        measure(Pipeline(name, CONCATENATION, further=2, leading=1), samples, args.rounds)


if __name__ == "__main__":
    main()
