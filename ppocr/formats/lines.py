"""Lines of label files, ``path<delimiter>label``, and what may be meant where a line or a file is another one."""

import os
from typing import NamedTuple, Optional

from ppocr import json_text

TAB = "\t"
_SEPARATORS = {TAB: "a tab", " ": "blanks", ",": "a comma", ";": "a semicolon"}


class LabelLine(NamedTuple):
    """The parts of a line.

    Attributes:
        path: of the image.
        label: as it stands.
        further: what stands behind the label.
    """

    path: str
    label: str
    further: list

    @property
    def unread(self) -> str:
        """What stands behind the label and is no width and height: maybe a part of the text."""
        sizes = len(self.further) == 2 and all(part.isdecimal() for part in self.further)
        return "" if sizes else TAB.join(self.further)


def split_line(line: str, delimiter: str = TAB, sizes: bool = False) -> Optional[LabelLine]:
    """Returns the parts of a line; None without a delimiter.

    Args:
        line: without its end.
        delimiter: what stands between path and label.
        sizes: whether width and height follow the label, behind delimiters; otherwise a tab ends it.
    """
    path, found, rest = line.partition(delimiter)
    if not found:
        return None
    label, *further = rest.rsplit(delimiter, 2) if sizes else rest.split(TAB)
    return LabelLine(path, label, further)


def image_names(path: str) -> list:
    """Returns the images of a line: one, or those of a JSON list."""
    if path.startswith("["):
        try:
            return [str(name) for name in json_text.parse(path)] or [path]
        except ValueError:
            pass
    return [path]


def meant_delimiter(line: str, delimiter: str = TAB, may_set: bool = True) -> str:
    """Returns what seems to be in the place of a delimiter that a line lacks, to be put behind a message.

    Args:
        line: without its end.
        delimiter: what it lacks.
        may_set: the data set has a key for it.
    """
    advice = "mend the file, or set the delimiter of the dataset" if may_set else "mend the file"
    for separator, name in _SEPARATORS.items():
        path, found, label = line.partition(separator)
        if found and path.strip() and label.strip():
            verb, wanted = "are" if separator == " " else "is", "the tab" if delimiter == TAB else repr(delimiter)
            return f"; there {verb} {name} where {wanted} should be: {advice}"
    return ""


def meant_label_file(file: str, folder: Optional[str] = None) -> str:
    """Returns what seems to be meant by a label file that is not there, to be put behind a message.

    Args:
        file: as it is given.
        folder: ``data_dir``.
    """
    parts = [part.strip() for part in file.split(",")]
    if len(parts) > 1 and os.path.isfile(parts[0]):
        return f"; several files are a list: [{', '.join(parts)}]"
    if folder and not os.path.isabs(file) and os.path.isfile(os.path.join(folder, file)):
        return f"; data_dir holds it: write {os.path.join(folder, file)}"
    return "" if os.path.isabs(file) else f"; paths start at {os.getcwd()}"


def meant_image(name: str, folder: str) -> str:
    """Returns what is known of an image that is not there: the path tried, a similar one.

    Args:
        name: as the label file has it.
        folder: ``data_dir``.
    """
    tried = os.path.join(folder, name)
    for other in _other_names(name):
        if other != name and os.path.isfile(os.path.join(folder, other)):
            return f"{tried}; there is {other!r}"
    return tried + ("; folders are separated by slashes, not by backslashes" if "\\" in name else "")


def _other_names(name):
    """Yields names that differ from one in slashes and in case."""
    name = name.replace("\\", "/")
    yield name
    for one in dict.fromkeys((name, name.lstrip("/"))):
        yield one
        stem, suffix = os.path.splitext(one)
        head, tail = os.path.split(one)
        for case in (str.lower, str.upper):
            yield stem + case(suffix)
            yield os.path.join(head, case(tail))
