"""Prints what the data pipelines cost, as ratios to decoding the picture, and what each operator takes of it.

    python benchmarks/data_pipeline.py [--samples 60] [--rounds 5] [--only detection]

One thread.  Each round runs the decoder and the pipeline alternately over the same samples; the figure is the median
of the rounds' ratios.
"""

import argparse
import json
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from ppocr.data.imaug import create_operators, run_operators  # noqa: E402
from ppocr.data.imaug.operator import Dropped  # noqa: E402

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


def noisy_picture(height, width, rng):
    """Returns a smooth picture with noise, H x W x 3."""
    coarse = rng.integers(30, 226, (max(height // 20, 2), max(width // 20, 2), 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)


def detection_sample(rng):
    """Returns a 1280 x 720 JPEG of quality 95 and a label of 8 to 30 slightly turned quads that do not overlap."""
    picture = noisy_picture(720, 1280, rng)
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
        cv2.polylines(picture, [quad.astype(np.int32)], True, (0, 0, 0), 2)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return {"image": encoded, "label": json.dumps(label)}


def recognition_sample(rng):
    """Returns a JPEG of quality 95 of a text line and its text."""
    width = int(rng.integers(120, 400))
    picture = noisy_picture(48, width, rng)
    text = "".join(rng.choice(list("abcdefgh0123456789"), width // 24))
    cv2.putText(picture, text, (6, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (10, 10, 10), 2)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return {"image": encoded, "label": text}


class Further:
    """One more sample, decoded when it is asked for, as the data sets give it to operators that mix samples."""

    def __init__(self, sample):
        self.sample = sample
        self.ops = create_operators(DETECTION[:2])

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return run_operators(dict(self.sample), self.ops, None)


def seconds(function):
    """Returns how long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure(name, transforms, samples, rounds):
    """Prints ratio and table of one pipeline."""
    ops = create_operators(transforms)
    buffers = [np.frombuffer(sample["image"], np.uint8) for sample in samples]
    spent = dict.fromkeys(map(repr, ops), 0.0)

    def decode_all():
        for buffer in buffers:
            cv2.imdecode(buffer, cv2.IMREAD_COLOR)

    def run_all():
        for i, sample in enumerate(samples):
            run_quietly(dict(sample), ops, np.random.default_rng(i))

    decode_all(), run_all()
    ratios, decoding = [], []
    for _ in range(rounds):
        decoding.append(seconds(decode_all))
        ratios.append(seconds(run_all) / decoding[-1])
    for i, sample in enumerate(samples):
        profile(dict(sample), ops, np.random.default_rng(i), spent)
    decode = statistics.median(decoding) / len(samples)
    print(f"{name}: {statistics.median(ratios):.2f} decodes a sample (decode {decode * 1e3:.3f} ms)")
    for op, total in spent.items():
        print(f"    {op:24s} {total / len(samples) * 1e3:8.3f} ms {total / len(samples) / decode:6.2f}")


def run_quietly(sample, ops, rng):
    """Runs the operators; a dropped sample is fine here."""
    try:
        run_operators(sample, ops, rng)
    except Dropped:
        pass


def profile(data, ops, rng, spent):
    """Adds the seconds of each operator to ``spent``."""
    for op in ops:
        start = time.perf_counter()
        data = op(data, rng) if op.random else op(data)
        spent[repr(op)] += time.perf_counter() - start


def main():
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("detection", "recognition"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    if args.only != "recognition":
        samples = [detection_sample(rng) for _ in range(args.samples)]
        measure("detection", DETECTION, samples, args.rounds)
        mixed = [{**one, "ext_data": Further(other)} for one, other in zip(samples, samples[1:] + samples[:1])]
        measure("detection with copy-paste", COPY_PASTE, mixed, args.rounds)
    if args.only != "detection":
        measure("recognition", RECOGNITION, [recognition_sample(rng) for _ in range(5 * args.samples)], args.rounds)


if __name__ == "__main__":
    main()
