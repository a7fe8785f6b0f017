from typing import Literal, Optional, Union

import pytest

from ppocr.errors import ConfigError
from ppocr.registry import HEADS, Registry, bind_arguments, coerce, did_you_mean
from ppocr.unread_keys import UNREAD_KEYS


class Thing:
    def __init__(self, size: int, rate: float = 0.5, name2: Optional[str] = None, in_channels: int = 0):
        self.size, self.rate, self.name2, self.in_channels = size, rate, name2, in_channels


@pytest.fixture
def registry():
    registry = Registry("thing")
    registry.register(scope="det", aliases=("Thingy",))(Thing)
    return registry


def test_the_same_name_means_another_class_in_another_scope(registry):
    class Other:
        pass

    registry.register(scope=("rec", "cls"), name="Thing")(Other)
    assert registry.get("Thing", "det") is Thing
    assert registry.get("Thingy", "det") is Thing
    assert registry.get("Thing", "rec") is Other is registry.get("Thing", "cls")


def test_an_entry_without_scope_serves_every_model_type_but_gives_way_to_its_own(registry):
    class General:
        pass

    registry.register(name="Thing")(General)
    assert registry.get("Thing", "table") is General
    assert registry.get("Thing", "det") is Thing


def test_a_name_is_registered_once(registry):
    with pytest.raises(ValueError, match="'Thing' is registered twice for scope 'det'"):
        registry.register(scope="det", name="Thing")(object)


def test_an_unknown_name_says_near_ones_and_where_it_exists(registry):
    with pytest.raises(ConfigError, match="unknown thing 'Thign'.*did you mean 'Thing'"):
        registry.get("Thign", "det")
    with pytest.raises(ConfigError, match="for model type 'rec'; it exists for det"):
        registry.get("Thing", "rec")


def test_build_fits_the_mapping_to_the_signature(registry):
    built = registry.build({"name": "Thing", "size": 3.0, "rate": "1e-2"}, "det", supplied={"in_channels": 7, "x": 1})
    assert (built.size, built.rate, built.in_channels) == (3, 0.01, 7)
    assert isinstance(built.size, int)


def test_build_reports_everything_that_does_not_fit_at_once(registry):
    with pytest.raises(ConfigError) as caught:
        registry.build({"name": "Thing", "rat": 1, "rate": "fast"}, "det")
    message = str(caught.value)
    assert "no key 'rat' (did you mean 'rate'?)" in message
    assert "'rate' must be a number, not 'fast'" in message
    assert "needs the key 'size'" in message


def test_a_mapping_without_a_name_is_refused(registry):
    for config in ({"size": 3}, "Thing", None):
        with pytest.raises(ConfigError, match="needs a mapping with the name of a thing"):
            registry.build(config, "det")


def test_an_inherited_value_gives_way_to_the_own_one_and_a_null_counts_as_absent(registry):
    inherited = {"size": 9, "name2": None, "unrelated": 1}
    assert registry.build({"name": "Thing"}, "det", inherited=inherited).size == 9
    assert registry.build({"name": "Thing", "size": 4}, "det", inherited=inherited).size == 4
    assert registry.build({"name": "Thing", "size": None}, "det", inherited=inherited).size == 9


def test_a_supplied_value_wins_over_the_mapping_and_says_so(registry, ppocr_caplog):
    config = {"name": "Thing", "size": 1, "in_channels": 5}
    assert registry.build(config, "det", supplied={"in_channels": 5}).in_channels == 5
    assert not ppocr_caplog.messages
    assert registry.build(config, "det", supplied={"in_channels": 6}).in_channels == 6
    assert "'in_channels: 5' is not used" in ppocr_caplog.text


def test_a_null_stands_for_the_default_where_null_is_no_value(registry):
    assert registry.build({"name": "Thing", "size": 1, "rate": None}, "det").rate == 0.5


def test_a_known_unread_key_warns(registry, monkeypatch, ppocr_caplog):
    monkeypatch.setitem(UNREAD_KEYS, "thing/Thing", {"old": "it was renamed"})
    registry.build({"name": "Thing", "size": 1, "old": 2}, "det")
    assert "'old' is read by nothing: it was renamed" in ppocr_caplog.text


def test_modules_are_imported_when_a_name_is_looked_up():
    assert HEADS.get("CTCHead", "rec").__name__ == "CTCHead"


def test_a_failed_import_is_not_taken_for_an_empty_package():
    broken = Registry("thing", "ppocr.no_such_package")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            broken.get("Thing")


@pytest.mark.parametrize(
    "value, hint, expected",
    [
        (3, int, 3),
        (3.0, int, 3),
        (2, float, 2),
        ("1e-6", float, 1e-6),
        (True, bool, True),
        ("a", str, "a"),
        ([1], list, [1]),
        ((1,), list, (1,)),
        ({"a": 1}, dict, {"a": 1}),
        (None, Optional[int], None),
        (1, Union[int, str], 1),
        ("x", Union[int, str], "x"),
        ("b", Literal["a", "b"], "b"),
        (object, None, object),
        ([1, 2], "list[int]", [1, 2]),
    ],
)
def test_coerce_takes_what_fits(value, hint, expected):
    result = coerce(value, hint)
    assert result == expected and type(result) is type(expected)


@pytest.mark.parametrize(
    "value, hint",
    [(True, int), (1.5, int), ("x", float), (1, str), (1, bool), ({}, list), ([], dict), ("c", Literal["a", "b"])],
)
def test_coerce_refuses_what_does_not_fit(value, hint):
    with pytest.raises(ConfigError, match="must be"):
        coerce(value, hint)


def test_bind_arguments_serves_functions_too():
    def scale(factor: float, offset: int = 0):
        return factor, offset

    binding = bind_arguments(scale, {"factor": 2}, "scale")
    assert binding.target(**binding.arguments) == (2, 0) and not binding.problems


def test_did_you_mean():
    assert did_you_mean("lerning_rate", ["learning_rate", "epochs"]) == " (did you mean 'learning_rate'?)"
    assert did_you_mean("zzz", ["learning_rate"]) == ""
