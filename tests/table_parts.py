"""A small table: its tokens, its cells, and a dictionary of such tokens."""

import tempfile
from functools import cache
from pathlib import Path

ENTRIES = ["<tr>", "</tr>", "<td>", "<td", ' colspan="2"', ">", "</td>"]
TOKENS = ["<tr>", "<td>", "</td>", "<td", ' colspan="2"', ">", "</td>", "</tr>"]
CELLS = [{"tokens": ["a"], "bbox": [1, 2, 30, 12]}, {"tokens": []}]


@cache
def structure_file() -> str:
    """Returns the path of a dictionary of :data:`ENTRIES`."""
    path = Path(tempfile.mkdtemp(prefix="structure")) / "structure_dict.txt"
    path.write_text("".join(f"{entry}\n" for entry in ENTRIES), encoding="utf-8")
    return str(path)
