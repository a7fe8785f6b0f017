"""Character dictionaries: the vocabulary that label encoders and decoders share."""

import os
import string
from typing import Optional

from ppocr.errors import DataError
from ppocr.text.encoding import other_encoding
from ppocr.text.entries import remarks
from ppocr.wording import bracketed
from ppocr.yaml_text import FastLoader, NotYaml, parse

MARK = "\ufeff"  # byte order mark, which some editors put before the first character
DEFAULT_CHARACTERS = string.digits + string.ascii_lowercase

# Dictionaries in PaddleOCR's repository: folder -> names.
PUBLISHED = {
    "ppocr/utils": "EN_symbol_dict dict90 en_dict ic15_dict ppocr_keys_v1",
    "ppocr/utils/dict": """
        arabic_dict chinese_cht_dict cyrillic_dict devanagari_dict french_dict german_dict hebrew_dict japan_dict
        ka_dict korean_dict latex_symbol_dict latin_dict parseq_dict samaritan_dict spin_dict syriac_dict ta_dict
        te_dict table_master_structure_dict table_structure_dict table_structure_dict_ch
        ppocrv4_doc_dict ppocrv5_arabic_dict ppocrv5_cyrillic_dict ppocrv5_devanagari_dict ppocrv5_dict ppocrv5_el_dict
        ppocrv5_en_dict ppocrv5_eslav_dict ppocrv5_korean_dict ppocrv5_latin_dict ppocrv5_ta_dict ppocrv5_te_dict
        ppocrv5_th_dict ppocrv6_dict ppocrv6_tiny_dict""",
}


def load_dictionary(path) -> list:
    """Reads a dictionary: a text file with one character per line, or the ``inference.yml`` of an exported model.

    Only the line end (``\\n`` or ``\\r\\n``) is removed, and a byte order mark before the first line, so spaces are
    characters and an entry may have several characters.  An entry may occur several times, as in published
    dictionaries: each place is a class.  In ``inference.yml`` the characters are the list ``PostProcess:
    character_dict``, which holds the lines of the dictionary that the model was trained with; as with a file,
    ``use_space_char`` adds the space to them.

    Args:
        path: UTF-8 file; ``.yml`` and ``.yaml`` are taken for an exported model's file.

    Returns:
        The entries in the order of the file.

    Raises:
        DataError: the file cannot be read, is empty or is not UTF-8.
    """
    content = _read(path)
    entries = _yaml_entries(path, content) if _is_yaml(path) else _text_entries(path, content)
    if not entries:
        raise DataError(f"{path}: the dictionary is empty (line 1); it needs one character per line")
    return entries


def dictionary_remarks(path) -> list:
    """Returns what a user should know about a dictionary: :class:`ppocr.text.entries.Remark`.

    Raises:
        DataError: see :func:`load_dictionary`.
    """
    return remarks(load_dictionary(path), "entry" if _is_yaml(path) else "line")


def character_list(character_dict_path: Optional[str] = None, use_space_char: bool = False) -> list:
    """Returns the characters that a codec can write, without its special symbols (blank, start, end, ...).

    Args:
        character_dict_path: dictionary file; None means digits and lower-case letters, which never get a space.
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
        hint = where_published(path) or "check character_dict_path"
        raise DataError(f"{path}: cannot read the dictionary ({error.strerror}); {hint}") from None


def where_published(path) -> str:
    """Returns where PaddleOCR publishes a dictionary of that name; empty for any other name."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    folders = [folder for folder, names in PUBLISHED.items() if suffix == ".txt" and stem in names.split()]
    if not folders:
        return ""
    return (
        f"PaddleOCR's repository has it as {folders[0]}/{stem}.txt; "
        "the inference.yml of an official model that was trained with it can be given as character_dict_path too"
    )


def _text_entries(path, content) -> list:
    try:
        text = content.decode("utf-8").removeprefix(MARK)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = bracketed(other_encoding(content, path))
        raise DataError(f"{path}: line {line} is not UTF-8; save the dictionary as UTF-8{hint}") from None
    # not splitlines(): other separators (U+2028, form feed, ...) may be characters of the vocabulary
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def _is_yaml(path):
    return os.path.splitext(path)[1].lower() in (".yml", ".yaml")


def _post_process(path, content) -> dict:
    """Returns the section ``PostProcess`` of an exported model's file, empty where it is missing."""
    try:
        document = parse(content, FastLoader)
    except NotYaml as error:
        where = f"line {error.line}" if error.line else "the file"
        raise DataError(f"{path}: {where} is not valid YAML; export the model again") from None
    section = document.get("PostProcess") if isinstance(document, dict) else None
    return section if isinstance(section, dict) else {}


def _yaml_entries(path, content) -> list:
    entries = _post_process(path, content).get("character_dict")
    if not isinstance(entries, list):
        raise DataError(f"{path}: has no list 'PostProcess: character_dict'; give a dictionary file instead")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            raise DataError(f"{path}: entry {number} of character_dict is {entry!r}, not a text; put it in quotes")
    return [*(entry.removeprefix(MARK) for entry in entries[:1]), *entries[1:]]
