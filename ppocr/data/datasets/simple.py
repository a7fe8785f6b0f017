"""SimpleDataSet: images named in label files, one ``path<delimiter>label`` a line."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Optional, Union

import numpy as np

from ppocr.data.datasets.stored import StoredDataset
from ppocr.data.imaug.operator import Note
from ppocr.data.label_index import LabelIndex
from ppocr.data.randomness import generator, shuffled
from ppocr.errors import DataError, Dropped
from ppocr.formats.lines import TAB, LabelLine, image_names, meant_delimiter, meant_image, meant_label_file, split_line
from ppocr.registry import DATASETS
from ppocr.text.encoding import other_encoding
from ppocr.values import Files, Name, Probability
from ppocr.wording import bracketed


@dataclass(eq=False, repr=False)
class LabelFiles:
    """The keys that a data set of label files needs.

    Args:
        data_dir: folder that the paths are relative to.
        label_file_list: one label file or several, UTF-8.
    """

    data_dir: Name
    label_file_list: Union[Name, Files]


@DATASETS.register(aliases=("TextDetDataset",))
@dataclass(eq=False, repr=False)
class SimpleDataSet(StoredDataset, LabelFiles):  # the keys of the base that stands last come first
    """Images and labels of one or several label files.

    The path may be a JSON list of several images that share the label: each time one of them is drawn.  Operators get
    ``img_path``, ``label`` (str) and ``image`` (the file's bytes, see :meth:`StoredDataset.lazy_image`).

    Args:
        ratio_list: share of each file's lines that an epoch uses, 0 to 1; one number for all files or a list.
        delimiter: what stands between path and label.

    Raises:
        DataError: a label file or ``data_dir`` is missing, a label file is empty.
        ConfigError: the cache cannot be had.
    """

    label_store = "lines"
    gives = ("image", "label", "img_path")

    ratio_list: Union[Probability, list[Probability]] = 1.0
    delimiter: Name = "\t"

    def __post_init__(self):
        super().__post_init__()
        files, ratios = self.label_file_list, self.ratio_list
        files = [files] if isinstance(files, str) else list(files)
        ratios = list(ratios) if isinstance(ratios, (list, tuple)) else [ratios] * len(files)
        if not os.path.isdir(self.data_dir):
            raise DataError(f"data_dir {self.data_dir!r} is not a folder; paths in the label files are relative to it")
        for file in files:
            if not os.path.isfile(file):
                raise DataError(f"label file {file} is not there{meant_label_file(file, self.data_dir)}")
        self.lines = LabelIndex(files)
        self._kept = [round(count * ratio) for count, ratio in zip(self.lines.counts, ratios)]
        if not sum(self._kept):
            raise DataError(f"ratio_list {self.ratio_list} leaves no line of {', '.join(files)}")

    @staticmethod
    def check_arguments(label_file_list, ratio_list, cache, cache_dir):
        """Yields shares that are not one for each file, and settings of a cache that is not there."""
        files = 1 if isinstance(label_file_list, str) else len(label_file_list)
        if isinstance(ratio_list, (list, tuple)) and len(ratio_list) != files:
            yield "ratio_list", f"'ratio_list' has {len(ratio_list)} entries for {files} label files; give one for each"
        yield from StoredDataset.check_arguments(cache, cache_dir)

    def __len__(self):
        return sum(self._kept)

    def sample_count(self):
        """Returns the number of lines in all files."""
        return len(self.lines)

    def select(self, epoch):
        """Returns the lines that this epoch uses, drawn anew for each; None if all are used."""
        if self._kept == self.lines.counts:
            return None
        parts, first = [], 0
        for number, (count, kept) in enumerate(zip(self.lines.counts, self._kept)):
            chosen = shuffled(count, generator(self.seed, epoch, "select", number))[:kept]
            parts.append(np.sort(chosen) + first)
            first += count
        return np.concatenate(parts)

    def draw(self, rng):
        """Returns a random line, each file as likely as ``ratio_list`` makes it."""
        position, first = int(rng.integers(len(self))), 0
        for count, kept in zip(self.lines.counts, self._kept):
            if position < kept:
                return first + (position if kept == count else int(rng.integers(count)))
            position -= kept
            first += count
        raise AssertionError("a position beyond the last file")

    def load(self, index, key, rng):
        """Returns ``img_path``, ``label`` and ``image``."""
        line = self.parts(index)
        names = image_names(line.path)
        name = names[int(rng.integers(len(names)))] if len(names) > 1 else names[0]
        path, hint = os.path.join(self.data_dir, name), partial(meant_image, name, self.data_dir)
        image = self.lazy_image(partial(image_name, path, hint), partial(image_of, path, hint))
        return {"img_path": path, "label": line.label, "image": image, "notes": line_notes(line)}

    def parts(self, index) -> LabelLine:
        """Returns the parts of a line; see :func:`line_parts`."""
        return line_parts(self.lines, index, self.split, self.delimiter)

    def split(self, line: str) -> Optional[LabelLine]:
        """Splits a line of a label file; see :func:`ppocr.formats.lines.split_line`."""
        return split_line(line, self.delimiter)

    def label_of(self, index, epoch=0):
        """Returns the label as it stands in the file."""
        parts = self.split(self.lines.line(index).decode("utf-8", "replace"))
        return "" if parts is None else parts.label

    def describe(self, index):
        """Returns path, label file and number of the line in it."""
        return line_name(self.lines, index, self.delimiter)


def line_parts(lines, index, split=split_line, delimiter=TAB, may_set=True) -> LabelLine:
    """Returns the parts of a line of a :class:`ppocr.data.label_index.LabelIndex`.

    Args:
        lines: the index.
        index: number of the line.
        split: returns the parts of a text, None where it has none.
        delimiter: what stands between path and label.
        may_set: the data set has a key for it.

    Raises:
        Dropped: it has none (``bad_label``).
    """
    content = lines.line(index)
    try:
        line = content.decode("utf-8")
    except UnicodeDecodeError as error:
        hint = bracketed(other_encoding(content, lines.place(index).path))
        raise Dropped("bad_label", f"the line is not UTF-8 ({error.reason}){hint}") from error
    parts = split(line)
    if parts is None:
        hint = meant_delimiter(line, delimiter, may_set)
        raise Dropped("bad_label", f"no delimiter {delimiter!r} in the line {line[:60]!r}{hint}")
    return parts


def line_name(lines, index, delimiter=TAB):
    """Returns path, label file and number of a line in it."""
    place = lines.place(index)
    path = lines.line(index).decode("utf-8", "replace").partition(delimiter)[0]
    return f"{path[:120]} ({os.path.basename(place.path)}, line {place.line})"


def line_notes(line: LabelLine) -> list:
    """Returns what of a line is not used."""
    return [Note("text_behind_a_tab", repr(line.unread[:60]))] if line.unread else []


@contextmanager
def _file_errors(hint):
    try:
        yield
    except (OSError, ValueError) as error:
        missing = f": {hint()}" if isinstance(error, FileNotFoundError) else ""
        raise Dropped("unreadable_image", (getattr(error, "strerror", None) or str(error)) + missing) from error


def image_name(path, hint):
    """Returns what tells apart the contents of a file: its path, time and size.

    Args:
        path: of the file.
        hint: without arguments, says what may be meant where there is no such file.

    Raises:
        Dropped: it cannot be read.
    """
    with _file_errors(hint):
        state = os.stat(path)
    return os.path.abspath(path), state.st_mtime_ns, state.st_size


def image_of(path, hint):
    """Returns the content of a file; see :func:`image_name`."""
    with _file_errors(hint), open(path, "rb") as file:
        content = file.read()
    if not content:
        raise Dropped("unreadable_image", "the file is empty")
    return content
