"""Every registered class is named in a test: built, called and compared with a value there."""

from pathlib import Path

import pytest

from ppocr import registry

REGISTRIES = [r for r in vars(registry).values() if isinstance(r, registry.Registry)]
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def test_sources():
    return {p: p.read_text(encoding="utf-8") for p in TESTS.rglob("test_*.py") if p != Path(__file__)}


@pytest.mark.parametrize("one", REGISTRIES, ids=lambda one: one.kind)
def test_every_entry_is_tested(one, test_sources):
    entries = one.entries()
    assert entries or one.kind == "transform", f"nothing is registered as {one.kind}"
    targets = {}
    for (_, name), target in entries.items():
        targets.setdefault(target, set()).update({name, target.__name__})
    untested = [sorted(names) for names in targets.values() if not _named(names, test_sources.values())]
    assert untested == []


def _named(names, sources):
    return any(name in source for source in sources for name in names)
