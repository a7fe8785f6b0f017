"""YAML as plain values, with the place where each was written, and one kind of error whatever the text is."""

import itertools
import math
import re
from contextlib import contextmanager
from typing import NamedTuple

import yaml

from ppocr.errors import ConfigError, UserError

MOST_VALUES = 1_000_000  # of a document, with what its aliases stand for
DEEPEST = 100  # lists and mappings inside of each other
MOST_BITS = 1_000  # of a whole number; Python refuses to write larger ones as decimals
_TOO_DEEP = "lists and mappings are nested too deep"
_SEQUENCE, _MAPPING = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
# What PyYAML's constructors raise where a text has the form of a number or a date, or a tag says that it is one.
_NO_VALUE = (ValueError, LookupError, AttributeError)
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$")


class Loader(yaml.SafeLoader):
    """YAML 1.1 plus numbers such as ``1e-5``, which that standard would read as text."""


Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))
FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # plain YAML 1.1, for long documents


class NotYaml(ValueError):
    """A text that is not YAML, or holds values that cannot be.

    Attributes:
        line: where, counted from 1; 0 where that is not known.
    """

    def __init__(self, what: str, line: int = 0):
        super().__init__(what)
        self.line = line


class Source(NamedTuple):
    """Where a value was written: a file and a line counted from 1, or ``-o`` and no line."""

    file: str
    line: int

    def __str__(self):
        return f"{self.file}:{self.line}" if self.line else self.file


class Remark(NamedTuple):
    """What a user should know about a place of a file, though nothing is lost by it."""

    path: tuple
    what: str
    source: Source


class Document(NamedTuple):
    """The value of a text, the :class:`Source` of each YAML path in it, and a list of :class:`Remark`."""

    content: object
    sources: dict
    remarks: list


def parse(text, kind=Loader):
    """Returns the value of a YAML text, or of its bytes.

    Args:
        text: one document.
        kind: :class:`Loader`, or the faster ``FastLoader`` without its numbers.

    Raises:
        NotYaml: it is none.
    """
    with _loading(text, kind) as (loader, node):
        return None if node is None else loader.construct_document(node)


def parse_with_places(text, file: str, has_lines: bool = True) -> Document:
    """Returns the value of a YAML text, and where everything in it was written.

    Args:
        text: one document.
        file: its name, or what stands for it.
        has_lines: whether places in it have lines.

    Raises:
        NotYaml: it is none.
        ConfigError: a key is written twice with different values, or is none that a configuration can have.
    """
    with _loading(text, Loader) as (loader, node):
        reader = _Reader(loader, file, has_lines)
        content = None if node is None else reader.construct(node, ())
        return Document(content, reader.sources, reader.remarks)


@contextmanager
def _loading(text, kind):
    """Gives the loader of a text and the root of its nodes; whatever fails inside becomes :class:`NotYaml`."""
    loader = None
    try:
        loader = kind(text)
        node = loader.get_single_node()
        if node is not None:
            _refuse_endless(node)
        yield loader, node
    except (UserError, NotYaml):
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise NotYaml(getattr(error, "problem", None) or _first_line(error), mark.line + 1 if mark else 0) from None
    except _NO_VALUE as error:
        raise NotYaml(_first_line(error)) from None
    except RecursionError:
        raise NotYaml(_TOO_DEEP) from None
    finally:
        if loader is not None:
            loader.dispose()


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]


def _refuse_endless(root):
    extent = _extent(root, {})
    if extent.values > MOST_VALUES:
        raise NotYaml(f"its aliases unfold to more than {MOST_VALUES:,} values", root.start_mark.line + 1)
    if extent.depth > DEEPEST:
        raise NotYaml(_TOO_DEEP)


class _Extent(NamedTuple):
    values: float
    depth: float


def _extent(node, known):
    """Returns what a node stands for, with aliases unfolded: something infinite where one holds itself."""
    if id(node) not in known:
        known[id(node)] = _Extent(math.inf, math.inf)  # for those inside of it
        inner = [_extent(one, known) for one in _inside(node)]
        known[id(node)] = _Extent(
            1 + sum(one.values for one in inner), 1 + max((one.depth for one in inner), default=0)
        )
    return known[id(node)]


def _inside(node):
    if isinstance(node, yaml.MappingNode):
        return itertools.chain.from_iterable(node.value)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


class _Reader:
    """Turns the nodes of a YAML file into plain values and notes the line of each.

    Args:
        loader: of the file.
        file: its name.
        has_lines: whether places in it have lines.
    """

    def __init__(self, loader, file, has_lines):
        self.sources, self.remarks = {}, []
        self._loader, self._file, self._has_lines = loader, file, has_lines

    def construct(self, node, path):
        """Returns the value of the node at a YAML path."""
        self.sources[path] = self._source(node)
        if node.tag == _SEQUENCE:
            return [self.construct(item, (*path, i)) for i, item in enumerate(node.value)]
        if node.tag != _MAPPING:
            return self._plain(node)
        self._check_keys(node, path)
        self._loader.flatten_mapping(node)
        result = {}
        for key_node, value_node in node.value:
            key = self._plain(key_node)
            result[key] = self.construct(value_node, (*path, key))
            self.sources[(*path, key)] = self._source(key_node)
        return result

    def _check_keys(self, node, path):
        """Refuses keys that a mapping could not keep apart, or not at all."""
        first = {}
        for key, value in node.value:
            where = self._source(key)
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{where}: a key must be a word or a number, not a list or a mapping")
            if key.value not in first:
                first[key.value] = where, value
                continue
            earlier, other = first[key.value]
            here, what = (*path, key.value), "this key is written twice"
            what += f", first in line {earlier.line}" if self._has_lines else ""
            if not _equal(self._plain(value), self._plain(other)):
                raise ConfigError(f"{where}: {'.'.join(map(str, here))}: {what} with another value")
            self.remarks.append(Remark(here, f"{what} with the same value", where))

    def _source(self, node):
        return Source(self._file, node.start_mark.line + 1 if self._has_lines else 0)

    def _plain(self, node):
        line = node.start_mark.line + 1
        try:
            value = self._loader.construct_object(node, deep=True)
        except yaml.YAMLError:
            raise
        except _NO_VALUE as error:
            raise NotYaml(_first_line(error), line) from None
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise NotYaml("a number is too large", line)
        return value


def _equal(one, other):
    return type(one) is type(other) and one == other
