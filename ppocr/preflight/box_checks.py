"""Whether any box of a data set of text detection counts: it is to be found, has an area and lies in its image."""

import os
from collections import Counter

import numpy as np

from ppocr.data.label_index import LabelIndex
from ppocr.errors import DataError, Dropped
from ppocr.findings import ERROR
from ppocr.formats.boxes import CROSSING, FAR, NO_AREA, outside, read_boxes, sound_outlines
from ppocr.formats.lines import image_names, split_line

LINES, IMAGES = 2000, 50  # how many are looked at before a data set is given up
IGNORED, FEW_POINTS, SHARES, OUTSIDE = "ignored", "few_points", "shares", "outside"

CAUSES = {
    IGNORED: "to be ignored, as their texts say",
    FEW_POINTS: "of fewer than three points (write all four corners)",
    SHARES: "with coordinates between 0 and 1 (write pixels)",
    NO_AREA: "without area",
    FAR: "with coordinates that are no numbers or beyond any image",
    CROSSING: "whose outlines cross themselves",
    OUTSIDE: "outside of their images (were these of another size when they were labelled, or are x and y swapped?)",
}


def check_boxes(context):
    """Some box of each data set counts; a look at the first image tells, unless there is something wrong."""
    for section in context.sections:
        if section.has_label_lines and section.rule.labels.are_boxes:
            causes = why_none_counts(section, section.rule)
            if causes is not None:
                path = (*section.path, "label_file_list")
                yield context.finding(ERROR, path, _words(causes, section.training))


def _words(causes, training):
    what = "nothing can be learnt" if training else "nothing can be judged"
    if not causes:
        return f"no label holds a box, so {what}"
    parts = ", ".join(f"{count} {CAUSES[cause]}" for cause, count in causes.most_common())
    return f"none of {sum(causes.values())} boxes counts, so {what}: {parts}"


def why_none_counts(section, rule):
    """Returns why boxes of a data set do not count, as a ``Counter``; None if one counts or that cannot be told.

    Args:
        section: :class:`ppocr.preflight.context.DataSection`.
        rule: :class:`ppocr.preflight.label_lines.LineRule`.
    """
    causes, labels, images = Counter(), 0, 0
    decode = section.decode
    for name, label in some_lines(section, rule):
        try:
            found, outlines = box_causes(label, rule.labels)
        except DataError:
            continue
        labels += 1
        candidates = [number for number, cause in enumerate(found) if not cause]
        if candidates:
            images += 1
            size = image_size(os.path.join(section.dataset["data_dir"], name), decode)
            if size is None:
                continue
            if not outside(outlines, *size)[0][candidates].all():
                return None
        causes.update(cause or OUTSIDE for cause in found)
        if images == IMAGES:
            break
    return causes if labels and (causes or not images) else None


def some_lines(section, rule):
    """Yields image and label of lines that are spread evenly over the label files."""
    files = section.readable_files
    index = LabelIndex(files) if files else ()
    for position in np.unique(np.linspace(0, len(index) - 1, min(LINES, len(index))).astype(int)).tolist():
        line = split_line(index.line(position).decode("utf-8", "replace"), rule.delimiter)
        if line is not None:
            yield image_names(line.path)[0], line.label


def box_causes(label, labels):
    """Returns why each box of a label cannot count (empty if nothing speaks against it), and their outlines.

    Raises:
        DataError: it is no label.
    """
    boxes = read_boxes(label, labels.flat)
    outlines = sound_outlines(boxes.polys, boxes.counts)
    causes = outlines.faults.copy()
    causes[(causes == NO_AREA) & (np.abs(boxes.polys) <= 1).all(axis=(1, 2))] = SHARES
    causes[boxes.counts < 3] = FEW_POINTS
    causes[[text in labels.ignored for text in boxes.texts]] = IGNORED
    return causes.tolist(), outlines


def image_size(file, decode):
    """Returns width and height of an image; None if it cannot be read."""
    try:
        with open(file, "rb") as opened:
            return decode.decode(opened.read()).shape[1::-1]
    except (OSError, ValueError, Dropped):
        return None
