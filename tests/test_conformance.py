"""PaddleOCR's own configurations, where a folder with them lies beside the checkout; skipped elsewhere."""

import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from ppocr.config import check, load, override
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.options import GlobalOptions

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("PPOCR_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "configs.json").exists(), reason=f"no {FOLDER}/configs.json (PPOCR_CONFORMANCE names its folder)"
)
UNKNOWN_CLASS = re.compile(r"unknown [a-z -]+ '|this model is not here")


def configurations():
    if not (FOLDER / "configs.json").exists():
        return {}
    return json.loads((FOLDER / "configs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name, content", configurations().items(), ids=configurations().keys())
def test_a_published_configuration_loads_merges_and_is_valid_but_for_classes_yet_to_come(tmp_path, name, content):
    path = tmp_path / Path(name).name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    loaded = load(path)
    assert loaded == content
    merged = override(loaded, ["Global.epoch_num=3", "Train.loader.num_workers=0"])
    assert merged["Global"]["epoch_num"] == 3 and merged["Train"]["loader"]["num_workers"] == 0
    problems = check(merged).problems
    assert [str(p) for p in problems if not UNKNOWN_CLASS.match(p.message)] == []
    assert len(problems) <= 1  # one line, however many parts of a model are not here


OWN = [path for family in ("cls", "det", "e2e", "rec") for path in sorted((ROOT / "configs" / family).rglob("*.y*ml"))]
# Component of a section, and the kind under which IGNORED_KEYS has what nothing reads in it.
COMPONENTS = {"Optimizer": "optimizer", "Loss": "loss", "PostProcess": "post-process"}
NUMBER_AS_TEXT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$")


def without_what_changes_nothing(config):
    """Drops keys that nothing reads, nulls and defaults of ``Global``; reads numbers such as ``1e-6`` written as text.

    These are the only differences between our files and the published ones.
    """
    result = _plain(config)  # a section that is null is no section
    defaults = dataclasses.asdict(GlobalOptions())
    result["Global"] = {key: value for key, value in result["Global"].items() if defaults.get(key, None) != value}
    unread = [(result["Global"], "section/Global")]
    unread += [(result[name].get("loader", {}), "section/loader") for name in ("Train", "Eval")]
    unread += [(result[name], f"{kind}/{result[name]['name']}") for name, kind in COMPONENTS.items()]
    for network in (result["Architecture"], *result["Architecture"].get("Models", {}).values()):
        for kind in ("Backbone", "Head"):
            part = network.get(kind, {})
            unread.append((part, f"{kind.lower()}/{part.get('name')}"))
    operators = [item for name in ("Train", "Eval") for item in result[name]["dataset"].get("transforms") or ()]
    unread += [(keys, f"operator/{name}") for item in operators for name, keys in item.items()]
    for section, table in unread:
        for key in IGNORED_KEYS.get(table, {}):
            section.pop(key, None)
    return result


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, str) and NUMBER_AS_TEXT.match(value) else value


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_configuration_of_ours_says_what_the_published_one_of_its_name_says(path):
    published = configurations()[str(path.relative_to(ROOT))]
    assert without_what_changes_nothing(load(path)) == without_what_changes_nothing(published)
