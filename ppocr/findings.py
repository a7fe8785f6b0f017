"""One thing that is wrong or worth knowing about a configuration or its data, and how such findings are shown."""

import json
import re
from dataclasses import dataclass
from typing import Optional

from ppocr.wording import counted

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
_LOCATED = re.compile(r"(?P<file>[^\s:][^:\n]*):(?P<line>\d+): ")
_LINE = re.compile(r"\bline (\d+)")


class CannotRun(Exception):
    """A check has nothing to work on; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What validation or a check found.

    Attributes:
        severity: ``error`` (the run would fail), ``warning`` (it would run, but hardly as meant) or ``note``.
        message: one line: what is wrong and what to do.
        file: where it is; empty if it is in no file.
        line: line in the file, from 1; 0 if no line is meant.
        check: name of the check.
        path: keys and positions that lead to it in the configuration, or in the mapping that was fitted.
        unknown: the error of a class name that no registry has (:class:`ppocr.registry.UnknownName`).
    """

    severity: str
    message: str
    file: str = ""
    line: int = 0
    check: str = ""
    path: tuple = ()
    unknown: Optional[Exception] = None

    @property
    def where(self) -> str:
        """File and line, as far as they are known."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def what(self) -> str:
        """The message, after the YAML path if there is one."""
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message

    def __str__(self):
        return f"{self.where}: {self.what}" if self.file else self.what


def from_message(message: str, file: str = "") -> Finding:
    """Returns the error that a message of the form ``file:line: text`` tells of."""
    located = _LOCATED.match(message)
    if located is None:
        return Finding(ERROR, message, file, check="config")
    return Finding(ERROR, message[located.end() :], located["file"], int(located["line"]), check="config")


def place_of(sources, path) -> dict:
    """Returns ``file`` and ``line`` of a YAML path, or of what holds it; empty where that is not known.

    Args:
        sources: YAML path -> :class:`ppocr.yaml_text.Source`.
        path: tuple of keys and positions.
    """
    while path and path not in sources:
        path = path[:-1]
    return sources[path]._asdict() if path else {}


def line_in(message: str) -> int:
    """Returns the first line number that a message names, 0 if it names none."""
    found = _LINE.search(message)
    return int(found[1]) if found else 0


def by_severity(findings) -> list:
    """Returns the findings with the gravest first, otherwise in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def summary(findings) -> str:
    """Returns for example ``"1 error, 2 warnings, 0 notes"``."""
    counts = [(name, sum(finding.severity == name for finding in findings)) for name in SEVERITIES]
    return ", ".join(counted(count, name) for name, count in counts)


def table(findings) -> str:
    """Returns the findings as a table with the columns severity, where and what."""
    rows = [(finding.severity, finding.where or "-", finding.what) for finding in by_severity(findings)]
    width = max((len(where) for _, where, _ in rows), default=0)
    return "\n".join(f"{severity:<7}  {where:<{width}}  {what}" for severity, where, what in rows)


def to_json(findings) -> str:
    """Returns the findings as a JSON list of mappings; what is not known is null."""
    keys = ("severity", "what", "file", "line", "check")
    rows = [{key: getattr(finding, key) or None for key in keys} for finding in by_severity(findings)]
    return json.dumps(rows, ensure_ascii=False, indent=1)
