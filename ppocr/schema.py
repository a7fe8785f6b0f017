"""Validation: every section of a configuration is fitted to the class that it names, and every problem is reported."""

from dataclasses import dataclass, field, replace
from typing import Optional

from ppocr.batch_fields import model_reader, readers, unmet
from ppocr.errors import ConfigError
from ppocr.findings import ERROR, WARNING, Finding, place_of
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.limits import overlong, oversized
from ppocr.options import EarlyStoppingOptions, bind_global, contradictions
from ppocr.registry import (
    ARCHITECTURES,
    COLLATE_FNS,
    DATASETS,
    LATER,
    LOSSES,
    LR_SCHEDULERS,
    METRICS,
    OPERATORS,
    OPTIMIZERS,
    POST_PROCESSES,
    REGULARIZERS,
    SAMPLERS,
    TASKS,
    Binding,
    Registry,
    bind_arguments,
    did_you_mean,
)
from ppocr.values import NonNegative, coerce, shown

# Sections that name a class, with its registry, what stands for a name that is not given, and what the builder gives.
COMPONENTS = {
    "Architecture": (ARCHITECTURES, {"name": "BaseModel"}, ()),
    "Loss": (LOSSES, {}, ("model_type",)),
    "PostProcess": (POST_PROCESSES, {}, ()),
    "Metric": (METRICS, {}, ("model_type",)),
}
# What reads a batch: the inputs of the model, its feed and the losses in training, the others in evaluation.
READERS = {"Train": ("inputs", "Architecture", "Loss"), "Eval": ("inputs", "PostProcess", "Metric")}
REQUIRED_SECTIONS = ("Global", "Optimizer", "Architecture", "Loss", "PostProcess", "Metric", "Train")
OPTIONAL_SECTIONS = {"Eval": dict, "GuardEval": dict, "profiler_options": str, "wandb": dict}


@dataclass
class Findings:
    """Everything that a validation found."""

    problems: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    sources: dict = field(default_factory=dict)

    def problem(self, path, message):
        """Adds a problem at a YAML path (a tuple)."""
        self.problems.append(self._placed(Finding(ERROR, message), path))

    def add(self, path, binding: Binding):
        """Adds what the fitting of one mapping found."""
        for found, items in ((self.problems, binding.problems), (self.warnings, binding.warnings)):
            found += [self._placed(item, (*path, *item.path)) for item in items]

    def _placed(self, finding, path):
        return replace(finding, path=path, **place_of(self.sources, path))


def check_config(config) -> Findings:
    """Returns all problems and warnings of a configuration (a mapping of sections)."""
    found = Findings(sources=getattr(config, "sources", {}))
    found.warnings += [
        Finding(WARNING, remark.what, *remark.source, path=remark.path) for remark in getattr(config, "remarks", ())
    ]
    _check_sections(config, found)
    section = {name: value for name, value in config.items() if isinstance(value, dict)}
    inherited = section.get("Global", {})
    found.add(("Global",), bind_global(inherited))
    _check_early_stopping(inherited, found)
    for key, message in contradictions(inherited):
        found.problem(("Global", key), message)
    scope = section.get("Architecture", {}).get("model_type")
    scope = scope if isinstance(scope, str) else None
    if "Optimizer" in section:
        _check_optimizer(section["Optimizer"], found)
    parts = _check_components(section, found, scope, inherited)
    _check_tasks(parts, scope, found)
    reading = _readers(parts, found)
    bindings = {
        name: _check_data(section[name], (name,), found, scope, inherited, reading)
        for name in ("Train", "Eval")
        if name in section
    }
    _check_limits(bindings, parts.get("Architecture") or Binding(), found)
    for name, guard in section.get("GuardEval", {}).items():
        _check_guard(name, guard, found, scope, inherited, reading)
    return _of_another_model(found) or found


def _check_limits(bindings, model, found):
    """Compares what data may be with what a model has places for; labels are read in training alone."""
    for path, message in overlong(bindings.get("Train", ()), model):
        found.problem(path, message)
    for of_section in bindings.values():
        for path, message in oversized(of_section, model):
            found.problem(path, message)


def _check_components(section, found, scope, inherited) -> dict:
    """Fits the sections that name a class; returns their bindings by the section's name."""
    return {
        name: _check_component(
            registry,
            {**defaults, **section[name]},
            (name,),
            found,
            scope,
            None if name == "Architecture" else inherited,
            supplied,
        )
        for name, (registry, defaults, supplied) in COMPONENTS.items()
        if name in section
    }


def _check_tasks(parts, scope, found):
    """Compares the task of post-processing and metric, which have no part in a model of another one, with its type."""
    for name in ("PostProcess", "Metric"):
        binding = parts.get(name) or Binding()
        for kind in filter(None, [binding.target, *(inner.target for inner in binding.nested)]):
            task = getattr(getattr(kind, "of_each", None) or kind, "task", None)
            if None not in (task, scope) and _model_type_of(task) != scope:
                wanted = f"is for models of type {_model_type_of(task)}, and Architecture.model_type is {scope}"
                found.problem((name,), f"{kind.__name__} {wanted}")


def _model_type_of(task: str) -> str:
    kind = TASKS.get(task) if task in TASKS.names() else None
    return kind(task).model_type if hasattr(kind, "model_type") else task


def _readers(parts, found) -> dict:
    """Returns what reads batches: lists of :class:`ppocr.batch_fields.Reader` by the names of ``READERS``."""
    reading = {}
    for name, binding in parts.items():
        try:
            reading[name] = readers(binding)
            if name == "Architecture":
                reading["inputs"] = [model_reader(binding)]
        except ConfigError as error:
            found.problem((name,), str(error))
    return reading


def _of_another_model(found) -> Optional[Findings]:
    """Returns the one finding of a configuration for a model that is not here; None of any other configuration.

    Several class names that are unknown, and not only misspelt, are the parts of such a model.  What else is found
    there follows from that.
    """
    unknown = {finding.unknown.part: finding for finding in found.problems if finding.unknown}
    if len(unknown) < 2 or all(finding.unknown.misspelt for finding in unknown.values()):
        return None
    what = (
        f"this model is not here, for want of {', '.join(unknown)}; docs/models.md lists the models that are "
        "(classes of your own are named in Global.imports)"
    )
    alone = Findings(sources=found.sources)
    alone.problem(("Architecture",), what)
    return alone


def _check_guard(name, section, found, scope, inherited, reading):
    path = ("GuardEval", name)
    if not isinstance(section, dict):
        found.problem(path, f"must be a mapping with dataset and loader, not {shown(section)}")
        return
    if section.get("veto_drop") is not None:
        _check_value(section["veto_drop"], NonNegative, (*path, "veto_drop"), found)
    data = {key: value for key, value in section.items() if key != "veto_drop"}
    _check_data(data, path, found, scope, inherited, reading)


def _check_sections(config, found):
    known = (*REQUIRED_SECTIONS, *OPTIONAL_SECTIONS)
    for name, value in config.items():
        if name not in known:
            found.problem((name,), f"unknown section{did_you_mean(name, known)}; known: {', '.join(known)}")
        elif name in REQUIRED_SECTIONS and not isinstance(value, dict):
            found.problem((name,), f"must be a mapping, not {shown(value)}")
        elif name in OPTIONAL_SECTIONS and value is not None and not isinstance(value, OPTIONAL_SECTIONS[name]):
            kind = "text" if OPTIONAL_SECTIONS[name] is str else "mapping"
            found.problem((name,), f"must be a {kind}, not {shown(value)}")
    for name in REQUIRED_SECTIONS:
        if name not in config:
            found.problem((name,), "this section is missing")


def _check_early_stopping(section, found):
    if isinstance(section.get("early_stopping"), dict):
        path = ("Global", "early_stopping")
        found.add(path, bind_arguments(EarlyStoppingOptions, section["early_stopping"], "early_stopping"))


def _check_component(registry, config, path, found, scope=None, inherited=None, supplied=()):
    """Fits one mapping to the class that it names and goes on into the components nested in it.

    ``supplied`` names what a builder will give; whatever value the mapping has for it is accepted here, and the
    builder says if it differs from its own.
    """
    binding = registry.bind(config, scope, dict.fromkeys(supplied, LATER), inherited)
    found.add(path, binding)
    _check_nested(binding, path, found, scope, inherited)
    return binding


def _check_nested(binding, path, found, scope, inherited=None):
    nested_components = getattr(binding.target, "nested_components", None)
    for nested in nested_components(binding.arguments) if nested_components else ():
        here, inner_scope = (*path, *nested.path), nested.scope or scope
        supplied = dict.fromkeys(nested.supplied, LATER)
        if isinstance(nested.kind, Registry):
            inner = nested.kind.bind(nested.config, inner_scope, supplied, inherited)
        else:
            label = next(step for step in reversed(nested.path) if isinstance(step, str))
            inner = bind_arguments(nested.kind, nested.config, label, supplied, inherited)
        found.add(here, inner)
        binding.nested.append(inner)
        _check_nested(inner, here, found, inner_scope, inherited)


def _check_optimizer(section, found):
    from ppocr.optimizer import SECTION_KEYS, SUPPLIED_KEYS, bind_section
    from ppocr.optimizer.param_groups import ParamGroup

    found.add(("Optimizer",), OPTIMIZERS.bind(section, elsewhere=SECTION_KEYS))
    found.add(("Optimizer",), bind_section(section))
    groups = section.get("param_groups")
    for i, group in enumerate(groups if isinstance(groups, list) else ()):
        if isinstance(group, dict):
            found.add(("Optimizer", "param_groups", i), bind_arguments(ParamGroup, group, "a group"))
    rate = section.get("lr")
    if isinstance(rate, dict):
        named = {**rate, "name": rate.get("name") or "Const"}
        _check_component(LR_SCHEDULERS, named, ("Optimizer", "lr"), found, supplied=SUPPLIED_KEYS)
    if isinstance(section.get("regularizer"), dict):
        path = ("Optimizer", "regularizer")
        _check_component(REGULARIZERS, section["regularizer"], path, found, supplied=SUPPLIED_KEYS)


def _check_value(value, hint, path, found):
    try:
        coerce(value, hint)
    except ConfigError as error:
        found.problem(path, str(error))


def _check_data(section, path, found, scope, inherited, reading):
    """Fits a section of data; returns ``(path, binding)`` of its dataset and of the operators."""
    known = ("dataset", "loader", "sampler")
    for key in section:
        if key not in known:
            found.problem((*path, key), f"{'.'.join(path)} has no key '{key}'{did_you_mean(key, known)}")
    collate = _check_loader(section.get("loader"), (*path, "loader"), found, scope)
    dataset, bindings = section.get("dataset"), []
    if isinstance(dataset, dict):
        here = (*path, "dataset")
        bindings.append((here, _check_component(DATASETS, dataset, here, found, scope, inherited, DATASET_SUPPLIED)))
        operators = _check_transforms(
            dataset.get("transforms"), (*path, "dataset", "transforms"), found, scope, inherited
        )
        wanted = _wanted(READERS["Train" if path == ("Train",) else "Eval"], reading)
        if collate is not None:
            _check_fields(operators, collate, wanted, found)
        bindings += operators
    else:
        found.problem((*path, "dataset"), "this section is missing")
    if section.get("sampler") is not None:
        here = (*path, "sampler")
        _check_component(SAMPLERS, section["sampler"], here, found, scope, supplied=SAMPLER_SUPPLIED)
        for kind in (binding.target for _, binding in bindings if getattr(binding.target, "grouped", False)):
            found.problem(here, f"leave the sampler out: {kind.__name__} itself says which images share a batch")
    return bindings


def _check_loader(loader, path, found, scope):
    """Fits the keys of a loader; returns the class of its collate function, None where that is not known."""
    from ppocr.data.loader import LoaderOptions

    if not isinstance(loader, dict):
        found.problem(path, "this section is missing; give at least batch_size_per_card")
        return None
    unread = IGNORED_KEYS.get("section/loader", {})
    found.add(path, bind_arguments(LoaderOptions, loader, "loader", unread=unread))
    collate = loader.get("collate_fn") or DEFAULT_COLLATE
    named = collate if isinstance(collate, dict) else {"name": collate}
    return _check_component(COLLATE_FNS, named, (*path, "collate_fn"), found, scope).target


DEFAULT_COLLATE = "ListCollator"
DATASET_SUPPLIED = ("training", "base_seed", "global_config")
SAMPLER_SUPPLIED = ("data_source", "seed", "rank", "world_size")


def _check_transforms(transforms, path, found, scope, inherited):
    """Fits every operator of a list; returns ``(path, binding)`` of those that are one."""
    if not isinstance(transforms, list):
        found.problem(path, "must be a list of operators, each {Name: arguments}")
        return []
    operators = []
    for i, item in enumerate(transforms):
        here = (*path, i)
        if not isinstance(item, dict) or len(item) != 1:
            found.problem(here, f"must be one operator, {{Name: arguments}}, not {shown(item)}")
            continue
        ((name, arguments),) = item.items()
        if arguments is not None and not isinstance(arguments, dict):
            found.problem((*here, name), f"the arguments must be a mapping, not {shown(arguments)}")
            continue
        binding = OPERATORS.bind({"name": name, **(arguments or {})}, scope, inherited=inherited)
        binding.problems = [replace(one, path=() if one.path == ("name",) else one.path) for one in binding.problems]
        found.add((*here, name), binding)
        _check_nested(binding, (*here, name), found, scope, inherited)
        operators.append(((*here, name), binding))
    return operators


def _wanted(names, reading) -> list:
    return [reader for name in names for reader in reading.get(name, ())]


def _check_fields(operators, collate, wanted, found):
    """Compares what ``KeepKeys`` and the collate function put into a batch with what is read of it."""
    for path, binding in operators:
        if "keep_keys" in binding.arguments:
            for message in unmet(binding.arguments["keep_keys"], collate, wanted):
                found.problem((*path, "keep_keys"), message)


def lacking_targets(config, section) -> list:
    """Returns what model and loss read in training that the batches of an evaluation lack, a sentence for each.

    Args:
        config: the whole configuration, without problems.
        section: with the ``dataset`` of the evaluation, and its ``loader``.
    """
    found, scope = Findings(), config["Architecture"].get("model_type")
    reading = _readers(_check_components(config, found, scope, config["Global"]), found)
    collate = _check_loader(section["loader"], (), found, scope)
    kept = [
        given["keep_keys"]
        for item in section["dataset"]["transforms"]
        for given in item.values()
        if given and "keep_keys" in given
    ]
    return [message for keys in kept for message in unmet(keys, collate, _wanted(READERS["Train"], reading))]
