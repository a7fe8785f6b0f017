"""Checks of the pictures that label files name."""

import json
import os
from collections import Counter
from typing import NamedTuple

import cv2
import numpy as np

from ppocr.data.label_index import LabelIndex
from ppocr.preflight.finding import NOTE, WARNING, Finding
from ppocr.preflight.parallel import mapped

_BATCH = 64
TINY, LONG = 5, 50  # pixels of the shorter side; longer to shorter side

FAULTS = {
    "missing": "the picture {0!r} is not there",
    "unreadable": "the picture {0!r} cannot be read",
    "empty": "the picture {0!r} is an empty file",
    "no_picture": "{0!r} is no picture that can be decoded",
    "tiny": f"the picture {{0!r}} has a side of less than {TINY} pixels",
    "long": f"the picture {{0!r}} is more than {LONG} times as long as wide",
}


class Picture(NamedTuple):
    """A picture and the line of the label file that names it."""

    file: str
    line: int
    shown: str


def check_images(context):
    """Pictures are there, can be decoded, and are neither tiny nor extremely long."""
    for section in context.sections:
        for scan in context.scans.get(section.name, ()):
            pictures, lines = pictures_of(scan, section, context.sample)
            batches = [pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH)]
            title = f"pictures of {section.name}"
            results = mapped(look_at_all, batches, context.processes, title, context.progress)
            faults = [
                (picture, fault) for batch, found in zip(batches, results) for picture, fault in zip(batch, found)
            ]
            yield from _findings(scan, [(picture, fault) for picture, fault in faults if fault])
            if lines < len(scan.seen.numbers):
                what = f"{lines} of {len(scan.seen.numbers)} lines: only the pictures of these were looked at"
                yield Finding(NOTE, what, scan.path)


def _findings(scan, faults):
    counts = Counter(fault for _, fault in faults)
    named = set()
    for picture, fault in faults:
        if fault not in named:
            named.add(fault)
            more = f"; so are {counts[fault] - 1} further ones" if counts[fault] > 1 else ""
            yield Finding(WARNING, FAULTS[fault].format(picture.shown) + more, scan.path, picture.line)


def pictures_of(scan, section, sample):
    """Returns the :class:`Picture` of a label file, and the number of lines that they are from.

    Args:
        scan: :class:`ppocr.preflight.label_scan.FileScan`.
        section: the data section.
        sample: lines to take, spread evenly; None for all.
    """
    index = LabelIndex([scan.path])
    count = len(scan.seen.numbers)
    wanted = count if sample is None else min(sample, count)
    chosen = np.linspace(0, count - 1, wanted).astype(int).tolist() if wanted else []
    folder, delimiter = section.dataset["data_dir"], (section.dataset.get("delimiter") or "\t").encode()
    pictures = []
    for position in chosen:
        path, found, _ = index.line(position).partition(delimiter)
        if found and path:
            line = int(scan.seen.numbers[position])
            names = names_in(path.decode("utf-8", "replace"))
            pictures += [Picture(os.path.join(folder, name), line, name) for name in names]
    return pictures, len(chosen)


def names_in(path) -> list:
    """Returns the pictures of a line: one, or those of a JSON list."""
    if path.startswith("["):
        try:
            return [str(name) for name in json.loads(path)]
        except ValueError:
            pass
    return [path]


def look_at_all(pictures) -> list:
    """Returns what is wrong with each picture, a key of ``FAULTS``, or an empty text."""
    cv2.setNumThreads(0)  # the processes are the parallelism; 1 would wait for threads that a fork does not take along
    return [look_at(picture.file) for picture in pictures]


def look_at(file) -> str:
    """Returns what is wrong with a picture file."""
    try:
        with open(file, "rb") as opened:
            content = opened.read()
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError):
        return "unreadable"
    if not content:
        return "empty"
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    return "no_picture" if image is None else _odd_size(*image.shape[:2])


def _odd_size(height, width):
    shorter, longer = sorted((height, width))
    if shorter < TINY:
        return "tiny"
    return "long" if longer > LONG * shorter else ""
