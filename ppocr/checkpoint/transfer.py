"""Weights from a file: read safely, copied into a model, with a report of what happened to each of them."""

import os
import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Optional

import numpy as np
import paddle

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.facts import CLASSES, VOCABULARY, read_facts
from ppocr.checkpoint.files import check_files
from ppocr.errors import CheckpointError
from ppocr.text.codecs import parts_of
from ppocr.text.dictionary import character_list
from ppocr.text.vocabulary import CHARACTERS, Change, axes_by_size, carry_over, change_between, declared_axes

PARAMS = ".pdparams"
PREFIXES = ("Student.", "Teacher.", "backbone.", "module.", "model.", "_layers.")
LOW_SHARE = 0.5


def strip_suffix(path):
    """Returns a checkpoint's prefix, also if one of its files is given."""
    path = str(path)
    return path[: -len(PARAMS)] if path.endswith(PARAMS) else path


def refuse_address(path):
    """Refuses a URL where a file is needed.

    Raises:
        CheckpointError: ``path`` is one.
    """
    if "://" in str(path):
        raise CheckpointError(
            f"{path} is a URL, and nothing is downloaded: download the file and give its path, or give null to start "
            "without it"
        )


def load_weights(path) -> dict:
    """Reads a file of weights: ``{structured name: array}``.

    Args:
        path: a prefix or a ``.pdparams`` file.

    Raises:
        CheckpointError: no such file, a URL, damaged, not a file of weights, or unsafe.
    """
    refuse_address(path)
    check_files(strip_suffix(path), (PARAMS,))
    return arrays_of(load_params(path))


def load_params(path) -> dict:
    """Reads a ``.pdparams`` file as it is, the table of automatic names included, whatever its manifest says."""
    refuse_address(path)
    file = strip_suffix(path) + PARAMS
    if not os.path.exists(file):
        others = sorted(entry.stem for entry in Path(file).parent.glob(f"*{PARAMS}"))
        raise CheckpointError(f"{file}: no such file" + (f"; its folder holds {', '.join(others)}" if others else ""))
    content = safe_pickle.load(file)
    if not isinstance(content, dict):
        raise CheckpointError(f"{file}: holds a {type(content).__name__} instead of weights by name")
    return content


def arrays_of(content: dict) -> dict:
    """Returns the weights, ``{structured name: array}``, in the content of a ``.pdparams`` file."""
    arrays = map(unnamed, content.items())
    return {name: array for name, array in arrays if isinstance(name, str) and isinstance(array, np.ndarray)}


def fits(array, tensor) -> bool:
    """Tells whether an array has the shape of a tensor, and its kind of numbers: floating, whole or Boolean."""
    return list(array.shape) == list(tensor.shape) and kind_of(array.dtype) == kind_of(tensor.dtype)


def kind_of(dtype) -> str:
    """Returns the kind of numbers of a NumPy or Paddle type: ``float``, ``int``, ``bool`` or ``complex``.

    NumPy has no bfloat16: Paddle uses ``uint16`` instead.
    """
    return "float" if str(dtype) == "uint16" else re.search("float|int|bool|complex", str(dtype))[0]


def unnamed(item):
    """Paddle pickles a tensor outside a state dict as the pair (automatic name, array)."""
    key, value = item
    pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], np.ndarray)
    return key, value[1] if pair else value


@dataclass
class TransferReport:
    """What happened to the weights in a file.

    Attributes:
        loaded, missing, mismatched: weights of the model; the last with both shapes.
        unexpected: weights of the file.
        share: part of the model's values that the file gave.
        renaming: the change of prefix that made the names fit; empty where they fit as they are.
        change: the change of dictionary, where weights were moved to another one.
        warnings: what a user should look into, one line each.
    """

    loaded: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    mismatched: list = field(default_factory=list)
    share: float = 0.0
    renaming: str = ""
    change: Optional[Change] = None
    warnings: list = field(default_factory=list)

    def __str__(self):
        lines = [f"{len(self.loaded)} loaded ({self.share:.1%} of the model's values)"]
        lines += [str(part) for part in (self.renaming, self.change) if part]
        for title in ("missing", "unexpected", "mismatched"):
            names = getattr(self, title)
            if names:
                shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
                lines.append(f"{len(names)} {title}: {shown}")
        return "; ".join(lines)


def load_start_weights(model, options, facts, target=None) -> TransferReport:
    """Fills a model with what a run starts from: ``Global.pretrained_model``, characters or classes carried over.

    Args:
        model: receives the weights.
        options: :class:`ppocr.options.GlobalOptions`; ``pretrained_model`` is given.
        facts: what the outputs of the model mean; see :func:`ppocr.checkpoint.facts.output_facts`.
        target: see :func:`load_pretrained`.

    Raises:
        CheckpointError: see :func:`load_pretrained`.
        DataError: ``Global.pretrained_dict_path`` cannot be used.
    """
    path = options.pretrained_model
    if facts.get(CLASSES) is not None:
        old = read_facts(strip_suffix(path)).get(CLASSES)
        return load_pretrained(model, path, facts[CLASSES], old, CLASSES, target)
    vocabulary = facts.get(VOCABULARY)
    old = old_vocabulary(path, options.pretrained_dict_path, vocabulary, options.use_space_char)
    return load_pretrained(model, path, vocabulary, old, target=target)


def load_pretrained(
    model, path, vocabulary=None, old_vocabulary=None, what: str = CHARACTERS, target=None
) -> TransferReport:
    """Copies the weights that fit by name and shape from a file into a model.

    Where the names do not fit as they are, the one change of prefix that makes most of them fit is applied.  Where both
    vocabularies are known and differ, the layers that follow the dictionary are filled character by character (see
    :mod:`ppocr.text.vocabulary`); new characters keep the values that they have in the model.

    Args:
        model: receives the weights.
        path: a prefix or a ``.pdparams`` file.
        vocabulary: symbols of the model's decoder in their order, special ones included; or names of classes.
        old_vocabulary: those of the file; see :func:`old_vocabulary`.
        what: ``characters`` or ``classes``.
        target: ``{structured name: tensor}`` that the values are copied into, by default the model's own.

    Raises:
        CheckpointError: the file cannot be read, or nothing in it fits.
    """
    weights, target = load_weights(path), model.state_dict() if target is None else target
    prefixes = best_prefixes(weights, target)
    sources = renamed(weights, *prefixes)
    axes, change = declared_axes(model), None
    if vocabulary and old_vocabulary and list(vocabulary) != list(old_vocabulary):
        if what == CHARACTERS:
            axes = {**axes_by_size(model, old_vocabulary, vocabulary), **axes}
        change = change_between(old_vocabulary, vocabulary, what)
    report = TransferReport(renaming=_in_words(*prefixes))
    values = 0
    for name, tensor in target.items():
        values += _transfer(name, tensor, weights.get(sources.get(name)), axes.get(name), change, report)
    used = {sources.get(name) for name in target}
    report.unexpected = [name for name in weights if name not in used]
    report.share = values / max(sum(_size(tensor) for tensor in target.values()), 1)
    if not report.loaded:
        raise CheckpointError(
            f"{path}: no weight fits the model by name and shape ({report}); is it for another model?"
        )
    report.change = change if change and not axes.keys().isdisjoint(report.loaded) else None
    report.warnings = _warnings(report, path, axes, vocabulary and what, change)
    return report


def _transfer(name, tensor, array, place, change, report) -> int:
    """Fills one weight and notes what happened; returns the number of values that the file gave."""
    if array is None:
        report.missing.append(name)
        return 0
    if kind_of(array.dtype) != kind_of(tensor.dtype):
        report.mismatched.append(f"{name} of {array.dtype} for {str(tensor.dtype).rpartition('.')[2]}")
        return 0
    if place and change:
        fitting = carry_over(array, tensor.astype("float32").numpy(), *place, change)
    else:
        fitting = (array, array.size) if fits(array, tensor) else None
    if fitting is None:
        report.mismatched.append(f"{name} {list(array.shape)} for {list(tensor.shape)}")
        return 0
    assign(tensor, fitting[0])
    report.loaded.append(name)
    return fitting[1]


def _warnings(report, path, axes, what, change) -> list:
    """``what``: ``characters`` or ``classes``; None where the model knows neither."""
    warnings = []
    unfit = next((text for text in report.mismatched if text.split(" ")[0] in axes), None)
    if unfit and change:
        advice = "; name the dictionary of the file in Global.pretrained_dict_path" if what == CHARACTERS else ""
        warnings.append(
            f"{path}: {unfit} does not match the {change.old} {what} that the file should have and the "
            f"{change.new} of this run{advice}"
        )
    elif change and report.change is None:
        warnings.append(f"{path}: the {what} have changed, but no layer was found that depends on them")
    elif unfit and what == CHARACTERS:
        warnings.append(
            f"{path}: {unfit}: trained with another dictionary; name it in Global.pretrained_dict_path to keep "
            "what was learned about the characters that both have"
        )
    elif unfit and what:
        warnings.append(
            f"{path}: {unfit}: trained with other {what}, which the file does not name; these start untrained"
        )
    if report.share < LOW_SHARE:
        warnings.append(
            f"{path}: only {report.share:.1%} of the model's values come from this file; is it the right one?"
        )
    return warnings


def _size(tensor):
    return int(np.prod(tensor.shape))


# ------------------------------------------------------------------------------------------------ names
def best_prefixes(weights, target):
    """Returns which prefix to take off the names in a file and which to put before them (empty: none).

    It is the change with which most weights fit by name and shape, and the smaller one of two that are equally good.
    """
    shapes = {name: list(tensor.shape) for name, tensor in target.items()}

    def fit(prefixes):
        known = [(name, source) for name, source in renamed(weights, *prefixes).items() if name in shapes]
        return sum(list(weights[source].shape) == shapes[name] for name, source in known), len(known)

    pairs = product(("", *PREFIXES), repeat=2)
    return max(sorted(pairs, key=lambda pair: sum(map(bool, pair))), key=fit)


def renamed(weights, off, on) -> dict:
    """Returns ``{new name: name in the file}`` where a name begins with ``off``, whose place ``on`` takes."""
    return {on + name[len(off) :]: name for name in weights if name.startswith(off)}


def _in_words(off, on):
    if off and on:
        return f"'{off}' of the names in the file replaced by '{on}'"
    if off or on:
        return f"'{off}' removed from the names in the file" if off else f"'{on}' prepended to the names in the file"
    return ""


# ------------------------------------------------------------------------------------------------ dictionary
def old_vocabulary(path, pretrained_dict_path, vocabulary, use_space_char: bool = False):
    """Returns the symbols of the classes in a file of weights, or None if they are not known.

    Args:
        path: the file or its prefix; what this project wrote beside it knows the vocabulary.
        pretrained_dict_path: dictionary of the file, which wins; it gets the current special symbols and space.
        vocabulary: symbols of the current decoder, special ones included; None where the task has none.
        use_space_char: see :func:`ppocr.text.dictionary.character_list`.

    Raises:
        DataError: the dictionary cannot be used.
        CheckpointError: the file beside the weights is damaged.
    """
    if vocabulary is None:
        return None
    if pretrained_dict_path:
        before, _, after = parts_of(vocabulary)
        return [*before, *character_list(pretrained_dict_path, use_space_char), *after]
    return read_facts(strip_suffix(path)).get(VOCABULARY)


@paddle.no_grad()
def assign(tensor, array):
    """Copies an array into a tensor of any type of the same kind, which stays where it is.

    Raises:
        ValueError: its size, or the kind of its numbers, differs.
    """
    if kind_of(array.dtype) != kind_of(tensor.dtype):
        raise ValueError(f"{array.dtype} where {tensor.dtype} should be")
    value = paddle.to_tensor(np.ascontiguousarray(array).reshape(tensor.shape))
    tensor.copy_(value if value.dtype == tensor.dtype else value.astype(tensor.dtype), True)
