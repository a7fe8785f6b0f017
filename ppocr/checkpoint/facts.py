"""The facts of a run: what a checkpoint says about how it was made, and what happens if the run that loads it differs.

They are plain values by name and stand under ``run`` in ``.train_state``.  A fact that one side does not know is not
compared: weights alone (``.pdparams``) say nothing, older checkpoints say less.

=================  ==========================================  ==================  =====================
fact               meaning                                     resuming            evaluating, reading...
=================  ==========================================  ==================  =====================
``vocabulary``     symbols of the decoder, in their order      must be the same    must be the same
``classes``        ``label_list`` of a classifier              must be the same    must be the same
``direction``      of texts, where the dictionary has letters  must be the same    must be the same
                   that are written from right to left
``optimizer``      the ``Optimizer`` section                   same ``name``; the  does not matter
                                                               rest is logged
all others         seed, processes, precision, ...             logged              does not matter
=================  ==========================================  ==================  =====================
"""

from itertools import zip_longest
from typing import NamedTuple

from ppocr.checkpoint import safe_pickle
from ppocr.errors import CheckpointError

TRAIN_STATE = ".train_state"
VOCABULARY, CLASSES, DIRECTION, OPTIMIZER = "vocabulary", "classes", "direction", "optimizer"
RESUME, READ = "resume", "read"
_OUTPUTS = {
    VOCABULARY: ("dictionary", "symbol"),
    CLASSES: ("label_list", "class"),
    DIRECTION: ("text_direction", "value"),
}
_ADVICE = {
    (VOCABULARY, RESUME): "resume with that one, or carry symbols over with Global.pretrained_model",
    (VOCABULARY, READ): "name the dictionary of that run in Global.character_dict_path",
    (CLASSES, RESUME): "resume with that one, or carry classes over with Global.pretrained_model",
    (CLASSES, READ): "give the label_list of that run",
    (DIRECTION, RESUME): "give the text_direction of that run",
    (DIRECTION, READ): "give the text_direction of that run",
}
_ABSENT = "not set"


class UnfitCheckpoint(CheckpointError):
    """A checkpoint is undamaged, but was made for something else."""


class Differences(NamedTuple):
    """The differences between a checkpoint and the run that loads it, each as one phrase.

    Attributes:
        refused: what makes the checkpoint mean something else, so that it cannot be used.
        changed: what makes a resumed run continue differently, but does not prevent it.
    """

    refused: list
    changed: list


def read_facts(prefix) -> dict:
    """Returns the facts in the checkpoint of a prefix; empty if it has none.

    Raises:
        CheckpointError: ``.train_state`` is there and damaged.
    """
    path = f"{prefix}{TRAIN_STATE}"
    return facts_in(safe_pickle.load_if_there(path))


def facts_in(content) -> dict:
    """Returns the facts in the content of a ``.train_state`` file, without those of an unexpected type."""
    facts = content.get("run") if isinstance(content, dict) else None
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if _has_its_form(name, value)}


def _has_its_form(name, value):
    if name in _OUTPUTS:
        return isinstance(value, list) and all(isinstance(symbol, str) for symbol in value)
    return name != OPTIMIZER or isinstance(value, dict)


def output_facts(post_process) -> dict:
    """Returns the facts about what the outputs of a model mean, which are known wherever weights are read.

    Args:
        post_process: its ``character`` are the symbols of a decoder, ``writing`` says in which direction its texts are
            given, ``label_list`` are the names of classes.
    """
    direction = getattr(getattr(post_process, "writing", None), "text_direction", None)
    given = {
        VOCABULARY: getattr(post_process, "character", None),
        CLASSES: getattr(post_process, "label_list", None),
        DIRECTION: direction and [direction],
    }
    return {name: [str(symbol) for symbol in symbols] for name, symbols in given.items() if symbols is not None}


def compare(saved: dict, now: dict, purpose: str) -> Differences:
    """Compares the facts of a checkpoint with those of the run that loads it.

    Args:
        saved: facts of the checkpoint.
        now: facts of the run or tool that loads it.
        purpose: ``RESUME``: training continues; ``READ``: evaluation, inference, export, report.
    """
    refused = [text for name in _OUTPUTS for text in _other_outputs(name, saved.get(name), now.get(name), purpose)]
    if purpose == READ:
        return Differences(refused, [])
    changed = []
    for name in (name for name in saved if name in now and name not in _OUTPUTS):
        if name == OPTIMIZER:
            refused += _other_optimizer(saved[name], now[name])
            changed += _changes("Optimizer", saved[name], now[name])
        elif saved[name] != now[name]:
            changed.append(f"{name} {saved[name]} -> {now[name]}")
    return Differences(refused, changed)


def refuse_others(prefix, saved: dict, now: dict, purpose: str) -> list:
    """Compares as :func:`compare` does and returns what has merely changed.

    Raises:
        UnfitCheckpoint: something is refused.
    """
    refused, changed = compare(saved, now, purpose)
    if refused:
        raise UnfitCheckpoint(f"{prefix}: {'; '.join(refused)}")
    return changed


def _other_outputs(name, saved, now, purpose):
    """Yields a message if outputs mean something else, with the first symbol that differs and its index from 0."""
    if not saved or not now or list(saved) == list(now):
        return
    title, one = _OUTPUTS[name]
    place, (old, new) = next((i, pair) for i, pair in enumerate(zip_longest(saved, now)) if pair[0] != pair[1])
    yield (
        f"was trained with another {title} ({len(saved)} entries, now {len(now)}; {one} {place} was "
        f"{_quoted(old)}, now {_quoted(new)}); {_ADVICE[name, purpose]}"
    )


def _quoted(symbol):
    return "none" if symbol is None else repr(symbol)


def _other_optimizer(saved, now):
    if saved.get("name") != now.get("name"):
        yield (
            f"was trained with {saved.get('name')}, whose state {now.get('name')} cannot take over; to start again "
            "from its weights, use Global.pretrained_model"
        )


def _changes(path, saved, now):
    """Yields the values that differ in two mappings, by their YAML paths; the names of sections are left out."""
    for key in {**saved, **now}:
        old, new = saved.get(key, _ABSENT), now.get(key, _ABSENT)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(f"{path}.{key}", old, new)
        elif old != new:
            yield f"{path}.{key} {old} -> {new}"
