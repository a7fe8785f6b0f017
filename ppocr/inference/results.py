"""Result files: lines of text as PaddleOCR writes them, the same as JSON lines, and drawn images beside."""

import os
from pathlib import Path

import cv2

from ppocr.errors import UserError
from ppocr.json_text import to_json


class ResultFiles:
    """Writes results as they come, to be used in a ``with`` statement.

    The text file has ``path<TAB>...`` a line.  The JSON file beside it, with the suffix ``.jsonl``, has a mapping with
    ``path``, ``size`` (width and height in pixels) and the values of the result.

    Args:
        path: of the text file; its folder is made.

    Raises:
        UserError: the files cannot be written, or the name is one that a file beside them gets.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.json_path = self.path.with_suffix(".jsonl")
        if self.path.suffix in (".jsonl", ".png"):
            beside = "JSON lines get .jsonl, drawings .png"
            raise UserError(f"Global.save_res_path={path}: give the name of the text file; beside it {beside}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # a file name that is not UTF-8 comes out as it is on the disk
            self._files = [
                open(p, "w", encoding="utf-8", errors="surrogateescape") for p in (self.path, self.json_path)
            ]
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"Global.save_res_path={path}: cannot be written ({reason}); name another") from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for file in self._files:
            file.close()

    def write(self, one, columns, row: dict):
        """Adds one image.

        Args:
            one: :class:`ppocr.inference.images.ImageResult`.
            columns: what follows the path; what is no text is written as JSON.
            row: what follows in the JSON line; arrays become lists.
        """
        text, lines = self._files
        shown = [column if isinstance(column, str) else to_json(column) for column in columns]
        text.write("\t".join([str(one.path), *shown]) + "\n")
        height, width = one.image.shape[:2]
        lines.write(to_json({"path": str(one.path), "size": [width, height], **row}) + "\n")


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
        lost = {os.path.realpath(self._target(path)) for path in paths} & {os.path.realpath(path) for path in paths}
        if lost:
            raise UserError(f"{min(lost)}: is to be read, and drawn over; name another Global.save_res_path")

    def write(self, path, image):
        """Writes what was drawn for the image at ``path``; see :func:`write_image`."""
        return write_image(self._target(path), image)

    def _target(self, path):
        return self.folder / os.path.relpath(path, self._root)


def write_image(path, image) -> Path:
    """Writes a uint8 BGR image; its folder is made.

    Returns:
        where it was written: ``path``, with ``.png`` behind it if the form of its suffix is unknown to OpenCV or has no
        place for the image, as JPEG and WebP for a very wide one.

    Raises:
        UserError: it cannot be written.
    """
    path = Path(path)
    content = _encoded(path.suffix, image)
    if content is None:
        path = path.with_name(path.name + ".png")
        content = _encoded(path.suffix, image)
    if content is None:
        raise UserError(f"{path}: {image.shape[1]} x {image.shape[0]} pixels are too many for an image file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path


def _encoded(suffix, image):
    try:
        written, content = cv2.imencode(suffix, image)
    except cv2.error:
        return None
    return content.tobytes() if written else None
