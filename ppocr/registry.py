"""One registry type for everything that a configuration can name.

A registry is a dictionary from ``(scope, name)`` to a class or function.  The scope is the model type (``det``,
``rec``, ``cls``, ...): the same YAML name may mean different classes for different model types.  What is registered
for no scope serves all of them.  The modules that hold the classes are imported when a name is first looked up.
"""

import difflib
import importlib
import inspect
import logging
import pkgutil
import typing
from dataclasses import dataclass, field
from typing import Callable, Optional

from ppocr.errors import ConfigError
from ppocr.findings import ERROR, WARNING, Finding
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.values import Misfit, accepts_none, coerce, did_you_mean, shown

ANY = "*"
LATER = object()  # in place of a value that a builder will give
_MOST_LISTED = 24
_MISSPELT = 0.85  # share of equal letters from which on a name is taken for another one, misspelt
logger = logging.getLogger("ppocr")


class UnknownName(ConfigError):
    """A name that no entry of a registry has.

    Attributes:
        part: what was asked for, for example ``head 'SLAHead'``.
        misspelt: whether an entry has nearly that name.
    """

    def __init__(self, message: str, part: str, misspelt: bool):
        super().__init__(message)
        self.part, self.misspelt = part, misspelt


@dataclass
class Binding:
    """A class or function together with the arguments that a configuration gives it.

    ``nested`` is for the bindings of the components inside it.
    """

    target: Optional[Callable] = None
    arguments: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    nested: list = field(default_factory=list)

    def build(self, where: str):
        """Calls the target with the arguments.

        Args:
            where: what every problem of the message begins with.

        Raises:
            ConfigError: there are problems.
        """
        if self.problems:
            raise ConfigError("; ".join(f"{where}: {problem.message}" for problem in self.problems))
        return self.target(**self.arguments)


@dataclass
class Nested:
    """A component inside another one, which ``nested_components`` of that one yields for validation.

    That is a static method of a class: given the arguments that fit its signature, it yields each component in them.

    Attributes:
        kind: the registry that the component is in, or a function or class whose parameters are its keys.
        path: from the section of the outer component.
        config: the component's own section.
        supplied: names of the values that the outer component gives to it.
        scope: model type; None for that of the outer component.
    """

    kind: object
    path: tuple
    config: object
    supplied: tuple = ()
    scope: Optional[str] = None


class Registry:
    """Named classes and functions of one kind.

    Args:
        kind: what the entries are, in the singular, as error messages say it.
        *packages: dotted names of the packages or modules in which entries are registered.
    """

    def __init__(self, kind: str, *packages: str):
        self.kind = kind
        self._packages = packages
        self._entries = {}
        self._loaded = False

    def register(self, *, scope=None, name: Optional[str] = None, aliases=()):
        """Returns a decorator that registers a class or function.

        Args:
            scope: a model type or several; None serves every model type.
            name: the YAML name; by default the name of what is decorated.
            aliases: further YAML names.

        Raises:
            ValueError: a name is taken in that scope.
        """
        scopes = (ANY,) if scope is None else (scope,) if isinstance(scope, str) else tuple(scope)

        def decorate(target):
            for one in scopes:
                for key in (name or target.__name__, *aliases):
                    if self._entries.setdefault((one, key), target) is not target:
                        raise ValueError(f"{self.kind} '{key}' is registered twice for scope '{one}'")
            return target

        return decorate

    def get(self, name: str, scope: Optional[str] = None) -> Callable:
        """Returns the entry for ``name``: the one of ``scope`` first, else the one that serves all.

        Where no scope is known, an entry that is the only one of its name is found too.

        Raises:
            UnknownName: the message lists near names and where it was looked for.
        """
        self._load()
        for key in ((scope, name), (ANY, name)):
            if key in self._entries:
                return self._entries[key]
        scoped = {target for (_, known), target in self._entries.items() if known == name}
        if scope is None and len(scoped) == 1:
            return scoped.pop()
        near = difflib.get_close_matches(str(name), self.names(scope), n=1, cutoff=_MISSPELT)
        raise UnknownName(self._unknown(name, scope), f"{self.kind} '{name}'", bool(near))

    def names(self, scope: Optional[str] = None) -> list:
        """Returns the sorted names that ``get`` finds in ``scope``."""
        self._load()
        return sorted({n for s, n in self._entries if s in (scope, ANY)})

    def name_of(self, target) -> str:
        """Returns a YAML name of a class or function."""
        return next(name for (_, name), one in self.entries().items() if one is target)

    def entries(self) -> dict:
        """Returns a copy of all entries, ``{(scope, name): target}``."""
        self._load()
        return dict(self._entries)

    def bind(self, config, scope=None, supplied=None, inherited=None, elsewhere=()) -> Binding:
        """Fits a mapping with a ``name`` to the signature of what it names; builds nothing.

        Args:
            config: ``{"name": ..., key: value, ...}``.
            scope: model type.
            supplied: values that the builder gives; they win over the mapping, which is said if they differ. What is
                not known yet is :data:`LATER`.
            inherited: values (of ``Global``) for parameters that the mapping leaves out or gives as null.
            elsewhere: keys of the mapping that somebody else reads.
        """
        if not isinstance(config, dict) or not isinstance(config.get("name"), str):
            return Binding(problems=[_problem(f"needs a mapping with the name of a {self.kind}, got {shown(config)}")])
        try:
            target = self.get(config["name"], scope)
        except UnknownName as error:
            return Binding(problems=[Finding(ERROR, str(error), path=("name",), unknown=error)])
        given = {key: value for key, value in config.items() if key != "name"}
        label = f"{self.kind} '{config['name']}'"
        unread = IGNORED_KEYS.get(f"{self.kind}/{config['name']}", {})
        return bind_arguments(target, given, label, supplied, inherited, unread, elsewhere)

    def build(self, config, scope=None, supplied=None, inherited=None, elsewhere=()):
        """Calls what the mapping names with the mapping's values; see :meth:`bind`.

        Raises:
            ConfigError: unknown name, unknown or missing key, or a value of the wrong type.
        """
        binding = self.bind(config, scope, supplied, inherited, elsewhere)
        where = config.get("name", self.kind) if isinstance(config, dict) else self.kind
        for warning in binding.warnings if not binding.problems else ():
            logger.warning("%s: %s", where, warning.message)
        return binding.build(where)

    def _load(self):
        if self._loaded:
            return
        self._loaded = True
        try:
            for package in self._packages:
                _import_all(package)
        except BaseException:
            self._loaded = False
            raise

    def _unknown(self, name, scope):
        here = self.names(scope)
        elsewhere = sorted({s for s, n in self._entries if n == name})
        text = f"unknown {self.kind} '{name}'{did_you_mean(name, here)}; looked in {', '.join(self._packages)}"
        text += f" for model type '{scope}'" if scope else ""
        if elsewhere:
            return f"{text}; it exists for {', '.join(elsewhere)}"
        return f"{text}; known: {', '.join(here)}" if len(here) <= 12 else text


def _import_all(package):
    module = importlib.import_module(package)
    for info in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
        importlib.import_module(info.name)


def parameters_of(target) -> dict:
    """Returns ``{name: inspect.Parameter}`` of what a class or function takes by keyword.

    What a layer without a constructor of its own inherits from Paddle is no key.
    """
    if getattr(getattr(target, "__init__", None), "__module__", "").startswith("paddle."):
        return {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {n: p for n, p in inspect.signature(target).parameters.items() if p.kind in kinds}


def bind_arguments(target, given, label, supplied=None, inherited=None, unread=None, elsewhere=()) -> Binding:
    """Fits ``given`` to the signature of ``target`` and reports everything that does not fit.

    Where every value is right by itself, ``target.check_arguments`` may compare them: a static method whose parameters
    are the keys that it reads (``**`` stands for all), None where they are not known yet, and which yields
    ``(key, what is wrong)``.
    """
    if not isinstance(given, dict):
        return Binding(target, problems=[_problem(f"{label} must be a mapping, not {shown(given)}")])
    supplied, inherited, unread = supplied or {}, inherited or {}, unread or {}
    params, hints = parameters_of(target), type_hints(target)
    binding = Binding(target, {k: v for k, v in inherited.items() if k in params and v is not None})
    for key, value in given.items():
        if key in elsewhere:
            continue
        if key in supplied:
            binding.warnings += _unused(key, value, supplied[key]) if key in params else []
        elif key in params:
            _take(binding, key, value, params[key], hints.get(key))
        elif key in unread:
            binding.warnings.append(Finding(WARNING, f"'{key}' is read by nothing: {unread[key]}", path=(key,)))
        else:
            known = [name for name in (*params, *elsewhere) if name not in supplied]
            binding.problems.append(_problem(f"{label} has no key '{key}'{_hint(key, known)}", key))
    for key in [key for key in params if key in supplied]:
        _take_supplied(binding, key, supplied[key], hints.get(key))
    needed = {key for key, param in params.items() if param.default is param.empty}
    for key in sorted(needed - {*binding.arguments, *given, *supplied}, key=list(params).index):
        binding.problems.append(_problem(f"{label} needs the key '{key}'"))
    if not binding.problems:
        binding.problems += _contradictions(binding, params, supplied)
    return binding


def _hint(key, known):
    """Returns the nearest of the known keys; all of them where none is near and they are few."""
    listed = f"; known: {', '.join(known) or 'none'}" if len(known) <= _MOST_LISTED else ""
    return did_you_mean(key, known) or listed


def _contradictions(binding, params, supplied):
    """Returns what ``check_arguments`` of the target says of values that fit one by one."""
    check = getattr(binding.target, "check_arguments", None)
    if check is None:
        return []
    known = {key: None if key in supplied else param.default for key, param in params.items()} | binding.arguments
    read = inspect.signature(check).parameters
    if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in read.values()):
        known = {key: known.get(key) for key in read}
    return [_problem(message, *filter(None, [key])) for key, message in check(**known)]


def _problem(message, *path) -> Finding:
    """Returns an error in a mapping, or in what a path in it leads to."""
    return Finding(ERROR, message, path=path)


def _unused(key, value, supplied):
    """Returns the warning that a builder gives another value than the mapping."""
    if supplied is LATER or value == supplied:
        return []
    message = f"'{key}: {value}' is not used: {supplied} follows from the rest of the config"
    return [Finding(WARNING, message, path=(key,))]


def _take_supplied(binding, key, value, hint):
    if value is LATER:
        return
    try:
        binding.arguments[key] = coerce(value, hint)
    except Misfit as error:
        message = f"'{key}' follows from the rest of the config, and {error}"
        binding.problems.append(_problem(message))


def _take(binding, key, value, param, hint):
    """Adds one value to the binding; a null stands for the inherited value or the default where null is no value."""
    if value is None and (key in binding.arguments or param.default is not param.empty and not accepts_none(hint)):
        return
    try:
        binding.arguments[key] = coerce(value, hint)
    except Misfit as error:
        name = "".join([key, *(f"[{step}]" for step in error.path)])
        binding.problems.append(_problem(f"'{name}' {error}", key, *error.path))


def type_hints(target) -> dict:
    """Returns the annotations of what a class or function takes; empty where they cannot be read."""
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target, include_extras=True)
    except (NameError, TypeError):
        return {}


TRANSFORMS = Registry("transform", "ppocr.modeling.transforms")
BACKBONES = Registry("backbone", "ppocr.modeling.backbones")
NECKS = Registry("neck", "ppocr.modeling.necks")
HEADS = Registry("head", "ppocr.modeling.heads")
ARCHITECTURES = Registry("architecture", "ppocr.modeling.architectures")
LOSSES = Registry("loss", "ppocr.losses")
METRICS = Registry("metric", "ppocr.metrics")
POST_PROCESSES = Registry("post-process", "ppocr.postprocess")
OPTIMIZERS = Registry("optimizer", "ppocr.optimizer")
LR_SCHEDULERS = Registry("learning-rate schedule", "ppocr.optimizer")
REGULARIZERS = Registry("regularizer", "ppocr.optimizer")
OPERATORS = Registry("operator", "ppocr.data.imaug")
DATASETS = Registry("dataset", "ppocr.data.datasets")
SAMPLERS = Registry("sampler", "ppocr.data.multi_scale_sampler")
COLLATE_FNS = Registry("collate function", "ppocr.data.collate_fn")
TASKS = Registry("task", "ppocr.tasks")
