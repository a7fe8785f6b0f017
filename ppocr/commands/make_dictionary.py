"""Makes a character dictionary: ``python tools/make_dictionary.py --labels train.txt --out dict.txt``."""

import argparse
import string
from pathlib import Path

from ppocr import json_text
from ppocr.errors import DataError
from ppocr.inference.results import refuse_inputs
from ppocr.wording import counted

# The order of the published en_dict.txt, which weights trained with it depend on: code points from "0" to "~", then
# those from "!" to "/", then the space.
MARKS = ("eos", "sos")  # of formulas: the end mark comes first, as in the published latex_symbol_dict.txt
ENGLISH = "".join(map(chr, [*range(ord("0"), ord("~") + 1), *range(ord("!"), ord("/") + 1), ord(" ")]))


def gb2312() -> str:
    """Returns the characters of GB 2312-80 in its own order: 682 signs and letters, 6,763 Chinese characters."""
    cells = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return "".join(code.decode("gb2312", errors="ignore") for code in cells)


SETS = {
    "digits": lambda: string.digits,
    "en": lambda: ENGLISH,
    "gb2312": lambda: string.digits + string.ascii_letters + string.punctuation + gb2312(),
}


def main(arguments=None):
    """Writes a dictionary of one character, or symbol of a formula, a line, without repetition.

    Raises:
        UserError: a label file cannot be read or holds no characters, or the dictionary cannot be written.
    """
    args = _parser().parse_args(arguments)
    refuse_inputs([args.out], args.labels, "--out")
    found = dict.fromkeys(MARKS if args.symbols else ())
    found.update({character: None for name in args.set for character in SETS[name]()})
    found.update(dict.fromkeys(sorted(entries_of(args.labels, args.symbols) - set(found))))
    found = [character for character in found if not character.isspace() or character == " "]
    if args.no_space:
        found = [character for character in found if character != " "]
    if not found:
        raise DataError("no characters: name --set or label files that hold texts")
    try:
        Path(args.out).write_text("".join(f"{character}\n" for character in found), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{args.out}: cannot be written ({error.strerror}); name another --out") from None
    print(f"{args.out}: {counted(len(found), 'character')}")


def _parser():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", nargs="+", choices=sorted(SETS), default=[], help="characters that come first")
    parser.add_argument("--labels", nargs="+", default=[], help="label files whose texts are collected")
    parser.add_argument("--symbols", action="store_true", help="labels are formulas, with blanks between symbols (CAN)")
    parser.add_argument("--out", required=True, help="file to write")
    parser.add_argument("--no_space", action="store_true", help="leave out the space (for use_space_char: true)")
    parser.add_argument("--traceback", action="store_true", help="show where an error was raised")
    return parser


def entries_of(label_files, symbols: bool = False) -> set:
    """Returns the characters of all texts of label files, or what stands between their blanks.

    A line is ``path<TAB>text`` or ``path<TAB>JSON list`` with a ``transcription`` in each entry.

    Raises:
        DataError: a file cannot be read, or a line has no tab.
    """
    found = set()
    for name in label_files:
        for number, line in enumerate(_lines(name), start=1):
            path, tab, label = line.partition("\t")
            if not tab and path.strip():
                raise DataError(f"{name}:{number}: no tab between path and label; write path<TAB>label")
            found.update(*(text.split() if symbols else text for text in _texts(label)))
    return found


def _lines(name):
    try:
        return Path(name).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: cannot be read as a UTF-8 label file ({error})") from None


def _texts(label):
    if label.startswith("[{"):
        try:
            return [str(entry.get("transcription", "")) for entry in json_text.parse(label)]
        except (ValueError, AttributeError):
            return [label]  # a text that only looks like boxes
    return [label.rstrip("\r")]
