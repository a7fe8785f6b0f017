from typing import Literal, Optional, Union

import pytest
from paddle import nn

from ppocr.config import validate
from ppocr.data import build_dataloader
from ppocr.data.collate_fn import ListCollator
from ppocr.data.datasets.synthetic_text import SyntheticTextDataSet
from ppocr.data.imaug.normalize import ToCHWImage
from ppocr.errors import ConfigError
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.metrics.rec_metric import RecMetric
from ppocr.postprocess import build_post_process
from ppocr.postprocess.no_post_process import NoPostProcess
from ppocr.registry import (
    COLLATE_FNS,
    DATASETS,
    HEADS,
    LOSSES,
    METRICS,
    OPERATORS,
    POST_PROCESSES,
    Registry,
    bind_arguments,
    coerce,
    did_you_mean,
)


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
    monkeypatch.setitem(IGNORED_KEYS, "thing/Thing", {"old": "it was renamed"})
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


class Named(nn.Layer):
    """Knows by what name it was registered."""

    reads = ()


def register_twice(monkeypatch, registry, base, name="Scoped"):
    """Registers one name for two kinds of model, and another one for one kind alone; returns the classes by kind."""
    entries = dict(registry.entries())
    monkeypatch.setattr(registry, "_entries", entries)
    kinds = {kind: type(f"{name}_{kind}", (base,), {}) for kind in ("det", "rec")}
    for kind, target in kinds.items():
        registry.register(scope=kind, name=name)(target)
    registry.register(scope="rec", name="Only" + name)(kinds["rec"])
    return kinds


def test_every_section_honours_the_kind_of_the_model(monkeypatch):
    losses = register_twice(monkeypatch, LOSSES, Named)
    metrics = register_twice(monkeypatch, METRICS, RecMetric)
    decoders = register_twice(monkeypatch, POST_PROCESSES, NoPostProcess)
    for kind in ("det", "rec"):
        assert type(build_loss({"name": "Scoped"}, kind)) is losses[kind]
        combined = build_loss({"name": "CombinedLoss", "loss_config_list": [{"Scoped": None}]}, kind)
        assert type(combined.losses[0]) is losses[kind]
        assert type(build_metric({"name": "Scoped"}, kind)) is metrics[kind]
        several = build_metric({"name": "DistillationMetric", "base_metric_name": "Scoped"}, kind)
        assert type(several.single) is metrics[kind]
        assert type(build_post_process({"name": "Scoped"}, {"model_type": kind})) is decoders[kind]
    with pytest.raises(ConfigError, match="unknown loss 'Scoped'.*it exists for det, rec"):
        build_loss({"name": "Scoped"})
    assert type(build_loss({"name": "OnlyScoped"})) is losses["rec"]


def test_data_of_a_section_honours_the_kind_of_the_model(monkeypatch):
    operators = register_twice(monkeypatch, OPERATORS, ToCHWImage)
    datasets = register_twice(monkeypatch, DATASETS, SyntheticTextDataSet)
    collators = register_twice(monkeypatch, COLLATE_FNS, ListCollator)
    transforms = [{"Scoped": None}, {"KeepKeys": {"keep_keys": ["image", "label"]}}]
    section = {
        "dataset": {"name": "Scoped", "length": 2, "transforms": transforms},
        "loader": {"batch_size_per_card": 1, "collate_fn": "Scoped"},
    }
    for kind in ("det", "rec"):
        loader = build_dataloader({"Architecture": {"model_type": kind}, "Eval": section}, "Eval", "cpu", None)
        assert type(loader.dataset) is datasets[kind] and type(loader.dataset.ops[0]) is operators[kind]
        assert type(loader.reader.collate) is collators[kind]
        alone = build_dataloader({"Global": {"model_type": kind}, "Eval": section}, "Eval", "cpu", None)
        assert type(alone.dataset.ops[0]) is operators[kind]


def test_validation_looks_where_the_builders_look(monkeypatch):
    register_twice(monkeypatch, LOSSES, Named)
    register_twice(monkeypatch, OPERATORS, ToCHWImage)

    def unknown(kind, **sections):
        found = validate({"Architecture": {"model_type": kind}, **sections})
        return [problem.path for problem in found if "unknown" in problem.message]

    loss = {"Loss": {"name": "OnlyScoped"}}
    data = {"Train": {"dataset": {"name": "SimpleDataSet", "transforms": [{"OnlyScoped": None}]}}}
    assert unknown("rec", **loss) == unknown("rec", **data) == []
    assert unknown("det", **loss) == [("Loss", "name")]
    assert unknown("det", **data) == [("Train", "dataset", "transforms", 0, "OnlyScoped")]
