"""What the annotations of a key allow, and how a value that does not fit is told of."""

import gc
import math
import weakref
from typing import Annotated, Literal, Optional, Union

import pytest

from ppocr.errors import ConfigError
from ppocr.registry import bind_arguments
from ppocr.values import (
    Count,
    Distinct,
    Fraction,
    Labels,
    Length,
    LineShape,
    Name,
    Probability,
    Range,
    Rising,
    Side,
    coerce,
    describe,
)


@pytest.mark.parametrize(
    "value, hint, expected",
    [
        (0, Probability, 0),
        ("1e-3", Probability, 0.001),
        (1, Fraction, 1),
        (3.0, Count, 3),
        ([3.0, 32, 320], LineShape, [3, 32, 320]),
        ((1, 2), list[Side], (1, 2)),
        ({"a": 1.0}, dict[str, int], {"a": 1}),
        ([1, 1, 2], Annotated[list[int], Rising()], [1, 1, 2]),
        (18.0, Literal[18, 34], 18),
        (-1, Union[Literal[-1], Side], -1),
        (None, Optional[Side], None),
        (64, Annotated[int, Range(4, step=4)], 64),
    ],
)
def test_what_fits_is_taken_as_the_type_that_is_meant(value, hint, expected):
    result = coerce(value, hint)
    assert result == expected and type(result) is type(expected)


@pytest.mark.parametrize(
    "value, hint, message",
    [
        (-0.1, Probability, "must be a number from 0 to 1, not -0.1"),
        (0, Fraction, "must be a number above 0, up to 1, not 0"),
        (1, Annotated[float, Range(0, below=1)], "must be a number from 0, below 1, not 1"),
        (math.nan, float, "must be a number, not nan"),
        (math.inf, float, "must be a number, not inf"),
        ("nan", float, "must be a number, not 'nan'"),
        ("-inf", Probability, "must be a number from 0 to 1, not '-inf'"),
        (10**400, float, "must be a number, not 1000"),
        (math.nan, int, "must be a whole number, not nan"),
        (True, Count, "must be a whole number from 1 to 1,000,000,000, not true"),
        (None, Count, "must be a whole number from 1 to 1,000,000,000, not null"),
        (2.5, Count, "must be a whole number from 1 to 1,000,000,000, not 2.5"),
        (30, Annotated[int, Range(4, step=4)], "must be a whole number from 4, in steps of 4, not 30"),
        (True, Literal[0, 1], "must be one of 0, 1, not true"),
        ("", Name, "must be a text that is not empty, not ''"),
        ([2, 1], Annotated[list[int], Rising()], "must be a list in rising order, each a whole number, not [2, 1]"),
        ([1], Annotated[list[int], Length(2, 2)], "must be a list of 2, each a whole number, not [1]"),
        ([1] * 4, Annotated[list, Length(1, 3)], "must be a list of 1 to 3, not [1, 1, 1, 1]"),
        ([3, 32], LineShape, "must be a list of 3, not [3, 32]"),
        (["0", 0], Annotated[list, Distinct()], "must be a list without repetition, not ['0', 0]"),
        (0, Union[Literal[-1], Side], "must be -1 or a whole number from 1 to 10,000, not 0"),
        ("x" * 200, int, "must be a whole number, not 'xxx"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(value, hint, message):
    with pytest.raises(ConfigError) as caught:
        coerce(value, hint)
    assert str(caught.value).startswith(message) and len(str(caught.value)) < 160


@pytest.mark.parametrize(
    "value, hint, path",
    [
        ([3, 0, 320], LineShape, (1,)),
        ([[1, 2], [3, "x"]], list[list[int]], (1, 1)),
        ({"a": [1, -1]}, dict[str, list[Count]], ("a", 1)),
        ([1, 0], Union[Count, list[Count]], (1,)),
        (["a", []], Labels, (1,)),
    ],
)
def test_a_wrong_value_in_a_list_is_told_by_its_place(value, hint, path):
    with pytest.raises(ConfigError) as caught:
        coerce(value, hint)
    assert caught.value.path == path


def test_the_place_is_part_of_a_problem():
    def shape(size: LineShape):
        return size

    (problem,) = bind_arguments(shape, {"size": [3, 0, 4]}, "shape").problems
    assert problem.path == ("size", 1)
    assert problem.message == "'size[1]' must be a whole number from 8 to 10,000, not 0"


def test_values_that_fit_one_by_one_are_compared():
    class Window:
        def __init__(self, first: Count, last: Count = 9, other: int = 0):
            pass

        @staticmethod
        def check_arguments(first, last):
            if first > last:
                yield "first", f"'first' {first} comes after 'last' {last}"

    def found(**given):
        return [(problem.path, problem.message) for problem in bind_arguments(Window, given, "a window").problems]

    assert found(first=9) == []
    assert found(first=10) == [(("first",), "'first' 10 comes after 'last' 9")]
    assert found(first=10, last=0) == [(("last",), "'last' must be a whole number from 1 to 1,000,000,000, not 0")]


def test_words_of_an_annotation():
    assert (
        describe(Union[Side, Literal["auto", "same"], None]) == "a whole number from 1 to 10,000 or one of auto, same"
    )
    assert describe(dict) == "a mapping" and describe(Annotated[str, Length(2, 5)]) == "a text of 2 to 5"


def test_a_hint_lists_the_keys_where_none_is_near_and_leaves_out_what_a_builder_gives():
    def schedule(epochs: int, rate: float, factor: float = 1.0):
        return epochs

    def message(key):
        return bind_arguments(schedule, {"rate": 1, key: 3}, "x", supplied={"epochs": 5}).problems[0].message

    assert message("coeff") == "x has no key 'coeff'; known: rate, factor"
    assert message("epoch") == "x has no key 'epoch'; known: rate, factor"
    assert message("fctor") == "x has no key 'fctor' (did you mean 'factor'?)"


def test_a_kind_that_did_not_fit_keeps_no_variable_of_a_caller():
    class Owner:
        pass

    def call():
        owner = Owner()
        assert coerce(3, Union[str, dict, int]) == 3
        return weakref.ref(owner)

    gc.disable()
    try:
        assert call()() is None
    finally:
        gc.enable()
