"""PaddleOCR's own configurations, where a folder with them lies beside the checkout; skipped elsewhere."""

import json
import os
import re
from pathlib import Path

import pytest

from ppocr.config import check, load, override

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("PPOCR_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "configs.json").exists(), reason=f"no {FOLDER}/configs.json (PPOCR_CONFORMANCE names its folder)"
)
UNKNOWN_CLASS = re.compile(r"unknown [a-z -]+ '")


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
    assert [str(p) for p in check(merged).problems if not UNKNOWN_CLASS.match(p.message)] == []
