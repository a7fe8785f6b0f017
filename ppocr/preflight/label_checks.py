"""Checks of the label files: every line, repeated paths, and characters that are in no dictionary."""

import numpy as np

from ppocr.data.bad_samples import may_lose
from ppocr.findings import ERROR, NOTE, WARNING, Finding
from ppocr.preflight.label_scan import line_text
from ppocr.wording import counted, counted_are

_SHOWN = 12  # unknown characters that are named


def check_labels(context):
    """Every line has a path, the delimiter and a label that its operators can use."""
    for section in context.sections:
        if not section.has_label_lines:
            yield Finding(NOTE, _not_checked(section), *context.where(section.path))
        for scan in context.scans_of(section):
            for fault, tally in scan.seen.faults.items():
                detail = f" ({tally.detail})" if tally.detail else ""
                yield Finding(WARNING, f"{fault.what}{detail}{_others(tally, fault)}", scan.path, tally.line)
            yield from _without_text(scan)
            if len(scan.seen.numbers) < scan.stored:
                what = f"{len(scan.seen.numbers)} of {scan.stored} labels, spread evenly, were looked at"
                yield Finding(NOTE, what, scan.path)
        yield from _too_many(context, section)
        yield from _missing_classes(context, section)


def _missing_classes(context, section):
    """Finds classes that no line of a data set has."""
    scans = context.scans_of(section)
    missing = section.rule.labels.classes.difference(*(scan.seen.classes for scan in scans))
    limit = context.label_limit
    whole = all(len(scan.seen.numbers) >= scan.stored and not (limit and scan.seen.lines >= limit) for scan in scans)
    if scans and missing and whole:
        names = ", ".join(map(repr, sorted(missing)))
        what = f"no label is the class {names}, which {'cannot be learnt' if section.training else 'is not judged'}"
        yield context.finding(WARNING, (*section.path, _key_of(section)), what)


def _not_checked(section):
    if section.has_database:
        return f"not checked: images of {section.name}, which lie in a database"
    name = section.dataset["name"]
    return f"not checked: labels and images of {section.name}; {name} has no lines of path and label"


def _others(tally, fault):
    if tally.count == 1:
        return ""
    return f"; the same of {tally.count - 1} further {'boxes' if fault.of_boxes else 'lines'}"


def _without_text(scan):
    lines = len(scan.seen.numbers)
    if scan.seen.without_text:
        what = f"{scan.seen.without_text} of {lines} images have no text: all of such an image is background"
        yield Finding(NOTE, what, scan.path)


def _key_of(section):
    """The key of a data set that names where its labels are."""
    return "data_dir" if section.has_database else "label_file_list"


def _too_many(context, section):
    scans = context.scans_of(section)
    lines = sum(len(scan.seen.numbers) for scan in scans)
    unusable = sum(scan.seen.unusable for scan in scans)
    if not unusable or not lines:
        return
    limit = may_lose(lines, section.dataset.get("max_bad_ratio")) if section.training else lines - 1
    if unusable > min(limit, lines - 1):
        things = "labels" if section.has_database else "lines"
        what = f"{unusable} of {lines} {things} cannot be used; with so many the run ends"
        # a few lines at the start of a file need not be like the rest
        whole = not context.label_limit and lines >= sum(scan.stored for scan in scans)
        yield context.finding(ERROR if whole else WARNING, (*section.path, _key_of(section)), what)


def check_characters(context):
    """Every character of the texts is in the dictionary."""
    for section in context.sections:
        for scan in context.scans_of(section):
            unknown = scan.seen.unknown
            if unknown:
                most = sorted(unknown, key=lambda character: -unknown[character].count)
                named = ", ".join(
                    f"{c!r} {counted(unknown[c].count, 'time')}, first in line {unknown[c].line}" for c in most[:_SHOWN]
                )
                more = f", and {len(most) - _SHOWN} more" if len(most) > _SHOWN else ""
                then = "will be left out" if section.training else "labels with them count as wrong"
                what = f"{counted_are(len(most), 'character')} not in the dictionary and {then}: {named}{more}"
                yield Finding(WARNING, what, scan.path, min(tally.line for tally in unknown.values()))


def check_paths(context):
    """No image stands in a data set twice, nor in both training and evaluation."""
    for scans in context.scans.values():
        yield from _repeated(scans)
    if {"Train", "Eval"} <= context.scans.keys():
        yield from _shared(context.scans["Train"], context.scans["Eval"])


def _repeated(scans):
    """Finds paths that stand on several lines of a data set."""
    hashes, position = _paths(scans)
    order = np.argsort(hashes, kind="stable")
    equal = hashes[order[1:]] == hashes[order[:-1]]
    if not equal.any():
        return
    again = order[1:][equal]
    at = int(again.min())
    first = int(np.flatnonzero(hashes == hashes[at])[0])
    (path, line), (other, earlier) = (_place(scans, position[i]) for i in (at, first))
    place = f"line {earlier}" if other == path else f"{other}, line {earlier}"
    more = f"; {len(again)} lines repeat a path" if len(again) > 1 else ""
    yield Finding(WARNING, f"repeats the path of {place}: {_path_on(path, line)!r}{more}", path, line)


def _shared(train, evaluation):
    """Finds paths of the evaluation set that training has, too."""
    hashes, position = _paths(evaluation)
    shared = np.flatnonzero(np.isin(hashes, _paths(train)[0]))
    if len(shared):
        path, line = _place(evaluation, position[shared[0]])
        what = f"{len(shared)} of {len(hashes)} images of Eval are in Train, too; first {_path_on(path, line)!r}"
        yield Finding(WARNING, what, path, line)


def _paths(scans):
    """Returns hashes of all paths of a data set, and where each stands among its lines."""
    hashes = np.concatenate([np.empty(0, np.uint64), *(scan.seen.hashes for scan in scans)])
    position = np.flatnonzero(hashes)
    return hashes[position], position


def _place(scans, position):
    """Returns file and line of a position among the lines with content of a data set."""
    for scan in scans:
        if position < len(scan.seen.numbers):
            return scan.path, int(scan.seen.numbers[position])
        position -= len(scan.seen.numbers)
    raise AssertionError("a position behind the last line")


def _path_on(path, line):
    return line_text(path, line).split("\t")[0][:80]
