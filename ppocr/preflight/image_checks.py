"""Checks of the images that label files name, and of the boxes on them."""

import os
from typing import NamedTuple

import cv2
import numpy as np

from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.label_index import LabelIndex
from ppocr.errors import DataError, Dropped
from ppocr.findings import NOTE, WARNING, Finding
from ppocr.formats.boxes import outside
from ppocr.formats.labels import Labels
from ppocr.formats.lines import image_names, meant_image, split_line
from ppocr.geometry.quads import TALL
from ppocr.preflight.box_checks import box_causes
from ppocr.preflight.parallel import mapped

_BATCH = 64
TINY, LONG = 5, 50  # pixels of the shorter side; longer to shorter side

ONES, BOXES = "so are {} further ones", "so do {} further boxes"

# kind of fault -> what to say of the first image, and of the others
FAULTS = {
    "missing": ("the image {0!r} is not there", ONES),
    "unreadable": ("the image {0!r} cannot be read", ONES),
    "empty": ("the image {0!r} is an empty file", ONES),
    "no_image": ("{0!r} is no image that can be decoded", ONES),
    "tiny": (f"the image {{0!r}} has a side of less than {TINY} pixels", ONES),
    "long": (f"the image {{0!r}} is more than {LONG} times as long as wide", ONES),
    "tall": (
        f"the line {{0!r}} is at least {TALL} times as high as wide: lines that are cut from pages are turned then, "
        "and those of a data set are not",
        ONES,
    ),
    "plain": ("the image {0!r} is of one single colour", ONES),
    "outside": ("a box lies outside of its image {0!r}", BOXES),
    "half_outside": ("more than half of a box lies outside of its image {0!r}", BOXES),
}


class ImageEntry(NamedTuple):
    """An image, the line of the label file that names it, and the label on it."""

    file: str
    line: int
    shown: str
    label: str = ""


class Fault(NamedTuple):
    """What is wrong with an image: a kind of ``FAULTS``, details, and how many things it concerns."""

    kind: str
    detail: str = ""
    count: int = 1


class Job(NamedTuple):
    """Images to look at, what their labels must be, and the operator that decodes them."""

    images: list
    labels: Labels
    decode: DecodeImage
    folder: str


def check_images(context):
    """Images are there, can be decoded, are neither tiny nor extremely long, and their boxes lie in them."""
    for section in context.sections:
        scans = context.scans.get(section.name, ())
        labels = section.rule.labels if scans else None
        for scan in scans:
            images, lines = entries_of(scan, section, context.sample, labels.are_boxes)
            decode = section.decode
            jobs = [
                Job(images[i : i + _BATCH], labels, decode, section.dataset["data_dir"])
                for i in range(0, len(images), _BATCH)
            ]
            results = mapped(look_at_all, jobs, context.processes, f"images of {section.name}", context.progress)
            found = [pair for job, faults in zip(jobs, results) for pair in zip(job.images, faults)]
            yield from _findings(scan, [(image, fault) for image, faults in found for fault in faults])
            if lines < len(scan.seen.numbers):
                what = f"{lines} of {len(scan.seen.numbers)} lines: only the images of these were looked at"
                yield Finding(NOTE, what, scan.path)


def _findings(scan, faults):
    counts, first = {}, {}
    for image, fault in faults:
        counts[fault.kind] = counts.get(fault.kind, 0) + fault.count
        first.setdefault(fault.kind, (image, fault))
    for kind, (image, fault) in first.items():
        text, others = FAULTS[kind]
        detail = f" ({fault.detail})" if fault.detail else ""
        more = f"; {others.format(counts[kind] - 1)}" if counts[kind] > 1 else ""
        yield Finding(WARNING, f"{text.format(image.shown)}{detail}{more}", scan.path, image.line)


def entries_of(scan, section, sample, boxes=False):
    """Returns the :class:`ImageEntry` of a label file, and the number of lines that they are from.

    Args:
        scan: :class:`ppocr.preflight.label_scan.FileScan`.
        section: the data section.
        sample: lines to take, spread evenly; None for all.
        boxes: take the labels along, to compare boxes with the images.
    """
    index = LabelIndex([scan.path])
    count = len(scan.seen.numbers)
    wanted = count if sample is None else min(sample, count)
    chosen = np.linspace(0, count - 1, wanted).astype(int).tolist() if wanted else []
    folder, delimiter = section.dataset["data_dir"], section.dataset.get("delimiter") or "\t"
    images = []
    for position in chosen:
        parts = split_line(index.line(position).decode("utf-8", "replace"), delimiter)
        if parts is not None and parts.path:
            line, label = int(scan.seen.numbers[position]), parts.label if boxes else ""
            images += [ImageEntry(os.path.join(folder, name), line, name, label) for name in image_names(parts.path)]
    return images, len(chosen)


def look_at_all(job: Job) -> list:
    """Returns what is wrong with each image: a list of :class:`Fault`."""
    cv2.setNumThreads(0)  # the processes are the parallelism; 1 would wait for threads that a fork does not take along
    return [look_at(entry, job) for entry in job.images]


def look_at(entry: ImageEntry, job: Job) -> list:
    """Returns what is wrong with an image and with the boxes on it."""
    labels = job.labels
    try:
        with open(entry.file, "rb") as opened:
            content = opened.read()
    except FileNotFoundError:
        return [Fault("missing", meant_image(entry.shown, job.folder))]
    except (OSError, ValueError):
        return [Fault("unreadable")]
    if not content:
        return [Fault("empty")]
    try:
        image = job.decode.decode(content)
    except (Dropped, DataError):
        return [Fault("no_image")]
    height, width = image.shape[:2]
    faults = [
        Fault(kind)
        for kind in (_odd_size(height, width, labels.are_lines), "plain" if image.min() == image.max() else "")
        if kind
    ]
    return faults + (boxes_beyond(entry.label, labels, width, height) if labels.are_boxes else [])


def boxes_beyond(label, labels, width, height) -> list:
    """Returns the boxes of a label that lie outside of their image, wholly or for the most part."""
    try:
        causes, outlines = box_causes(label, labels)
    except DataError:
        return []
    usable = np.array([not cause for cause in causes], bool)
    wholly, mostly = outside(outlines, width, height)
    faults = []
    for kind, beyond in (("outside", wholly), ("half_outside", mostly)):
        chosen = np.flatnonzero(beyond & usable)
        if len(chosen):
            points = outlines.polys[chosen[0], :4].tolist()
            detail = f"box {chosen[0] + 1}: {points}, the image has {width} x {height} pixels"
            faults.append(Fault(kind, detail, len(chosen)))
    return faults


def _odd_size(height, width, is_line):
    shorter, longer = sorted((height, width))
    if shorter < TINY:
        return "tiny"
    if longer > LONG * shorter:
        return "long"
    return "tall" if is_line and height >= TALL * width else ""
