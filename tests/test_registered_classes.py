"""Every registered class says which numbers it takes; what each of them does is in tests/contracts."""

import typing

import pytest

from ppocr import registry
from ppocr.data.loader import LoaderOptions
from ppocr.engine.evaluation import EarlyStopping
from ppocr.engine.profiling import StepProfiler
from ppocr.optimizer import SectionKeys
from ppocr.optimizer.param_groups import ParamGroup
from ppocr.options import GlobalOptions
from ppocr.registry import parameters_of
from ppocr.values import Range, split

REGISTRIES = [r for r in vars(registry).values() if isinstance(r, registry.Registry)]

SUPPLIED = {
    "in_channels",
    "out_channels",
    "data_source",
    "training",
    "base_seed",
    "global_config",
    "seed",
    "rank",
    "world_size",
    "epochs",
    "step_each_epoch",
    "steps_per_epoch",
}


def bare_numbers(target):
    """Returns the keys whose annotation, or a part of it, is a number of any size."""

    def is_bare(hint):
        kind, limits = split(hint)
        if kind in (int, float):
            return not any(isinstance(limit, Range) for limit in limits)
        return any(is_bare(part) for part in typing.get_args(kind) if not isinstance(part, (str, int, float)))

    given = parameters_of(target).keys() - SUPPLIED
    return [key for key, hint in registry.type_hints(target).items() if key in given and is_bare(hint)]


@pytest.mark.parametrize("one", REGISTRIES, ids=lambda one: one.kind)
def test_every_number_has_a_range(one):
    bare = {target.__name__: bare_numbers(target) for target in one.entries().values()}
    assert {name: keys for name, keys in bare.items() if keys} == {}


def test_every_number_of_the_other_sections_has_a_range():
    others = [GlobalOptions, LoaderOptions, SectionKeys, ParamGroup, EarlyStopping, StepProfiler]
    assert {target.__name__: bare_numbers(target) for target in others if bare_numbers(target)} == {}


@pytest.mark.parametrize("one", REGISTRIES, ids=lambda one: one.kind)
def test_defaults_are_what_a_configuration_may_say(one):
    for target in one.entries().values():
        hints = registry.type_hints(target)
        for key, parameter in parameters_of(target).items():
            if parameter.default is not parameter.empty and key in hints:
                registry.coerce(parameter.default, hints[key])
