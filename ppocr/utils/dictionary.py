"""Character dictionaries: the vocabulary that label encoders and decoders share."""

import os
import string
from typing import Optional

import yaml

from ppocr.errors import DataError

DEFAULT_CHARACTERS = string.digits + string.ascii_lowercase


def load_dictionary(path) -> list:
    """Reads a dictionary: a text file with one character per line, or the ``inference.yml`` of an exported model.

    Only the line end (``\\n`` or ``\\r\\n``) is taken off, so blanks are characters and an entry may have several
    characters.  In ``inference.yml`` the characters are the list ``PostProcess: character_dict``.

    Args:
        path: UTF-8 file; ``.yml`` and ``.yaml`` are taken for an exported model's file.

    Returns:
        The entries in the order of the file.

    Raises:
        DataError: the file cannot be read, is empty, holds an entry twice or is not UTF-8.
    """
    content = _read(path)
    is_yaml = os.path.splitext(path)[1].lower() in (".yml", ".yaml")
    entries = _yaml_entries(path, content) if is_yaml else _text_entries(path, content)
    if not entries:
        raise DataError(f"{path}: the dictionary is empty (line 1); it needs one character per line")
    _refuse_duplicates(path, entries, "entry" if is_yaml else "line")
    return entries


def character_list(character_dict_path: Optional[str] = None, use_space_char: bool = False) -> list:
    """Returns the characters that a codec can write, without its special symbols (blank, start, end, ...).

    Args:
        character_dict_path: dictionary file; None stands for digits and lower-case letters, which never get a space.
        use_space_char: appends the space, also where the dictionary has one already (published weights of such
            dictionaries count both).

    Raises:
        DataError: see :func:`load_dictionary`.
    """
    if character_dict_path is None:
        return list(DEFAULT_CHARACTERS)
    return load_dictionary(character_dict_path) + [" "] * use_space_char


def _read(path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot read the dictionary ({error.strerror}); check character_dict_path") from None


def _text_entries(path, content) -> list:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: line {line} is not UTF-8; save the dictionary as UTF-8") from None
    # not splitlines(): other separators (U+2028, form feed, ...) may be characters of the vocabulary
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def _yaml_entries(path, content) -> list:
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        raise DataError(f"{path}: {where} is not valid YAML; export the model again") from None
    section = document.get("PostProcess") if isinstance(document, dict) else None
    entries = section.get("character_dict") if isinstance(section, dict) else None
    if not isinstance(entries, list):
        raise DataError(f"{path}: has no list 'PostProcess: character_dict'; give a dictionary file instead")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            raise DataError(f"{path}: entry {number} of character_dict is {entry!r}, not a text; put it in quotes")
    return entries


def _refuse_duplicates(path, entries, unit):
    first = {}
    for number, entry in enumerate(entries, start=1):
        if first.setdefault(entry, number) != number:
            raise DataError(f"{path}: {unit} {number} repeats {entry!r} of {unit} {first[entry]}; remove one of them")
