"""Configuration files: load with ``_BASE_``, override with ``-o``, validate, derive values, write a snapshot.

A configuration is a plain nested mapping.  :class:`Config` also remembers where every value was written, so that a
problem can be reported with its file and line.  This module imports no Paddle; :func:`validate` and :func:`resolve`
import the classes that a configuration names.
"""

import copy
import json
import logging
import re
from typing import NamedTuple

import yaml

from ppocr.errors import ConfigError
from ppocr.shipped_configs import find_config, near_configs

BASE_KEY = "_BASE_"


_logger = logging.getLogger("ppocr")


class Source(NamedTuple):
    """Where a value was written: a file and a line counted from 1, or ``-o`` and no line."""

    file: str
    line: int

    def __str__(self):
        return f"{self.file}:{self.line}" if self.line else self.file


class Config(dict):
    """A nested mapping with ``sources``: YAML path (a tuple of keys and list positions) -> :class:`Source`."""

    def __init__(self, *args, sources=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.sources = dict(sources or {})

    def __deepcopy__(self, memo):
        return Config(copy.deepcopy(dict(self), memo), sources=self.sources)


class ReadOnlyDict(dict):
    """A mapping that refuses to be changed; its deep copy is an ordinary dict."""

    def _refuse(self, *args, **kwargs):
        raise TypeError("the configuration is read-only once training has been set up; change a copy")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __deepcopy__(self, memo):
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self):
        return dict, (dict(self),)


class _Loader(yaml.SafeLoader):
    """YAML 1.1 plus numbers such as ``1e-5``, which that standard would read as text."""


_SEQUENCE, _MAPPING = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))


def load(path) -> Config:
    """Reads a YAML file and the files that its ``_BASE_`` names (a path or a list, relative to the file).

    A path that leads to no file may name a configuration of the project, such as ``quickstart/rec.yml``.

    Mappings are merged key by key, everything else is replaced.  A mapping whose ``name`` differs from that of the
    base replaces it whole, for the keys of one class say nothing to another.

    Raises:
        ConfigError: no such file, not YAML, not a mapping, a key written twice, or a file that is its own base.
    """
    return _load(find_config(path), ())


def load_base(path) -> Config:
    """Reads what a YAML file starts from: the files that its ``_BASE_`` names, merged; itself where it names none.

    Raises:
        ConfigError: see :func:`load`.
    """
    own, base = _load_parts(find_config(path), ())
    return base or own


def _load(path, open_files):
    own, base = _load_parts(path, open_files)
    return merge(base, own)


def _load_parts(path, open_files):
    """Returns what stands in a file itself, and what it inherits."""
    if path.resolve() in open_files:
        raise ConfigError(f"{path}: {BASE_KEY} leads back to this file")
    own = _parse(path)
    bases = own.pop(BASE_KEY, None) or []
    own.sources.pop((BASE_KEY,), None)
    merged = Config()
    for base in [bases] if isinstance(bases, str) else bases:
        merged = merge(merged, _load(path.parent / base, (*open_files, path.resolve())))
    return own, merged


def _parse(path) -> Config:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = near_configs(path)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise ConfigError(f"{path}: no such config file{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a UTF-8 text file ({error})") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        sources = {}
        content = _construct(loader, node, (), sources, str(path)) if node is not None else {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    finally:
        loader.dispose()
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping with sections such as Global and Architecture")
    return Config(content, sources=sources)


def _construct(loader, node, path, sources, file):
    """Turns a YAML node into plain values and notes the line of each."""
    sources[path] = Source(file, node.start_mark.line + 1)
    if node.tag == _SEQUENCE:
        return [_construct(loader, item, (*path, i), sources, file) for i, item in enumerate(node.value)]
    if node.tag != _MAPPING:
        return loader.construct_object(node, deep=True)
    _check_keys(node, path, file)
    loader.flatten_mapping(node)
    result = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        result[key] = _construct(loader, value_node, (*path, key), sources, file)
        sources[(*path, key)] = Source(file, key_node.start_mark.line + 1)
    return result


def _check_keys(node, path, file):
    """Refuses keys that a mapping could not keep apart, or not at all."""
    first = {}
    for key, _ in node.value:
        where = Source(file, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{where}: a key must be a word or a number, not a list or a mapping")
        if key.value in first:
            dotted = ".".join(map(str, (*path, key.value)))
            raise ConfigError(f"{where}: {dotted}: this key is written twice, first in line {first[key.value].line}")
        first[key.value] = where


def merge(base: Config, new: Config) -> Config:
    """Returns ``base`` with everything in ``new`` laid over it; neither is changed."""
    result = copy.deepcopy(base)
    _merge_into(result, new, (), result.sources, new.sources)
    return result


def _merge_into(target, new, path, sources, new_sources):
    for key, value in new.items():
        here = (*path, key)
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and _same_class(old, value):
            _merge_into(old, value, here, sources, new_sources)
        else:
            target[key] = copy.deepcopy(value)
            _forget(sources, here)
            sources.update({p: s for p, s in new_sources.items() if p[: len(here)] == here})
        if here in new_sources:
            sources[here] = new_sources[here]


def _same_class(old, new):
    return "name" not in new or "name" not in old or old["name"] == new["name"]


def _forget(sources, path):
    for known in [p for p in sources if p[: len(path)] == path]:
        del sources[known]


def override(config, assignments) -> Config:
    """Returns a copy of ``config`` with ``key.path=value`` assignments applied.

    List positions are numbers in the path; values are read as YAML; everything after the first ``=`` is the value.  A
    mapping ``{"key.path": value}`` serves as well.

    Raises:
        ConfigError: no ``=``, a path through something that is neither mapping nor list, or a position that is not
            in the list.
    """
    if isinstance(assignments, dict):
        assignments = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in assignments.items()]
    result = copy.deepcopy(config if isinstance(config, Config) else Config(config))
    for assignment in assignments or []:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise ConfigError(f"-o {assignment}: must have the form key=value, for example Global.epoch_num=10")
        try:
            value = yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
        except yaml.YAMLError as error:
            raise ConfigError(f"-o {assignment}: the value is not YAML: {getattr(error, 'problem', error)}") from None
        _assign(result, path.strip().split("."), value, assignment)
    return result


def _assign(config, keys, value, assignment):
    holder, path = config, []
    for i, key in enumerate(keys):
        key = _position(holder, key, assignment) if isinstance(holder, list) else key
        path.append(key)
        if i == len(keys) - 1:
            holder[key] = value
            break
        inner = holder.get(key) if isinstance(holder, dict) else holder[key]
        if inner is None:
            inner = holder[key] = {}
            config.sources[tuple(path)] = Source(f"-o {assignment}", 0)
        if not isinstance(inner, (dict, list)):
            raise ConfigError(f"-o {assignment}: {'.'.join(map(str, path))} is {inner!r} and holds no keys")
        holder = inner
    _forget(config.sources, tuple(path))
    config.sources[tuple(path)] = Source(f"-o {assignment}", 0)


def _position(items, key, assignment):
    if not key.isdigit() or int(key) >= len(items):
        raise ConfigError(f"-o {assignment}: '{key}' is no position in a list of {len(items)} (they count from 0)")
    return int(key)


def validate(config) -> list:
    """Returns every problem of a configuration as a list of :class:`ppocr.schema.Finding`; empty means valid.

    Each section is fitted to the signature of the class that it names; nothing is built and no file is opened.
    """
    return check(config).problems


def check(config):
    """Like :func:`validate`, but returns problems and warnings (:class:`ppocr.schema.Findings`)."""
    from ppocr.schema import check_config

    return check_config(config)


def resolve(config, post_process):
    """Returns a copy of ``config`` with what follows from the vocabulary filled in.

    In each network, a head that takes ``out_channels`` gets the size of the vocabulary, one that takes
    ``out_channels_list`` the size for each decoder that it names in ``decoders``.  A loss with ``padding_of`` gets as
    ``ignore_index`` the last class of that decoder.

    Args:
        config: the merged configuration.
        post_process: the decoder: ``character`` lists the symbols, of which ``special_symbols`` stand in no
            dictionary; ``character`` is None where the task has none.
    """
    result = copy.deepcopy(config)
    vocabulary = getattr(post_process, "character", None)
    if vocabulary is not None:
        sizes = _Sizes(len(vocabulary), len(vocabulary) - post_process.special_symbols)
        architecture = result.get("Architecture") or {}
        networks = (architecture.get("Models") or {"": architecture}).values()
        for network in networks:
            _resolve_head(network, {"model_type": architecture.get("model_type"), **network}["model_type"], sizes)
        _resolve_losses(result.get("Loss"), sizes)
    return result


class _Sizes:
    """Numbers of classes: ``own`` for the decoder at hand, :meth:`of` any other with the same dictionary."""

    def __init__(self, own, characters):
        self.own, self._characters = own, characters

    def of(self, decoder):
        from ppocr.registry import POST_PROCESSES

        return self._characters + POST_PROCESSES.get(decoder).special_symbols


def _resolve_head(network, scope, sizes):
    from ppocr.registry import HEADS, parameters_of

    head = network.get("Head")
    if not isinstance(head, dict) or "name" not in head:
        return
    kind = HEADS.get(head["name"], scope)
    if "out_channels" in parameters_of(kind):
        _supply(head, "out_channels", sizes.own)
    if "out_channels_list" in parameters_of(kind):
        _supply(head, "out_channels_list", {name: sizes.of(name) for name in kind.decoders})


def _supply(section, key, value):
    """Sets what follows from the dictionary; it wins over a value that the file gives, and says so."""
    if section.get(key) not in (None, value):
        _logger.warning("%s: %r becomes %r, which follows from the dictionary", key, section[key], value)
    section[key] = value


def _resolve_losses(section, sizes):
    """Fills in one loss, given as ``{name: ..., keys}``, and those that its list holds as ``{Name: {keys}}``."""
    from ppocr.registry import LOSSES

    if not isinstance(section, dict):
        return
    named = [(section["name"], section, section)] if "name" in section else []
    items = [item for item in section.get("loss_config_list") or () if isinstance(item, dict)]
    named += [(name, item, item[name]) for item in items for name in item]
    for name, holder, arguments in named:
        decoder = getattr(LOSSES.get(name), "padding_of", None)
        if decoder is None:
            continue
        if arguments is None:
            arguments = holder[name] = {}
        _supply(arguments, "ignore_index", sizes.of(decoder) - 1)


def freeze(config) -> ReadOnlyDict:
    """Returns a read-only copy."""

    def convert(value):
        if isinstance(value, dict):
            return ReadOnlyDict({key: convert(inner) for key, inner in value.items()})
        return [convert(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    return convert(config)


def snapshot(config) -> str:
    """Returns the configuration as YAML text that :func:`load` reads back to the same values."""
    return yaml.safe_dump(copy.deepcopy(freeze(config)), sort_keys=False, allow_unicode=True, default_flow_style=None)
