"""Configuration files: load with ``_BASE_``, override with ``-o``, validate, derive values, write a snapshot.

A configuration is a plain nested mapping.  :class:`Config` also remembers where every value was written, so that a
problem can be reported with its file and line.  This module imports no Paddle; :func:`validate` and :func:`resolve`
import the classes that a configuration names.
"""

import copy
import json
import os

import yaml

from ppocr.errors import ConfigError
from ppocr.findings import WARNING, Finding, place_of
from ppocr.shipped_configs import find_config, near_configs
from ppocr.values import shown
from ppocr.yaml_text import NotYaml, Source, parse_with_places

BASE_KEY = "_BASE_"
_LONGEST = 10_000_000  # characters of a file


class Config(dict):
    """A nested mapping that knows where it comes from.

    Attributes:
        sources: YAML path (a tuple of keys and list positions) -> :class:`ppocr.yaml_text.Source`.
        remarks: list of :class:`ppocr.yaml_text.Remark`, which validation passes on as warnings.
    """

    def __init__(self, *args, sources=None, remarks=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.sources = dict(sources or {})
        self.remarks = list(remarks)

    def __deepcopy__(self, memo):
        return Config(copy.deepcopy(dict(self), memo), sources=self.sources, remarks=self.remarks)


class ReadOnlyDict(dict):
    """A mapping that refuses to be changed; its deep copy is an ordinary dict."""

    def _refuse(self, *args, **kwargs):
        raise TypeError("the configuration is read-only once training has been set up; change a copy")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    def __deepcopy__(self, memo):
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self):
        return dict, (dict(self),)


def load(path) -> Config:
    """Reads a YAML file and the files that its ``_BASE_`` names (a path or a list, relative to the file).

    A path that leads to no file may name a configuration of the project, such as ``quickstart/rec.yml``.

    Mappings are merged key by key, everything else is replaced.  A mapping whose ``name`` differs from that of the
    base replaces it whole, for the keys of one class say nothing to another.

    Raises:
        ConfigError: no such file, not YAML, not a mapping, a key written twice with different values, or a file that is
            its own base.
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
    where = own.sources.pop((BASE_KEY,), None)
    bases = [bases] if isinstance(bases, str) else bases
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise ConfigError(f"{where}: {BASE_KEY} must be the name of a file or a list of names, not {shown(bases)}")
    merged = Config()
    for base in bases:
        merged = merge(merged, _load(path.parent / base, (*open_files, path.resolve())))
    return own, merged


def _parse(path) -> Config:
    text = _text(path)
    try:
        content, sources, remarks = parse_with_places(text, str(path))
    except NotYaml as error:
        raise ConfigError(f"{Source(str(path), error.line)}: not YAML: {error}") from None
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping with sections such as Global and Architecture")
    return Config(content, sources=sources, remarks=remarks)


def _text(path) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LONGEST + 1)
    except FileNotFoundError:
        near = near_configs(path)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise ConfigError(f"{path}: no such config file{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a UTF-8 text file ({error})") from None
    if len(text) > _LONGEST:
        raise ConfigError(f"{path}: more than {_LONGEST:,} characters, which no config file has")
    return text


def merge(base: Config, new: Config) -> Config:
    """Returns ``base`` with everything in ``new`` laid over it; neither is changed.

    What ``new`` says in another way is taken out of ``base``; see :func:`ppocr.options.displaced_by`.
    """
    result = copy.deepcopy(base)
    _displace(result, new.get("Global"))
    _merge_into(result, new, (), result.sources, new.sources)
    result.remarks += new.remarks
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


def _displace(config, given):
    """Takes out of ``Global`` what the keys of a higher level say in another way."""
    from ppocr.options import displaced_by

    section = config.get("Global")
    if isinstance(section, dict) and isinstance(given, dict):
        for key in displaced_by(given) & section.keys():
            del section[key]
            _forget(config.sources, ("Global", key))


def _same_class(old, new):
    return "name" not in new or "name" not in old or old["name"] == new["name"]


def _forget(sources, path):
    for known in [p for p in sources if p[: len(path)] == path]:
        del sources[known]


def override(config, assignments) -> Config:
    """Returns a copy of ``config`` with ``key.path=value`` assignments applied.

    List positions are numbers in the path; values are read as YAML; everything after the first ``=`` is the value.  A
    mapping ``{"key.path": value}`` serves as well.  What ``config`` says in another way is taken out of it; see
    :func:`ppocr.options.displaced_by`.

    Raises:
        ConfigError: no ``=``, a path through something that is neither mapping nor list, or a position that is not
            in the list.
    """
    if isinstance(assignments, dict):
        assignments = [f"{key}={_json(key, value)}" for key, value in assignments.items()]
    result = copy.deepcopy(config if isinstance(config, Config) else Config(config))
    given = {}  # keys of Global
    for assignment in assignments or []:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise ConfigError(f"-o {assignment}: must have the form key=value, for example Global.epoch_num=10")
        try:
            value, _, remarks = parse_with_places(text, f"-o {assignment}", has_lines=False)
        except NotYaml as error:
            raise ConfigError(f"-o {assignment}: the value is not YAML: {error}") from None
        result.remarks += remarks
        keys = path.strip().split(".")
        _assign(result, keys, value, assignment)
        if keys[0] == "Global" and len(keys) == 2:
            given[keys[1]] = value
    _displace(result, given)
    return result


def _json(key, value):
    try:
        return json.dumps(value, ensure_ascii=False, default=os.fspath)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{key}: {type(value).__name__} is nothing that a configuration holds ({error})") from None


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
    if not key.isdecimal() or int(key) >= len(items):
        raise ConfigError(f"-o {assignment}: '{key}' is no position in a list of {len(items)} (they count from 0)")
    return int(key)


def validate(config) -> list:
    """Returns every problem of a configuration as a list of :class:`ppocr.findings.Finding`; empty means valid.

    Each section is fitted to the signature of the class that it names; nothing is built and no file is opened.
    """
    return check(config).problems


def check(config):
    """Like :func:`validate`, but returns problems and warnings (:class:`ppocr.schema.Findings`)."""
    from ppocr.schema import check_config

    return check_config(config)


def shared_values(config) -> dict:
    """Returns what operators, decoders and data sets share: the ``Global`` section and the kind of the model."""
    kind = (config.get("Architecture") or {}).get("model_type")
    return {**(config.get("Global") or {}), **({"model_type": kind} if kind is not None else {})}


def resolve(config, post_process):
    """Returns a copy of ``config`` with what follows from the vocabulary or from the classes filled in.

    In each network, a head that takes ``out_channels`` gets the number of classes of the codec, one that takes
    ``out_channels_list`` that of each codec that it names in ``codecs``, one that takes ``class_dim`` the number of
    classes, whatever the file says.  A loss with ``padding_of`` gets the padding of that codec as ``ignore_index``, or
    as what its ``padding_key`` names.  ``Global`` gets the ``model_type``.

    Args:
        config: the merged configuration.
        post_process: the decoder: its ``codec`` knows the classes of texts, ``label_list`` names those of images; each
            is None where the task has none.
    """
    from ppocr.text.codec import codec_of

    result = copy.deepcopy(config)
    if "Global" in result:
        result["Global"] = shared_values(result)
    codec, classes = codec_of(post_process), getattr(post_process, "label_list", None)
    for head, kind in _heads(result) if codec or classes else ():
        _resolve_head(head, kind, codec, classes)
    if codec:
        _resolve_losses(result.get("Loss"), codec, shared_values(config).get("model_type"))
    return result


def _heads(config):
    """Yields the ``Head`` of each network and its class."""
    from ppocr.registry import HEADS

    architecture = config.get("Architecture") or {}
    for network in (architecture.get("Models") or {"": architecture}).values():
        head = network.get("Head")
        if isinstance(head, dict) and "name" in head:
            yield head, HEADS.get(head["name"], network.get("model_type", architecture.get("model_type")))


def _resolve_head(head, kind, codec, classes):
    from ppocr.registry import parameters_of

    takes = parameters_of(kind)
    if codec and "out_channels" in takes:
        head["out_channels"] = codec.num_classes
    if codec and "out_channels_list" in takes:
        head["out_channels_list"] = {name: codec.sibling(family).num_classes for name, family in kind.codecs.items()}
    if classes and "class_dim" in takes:
        head["class_dim"] = len(classes)


def _resolve_losses(section, codec, scope):
    """Fills in one loss, given as ``{name: ..., keys}``, and those that its list holds as ``{Name: {keys}}``."""
    from ppocr.registry import LOSSES

    if not isinstance(section, dict):
        return
    named = [(section["name"], section, section)] if "name" in section else []
    items = [item for item in section.get("loss_config_list") or () if isinstance(item, dict)]
    named += [(name, item, item[name]) for item in items for name in item]
    for name, holder, arguments in named:
        loss = LOSSES.get(name, scope)
        family = getattr(loss, "padding_of", None)
        if family is None:
            continue
        if arguments is None:
            arguments = holder[name] = {}
        arguments[getattr(loss, "padding_key", "ignore_index")] = codec.sibling(family).padding


def replaced(config, resolved) -> list:
    """Returns a :class:`ppocr.findings.Finding` for each value that :func:`resolve` has put another one for."""
    sources, found = getattr(config, "sources", {}), _different(config, resolved, ())
    what = "{!r} becomes {!r}, which follows from the dictionary or from label_list"
    return [Finding(WARNING, what.format(old, new), **place_of(sources, path), path=path) for path, old, new in found]


def _different(old, new, path):
    """Yields the path and both values wherever two configurations give a value, and not the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (key for key in old if key in new):
            yield from _different(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for place, pair in enumerate(zip(old, new)):
            yield from _different(*pair, (*path, place))
    elif old is not None and old != new:
        yield path, old, new


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
