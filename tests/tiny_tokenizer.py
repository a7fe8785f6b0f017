"""A tokenizer of single characters, in the form of those that are published with recognisers of formulas."""

import functools
import json
import tempfile
from pathlib import Path

MARKS = ("<s>", "<pad>", "</s>", "<unk>")
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789\\{}^_+-="


def write_tokenizer(folder, characters=CHARACTERS) -> Path:
    """Writes ``tokenizer.json`` into a folder and returns the path of the file; the marks are the classes 0 to 3."""
    entries = [*MARKS, *characters, "Ġ"]
    marks = [
        {
            "id": i, "content": mark, "special": True, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False,
        }
        for i, mark in enumerate(MARKS)
    ]  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
        "vocab": {entry: place for place, entry in enumerate(entries)}, "merges": [],
    }  # fmt: skip
    content = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": marks, "normalizer": None,
        "pre_tokenizer": level, "post_processor": None, "decoder": level, "model": model,
    }  # fmt: skip
    path = Path(folder) / "tokenizer.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@functools.cache
def tokenizer_file() -> str:
    """Returns the path of such a file, for tables that are made before a test has a folder."""
    return str(write_tokenizer(tempfile.mkdtemp()))
