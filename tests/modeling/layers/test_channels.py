"""Rules for numbers of channels."""

import pytest

from ppocr.modeling.layers.channels import make_divisible


@pytest.mark.parametrize(
    "value, expected",
    [(1, 8), (5.6, 8), (11, 16), (12, 16), (20, 24), (25.2, 24), (50.4, 48), (84, 88), (100.8, 104)],
)
def test_make_divisible(value, expected):
    assert make_divisible(value) == expected
