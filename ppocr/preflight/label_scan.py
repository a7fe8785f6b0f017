"""Label files, read line by line by several processes, and the labels of databases."""

import itertools
import os
from dataclasses import dataclass, replace

import numpy as np

from ppocr.formats.labels import Seen, Tally
from ppocr.preflight.label_lines import Job, read_job, read_stored
from ppocr.preflight.parallel import mapped

CHUNK = 1 << 22  # bytes


@dataclass
class FileScan:
    """What stands in one label file, or in one database.

    Attributes:
        path: the file, or the folder of the database.
        seen: what was seen; lines are counted from 1.
        stored: labels of a database; 0 for a file of lines.
    """

    path: str
    seen: Seen
    stored: int = 0


def scan_files(paths, folder, rule, context) -> list:
    """Returns a :class:`FileScan` of each label file.

    Args:
        paths: label files, each with content.
        folder: ``data_dir``.
        rule: :class:`ppocr.preflight.label_lines.LineRule`.
        context: says how many lines, how many processes, and whether to show progress.
    """
    folder = os.path.abspath(folder)
    jobs = {path: [Job(path, *part, folder, rule) for part in parts_of(path, context.label_limit)] for path in paths}
    everything = list(itertools.chain.from_iterable(jobs.values()))
    results = iter(list(mapped(read_job, everything, context.processes, "label lines", context.progress)))
    return [FileScan(path, merged(list(itertools.islice(results, len(jobs[path]))))) for path in jobs]


def scan_databases(dataset, labels, limit) -> list:
    """Returns a :class:`FileScan` of each LMDB database, its labels numbered as in there, from 1.

    Args:
        dataset: :class:`ppocr.data.datasets.lmdb.LMDBDataSet`.
        labels: :class:`ppocr.formats.labels.Labels`.
        limit: labels of each database that are looked at, spread evenly.
    """
    scans = []
    for number, (path, count) in enumerate(zip(dataset.paths, dataset.counts)):
        chosen = np.unique(np.linspace(1, count, min(limit, count)).astype(int)).tolist()
        scans.append(FileScan(path, read_stored(list(zip(chosen, dataset.labels_in(number, chosen))), labels), count))
    return scans


def parts_of(path, limit=None) -> list:
    """Returns ``(start, end)`` of parts of a file that begin where a line does.

    Args:
        path: the file.
        limit: number of lines; None for all.
    """
    with open(path, "rb") as file:
        if limit is not None:
            return [(0, sum(map(len, itertools.islice(file, limit))))]
        size, bounds = os.fstat(file.fileno()).st_size, [0]
        while bounds[-1] < size:
            file.seek(bounds[-1] + CHUNK)
            file.readline()
            bounds.append(min(file.tell(), size))
    return list(zip(bounds, bounds[1:]))


def merged(parts) -> Seen:
    """Joins what was seen in the parts of one file, in order; lines are counted from 1 afterwards."""
    whole, numbers = Seen(), []
    for part in parts:
        first = whole.lines + 1
        numbers.append(part.numbers + np.int32(first))
        for into, tallies in (
            (whole.faults, part.faults),
            (whole.unknown, part.unknown),
            (whole.steps, part.steps),
            (whole.classes, part.classes),
        ):
            _add(into, tallies, first)
        whole.lines += part.lines
        whole.unusable += part.unusable
        whole.without_text += part.without_text
    hashes = [part.hashes for part in parts]
    return replace(whole, numbers=np.concatenate(numbers), hashes=np.concatenate(hashes))


def _add(into, tallies, first):
    for key, tally in tallies.items():
        old = into.get(key)
        if old is None:
            into[key] = Tally(tally.count, tally.line + first, tally.detail)
        else:
            into[key] = old._replace(count=old.count + tally.count)


def line_text(path, number) -> str:
    """Returns line ``number`` (from 1) of a file."""
    with open(path, "rb") as file:
        return next(itertools.islice(file, number - 1, None), b"").decode("utf-8", "replace").rstrip("\r\n")
