"""Result files: lines of text as PaddleOCR writes them, the same as JSON lines, and drawn images beside."""

import os
import re
from contextlib import contextmanager
from pathlib import Path

import cv2

from ppocr.errors import ConfigError, UserError
from ppocr.json_text import to_json
from ppocr.values import shown

_OF_THE_IMAGE = ("path", "size")
_BREAKS = re.compile(r"[\t\r\n]")  # a line of a text file has no place for them


class ResultFiles:
    """Writes results as they come, to be used in a ``with`` statement.

    The text file has ``path<TAB>...`` a line.  The JSON file beside it, with the suffix ``.jsonl``, has a mapping with
    ``path``, ``size`` (width and height in pixels) and the values of the result.  Files of an earlier run stay as they
    are until the first result is there.

    Args:
        path: of the text file; its folder is made.
        inputs: files that are read, none of which may be written over.

    Raises:
        UserError: the files cannot be written, or the name is one that a file beside them gets.
    """

    def __init__(self, path, inputs=()):
        self.path = Path(path)
        self.json_path = self.path.with_suffix(".jsonl")
        self._files = []
        if self.path.suffix in (".jsonl", ".png"):
            beside = "JSON lines get .jsonl, drawings .png"
            raise UserError(f"Global.save_res_path={path}: give the name of the text file; beside it {beside}")
        refuse_inputs([self.path, self.json_path], inputs)
        with self._writing():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for file in self._open("a"):  # tells whether they can be written, and leaves them as they are
                file.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        try:
            with self._writing():
                for file in self._files:
                    file.close()
        except UserError:
            if kind is None:  # else what ended the run is said
                raise

    def write(self, one, told):
        """Adds one image.

        Args:
            one: :class:`ppocr.inference.images.ImageResult`.
            told: what follows the path, a list of which what is no text is written as JSON; and what follows in the
                JSON line, a mapping, where arrays become lists.

        Raises:
            ConfigError: it is of another form.
            UserError: the files cannot be written.
        """
        columns, row = _checked(told, one.path)
        height, width = one.image.shape[:2]
        try:
            texts = [column if isinstance(column, str) else to_json(column) for column in columns]
            mapping = to_json({"path": str(one.path), "size": [width, height], **row})
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{one.path}: its result cannot be written as JSON ({error})") from None
        with self._writing():
            self._files = self._files or self._open("w")
            text, lines = self._files
            text.write("\t".join(_BREAKS.sub(" ", part) for part in (str(one.path), *texts)) + "\n")
            lines.write(mapping + "\n")

    def _open(self, mode):
        # a file name that is not UTF-8 comes out as it is on the disk
        return [open(p, mode, encoding="utf-8", errors="surrogateescape") for p in (self.path, self.json_path)]

    @contextmanager
    def _writing(self):
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"Global.save_res_path={self.path}: cannot be written ({reason}); name another") from None


def _checked(told, path):
    """Returns the columns and the mapping that a task gives for an image.

    Raises:
        ConfigError: they are none.
    """
    columns, row = told if isinstance(told, (list, tuple)) and len(told) == 2 else (told, None)
    if not isinstance(columns, (list, tuple)) or not isinstance(row, dict):
        raise ConfigError(f"{path}: row of the task must give a list of columns and a mapping, not {shown(told)}")
    taken = [key for key in _OF_THE_IMAGE if key in row]
    if taken:
        raise ConfigError(f"{path}: row of the task gives {', '.join(taken)}, which says what the image is; rename it")
    return columns, row


def refuse_inputs(targets, inputs, named_by: str = "Global.save_res_path"):
    """Refuses to write over files that are read; ``named_by`` is what says where to write.

    Raises:
        UserError: a target is an input.
    """
    lost = {os.path.realpath(path) for path in targets} & {os.path.realpath(path) for path in inputs}
    if lost:
        raise UserError(f"{min(lost)}: is to be read, and would be written over; name another {named_by}")


class ImageFolder:
    """Writes drawn images under the names of those that they show.

    Args:
        folder: where to; folders inside it mirror those of the images.
        paths: all images.

    Raises:
        UserError: one of them would be written over.
    """

    def __init__(self, folder, paths):
        self.folder = Path(folder)
        self._root = os.path.commonpath([os.path.abspath(path.parent) for path in paths])
        refuse_inputs((name for path in paths for name in _names(self._target(path))), paths)

    def write(self, path, image):
        """Writes what was drawn for the image at ``path``; see :func:`write_image`."""
        return write_image(self._target(path), image)

    def _target(self, path):
        return self.folder / os.path.relpath(path, self._root)


def _names(path):
    """The name of an image file, and the one that it gets where the form of the first has no place for the image."""
    return path, path.with_name(path.name + ".png")


def write_image(path, image) -> Path:
    """Writes a uint8 BGR image; its folder is made.

    Returns:
        where it was written: ``path``, with ``.png`` behind it if the form of its suffix is unknown to OpenCV or has no
        place for the image, as JPEG and WebP for a very wide one.

    Raises:
        UserError: it cannot be written.
    """
    for target in _names(Path(path)):
        content = _encoded(target.suffix, image)
        if content is not None:
            break
    if content is None:
        raise UserError(f"{target}: {image.shape[1]} x {image.shape[0]} pixels are too many for an image file")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror or error})") from None
    return target


def _encoded(suffix, image):
    try:
        written, content = cv2.imencode(suffix, image)
    except cv2.error:
        return None
    return content.tobytes() if written else None
