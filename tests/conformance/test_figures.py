"""What builders of today give agrees with figures that are stored, wherever the tests run; see ``figure_cases``."""

import json

import pytest
from figure_cases import CASES, FILE, figures

FIGURES = json.loads(FILE.read_text(encoding="utf-8"))
# Relative, and absolute for what is near 0; pixels of boxes may round otherwise in another OpenCV.
TOLERANCES = {"model/": (2e-3, 2e-4), "decoder/DB": (0, 1), "operator/": (1e-4, 0.02), "": (1e-5, 1e-6)}


def differing(found, expected, tolerance, path=""):
    """Returns the paths at which nested values differ."""
    if isinstance(expected, dict) and isinstance(found, dict) and found.keys() == expected.keys():
        pairs = [(key, found[key], expected[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        pairs = [(i, *pair) for i, pair in enumerate(zip(found, expected))]
    elif isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        relative, absolute = tolerance
        return [] if found == pytest.approx(expected, rel=relative, abs=absolute) else [f"{path}: {found}, {expected}"]
    else:
        return [] if found == expected else [f"{path}: {found}, {expected}"]
    return [line for key, *pair in pairs for line in differing(*pair, tolerance, f"{path}/{key}")]


@pytest.mark.parametrize("name", CASES)
def test_figures_are_those_of_the_file(name):
    tolerance = next(pair for prefix, pair in TOLERANCES.items() if name.startswith(prefix))
    assert differing(figures(CASES[name]()), FIGURES[name], tolerance) == []


def test_every_stored_figure_is_compared():
    assert FIGURES.keys() == CASES.keys()
