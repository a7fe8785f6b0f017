"""What a file that is not UTF-8 may be instead."""

import codecs

_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_LEGACY = "GBK"


def other_encoding(content: bytes, path) -> str:
    """Returns what to do with a file that is not UTF-8; empty if nothing is known.

    Args:
        content: its bytes, or enough of them.
        path: the file, which the message names.
    """
    name = utf16(content) or (_LEGACY if _reads_as_chinese(content) else None)
    return f"it looks like {name}: iconv -f {name} -t UTF-8 {path} > NEW" if name else ""


def utf16(content: bytes):
    """Returns the name of the UTF-16 that bytes are: by their mark, or by zeros in every other place; else None."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    for first, name in enumerate(("UTF-16BE", "UTF-16LE")):
        if len(content) > 4 and content[first::2].count(0) * 2 > len(content[first::2]):
            return name
    return None


def _reads_as_chinese(content):
    """Whether most of what is not ASCII are Chinese characters when the bytes are taken for GBK."""
    try:
        text = content.decode(_LEGACY)
    except UnicodeDecodeError:
        return False
    others = [character for character in text if not character.isascii()]
    return sum("\u4e00" <= character <= "\u9fff" for character in others) * 2 > len(others)
