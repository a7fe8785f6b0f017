"""Every configuration file that comes with the project is valid and gives no warning."""

from pathlib import Path

import pytest

from ppocr.config import check, load

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
COMPLETE = [path for path in sorted(CONFIGS.rglob("*.y*ml")) if path.parent.name != "_base_"]


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_a_configuration_is_valid_and_says_nothing_that_is_not_read(path):
    found = check(load(path))
    assert [str(problem) for problem in found.problems] == []
    assert [str(warning) for warning in found.warnings] == []


def test_every_fragment_is_used():
    used = {base.name for path in COMPLETE for base in _bases(path)}
    assert used == {path.name for path in (CONFIGS / "_base_").iterdir()}


def _bases(path):
    import yaml

    bases = yaml.safe_load(path.read_text(encoding="utf-8")).get("_BASE_") or []
    return [path.parent / base for base in ([bases] if isinstance(bases, str) else bases) if "_base_" in base]
