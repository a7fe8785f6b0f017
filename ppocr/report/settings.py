"""The configuration of a run, and where it differs from what it starts from."""

import dataclasses
import json
from typing import Any, NamedTuple

from ppocr.config import snapshot
from ppocr.drawing.html import note, shortened, table, tag
from ppocr.drawing.section import Section
from ppocr.options import GlobalOptions

ABSENT = object()


class Difference(NamedTuple):
    """A value under a YAML path; ``ABSENT`` where one side has none."""

    path: str
    base: Any
    value: Any


def flatten(config) -> dict:
    """Returns ``{YAML path: value}``; lists without mappings are values, empty mappings too."""
    flat = {}

    def collect(value, path):
        if isinstance(value, dict) and value:
            items = value.items()
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            items = enumerate(value)
        else:
            flat[path] = value
            return
        for key, inner in items:
            collect(inner, f"{path}.{key}" if path else str(key))

    collect(config, "")
    return flat


def differences(base, config) -> list:
    """Returns the :class:`Difference` list of two configurations: in the order of ``config``, then what it lacks."""
    old, new = flatten(base), flatten(config)
    changed = [Difference(path, old.get(path, ABSENT), new[path]) for path in new if old.get(path, ABSENT) != new[path]]
    return changed + [Difference(path, old[path], ABSENT) for path in old if path not in new]


def settings_section(run) -> Section:
    """Returns the section with the differences, and the whole configuration."""
    if run.base is not None:
        changed = differences(run.base.config, run.config)
        intro = (
            f"Made from {run.base.title}. The base is what that file inherits through _BASE_, or else the file itself."
        )
    else:
        given = run.config.get("Global") or {}
        defaults = {key: value for key, value in dataclasses.asdict(GlobalOptions()).items() if key in given}
        changed = differences({"Global": defaults}, {"Global": given})
        intro = "There is no base.yml that says what this run was made from; Global is compared with its defaults."
    rows = [[tag("code", item.path), shown_value(item.base), tag("b", shown_value(item.value))] for item in changed]
    listing = table(["key", "base", "this run"], rows, class_="settings") if rows else note("Nothing differs.")
    whole = tag("details", tag("summary", "The whole configuration"), tag("pre", snapshot(run.config)))
    command = [note("Command: ", tag("code", run.facts["command"]))] if "command" in run.facts else []
    return Section("configuration", "Configuration", [note(intro), *command, listing, whole])


def shown_value(value):
    """Returns a value of a configuration as an element."""
    if value is ABSENT:
        return tag("span", "not set", class_="faint")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return tag("code", shortened(text))
