"""Writes the configuration reference: ``python tools/docs/config_reference.py --out docs/reference``.

Every class that a YAML file can name, with every key, its type, its default and what it means, read from the
signatures and docstrings that validation itself goes by.
"""

import argparse
import functools
import inspect
import re
import sys
import typing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ppocr import registry
from ppocr.commands import run
from ppocr.data.loader import LoaderOptions
from ppocr.modeling.architectures.base_model import PARTS
from ppocr.optimizer import SUPPLIED_KEYS, SectionKeys
from ppocr.optimizer.param_groups import ParamGroup
from ppocr.options import EarlyStoppingOptions, GlobalOptions
from ppocr.schema import DATASET_SUPPLIED, SAMPLER_SUPPLIED
from ppocr.values import split

# File of the reference: (heading, registry, keys that the builder gives).
PAGES = {
    "architecture": [
        ("Architectures (`Architecture.name`)", registry.ARCHITECTURES, ()),
        ("Transforms (`Architecture.Transform`)", *PARTS["Transform"]),
        ("Backbones (`Architecture.Backbone`)", *PARTS["Backbone"]),
        ("Necks (`Architecture.Neck`)", *PARTS["Neck"]),
        ("Heads (`Architecture.Head`)", *PARTS["Head"]),
    ],
    "optimizer": [
        ("Optimizers (`Optimizer`)", registry.OPTIMIZERS, SUPPLIED_KEYS),
        ("Learning-rate schedules (`Optimizer.lr`)", registry.LR_SCHEDULERS, SUPPLIED_KEYS),
        ("Regularizers (`Optimizer.regularizer`)", registry.REGULARIZERS, SUPPLIED_KEYS),
    ],
    "loss": [("Losses (`Loss`)", registry.LOSSES, ("model_type",))],
    "postprocess_and_metric": [
        ("Post-processing (`PostProcess`)", registry.POST_PROCESSES, ()),
        ("Metrics (`Metric`)", registry.METRICS, ("model_type",)),
    ],
    "data": [
        ("Data sets (`Train.dataset`)", registry.DATASETS, DATASET_SUPPLIED),
        ("Samplers (`Train.sampler`)", registry.SAMPLERS, SAMPLER_SUPPLIED),
        ("Collate functions (`Train.loader.collate_fn`)", registry.COLLATE_FNS, ()),
    ],
    "operators": [("Operators (`Train.dataset.transforms`)", registry.OPERATORS, ("model_type",))],
}
# Keys that mean the same wherever they occur.
COMMON = {
    "beta1": "decay of the mean of the gradients",
    "beta2": "decay of the mean of their squares",
    "decay_epochs": "epochs at which the next value begins",
    "end_lr": "rate at the end of the run",
    "epsilon": "keeps divisions finite",
    "factor": "coefficient, or exponent of the curve",
    "gamma": "what the rate is multiplied by",
    "group_lr": "use the learning rates that the model declares for `training_step`",
    "keep_keys": "names of the fields of a batch, in this order",
    "lazy_mode": "update only what a sparse gradient touches",
    "learning_rate": "rate at the start of the curve",
    "milestones": "epochs at which the rate falls",
    "min_lr": "rate at the end of the run",
    "momentum": "share of the last update that stays",
    "multi_precision": "keep float32 copies of half-precision weights",
    "no_weight_decay_name": "parts of names, separated by spaces, of parameters that are not decayed",
    "one_dim_param_no_weight_decay": "do not decay what has one dimension",
    "power": "exponent of the curve; 1 is a straight line",
    "rho": "decay of the mean of squares",
    "start_lr": "rate at the first step of the warm-up",
    "step_size": "epochs between two steps",
    "training_step": "stage of VisionLAN",
    "use_nesterov": "look ahead along the momentum",
    "values": "rates, one more than `decay_epochs`",
    "warmup_epoch": "epochs in which the rate climbs to the start of the curve",
    "warmup_steps": "the same in updates",
}
ENTRY = re.compile(r"^ {4}(\w+(?:,\s+\w+)*): ", re.MULTILINE)
ROLE = re.compile(r":\w+:`~?([^`]+)`")


def main(arguments=None):
    """Writes one Markdown file for each part of a configuration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="docs/reference", help="folder to write to")
    folder = Path(parser.parse_args(arguments).out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    print(f"{folder}: {len(PAGES) + 1} pages")


def pages() -> dict:
    """Returns ``{name: Markdown}`` of the reference."""
    result = {"global": global_page()}
    for name, parts in PAGES.items():
        sections = [section(*part) for part in parts]
        if name == "optimizer":
            sections.insert(0, optimizer_keys())
        if name == "data":
            sections.append(f"# Loader (`Train.loader`)\n\n{described(LoaderOptions)}")
        result[name] = "\n".join(sections)
    return result


def section(heading, source, supplied) -> str:
    """Returns the section of one registry: its classes in alphabetical order, aliases together."""
    names = {}
    for (scope, name), target in sorted(source.entries().items()):
        names.setdefault(target, {}).setdefault(name, []).append(scope)
    parts = [f"# {heading}\n"]
    for target, known in sorted(names.items(), key=lambda item: (min(item[1]).lower(), item[0].__module__)):
        first, *others = sorted(known, key=lambda name: (name != target.__name__, name))
        scopes = [scope for scope in known[first] if scope != registry.ANY]
        title = f"## {first}" + (f" ({', '.join(scopes)})" if scopes else "")
        also = f"Also named {', '.join(f'`{name}`' for name in others)}.\n\n" if others else ""
        parts.append(f"{title}\n\n{also}{described(target, supplied)}")
    return "\n".join(parts)


def described(target, supplied=()) -> str:
    """Returns what the docstring says of a class and the table of its keys."""
    text = inspect.cleandoc(target.__doc__ or "")
    summary = text.split("\nArgs:")[0].split("\nAttributes:")[0].split("\nRaises:")[0].split("\nReturns:")[0]
    meanings = all_meanings(target)
    rows = []
    for name, parameter in registry.parameters_of(target).items():
        if name not in supplied:
            rows.append((name, kind_of(target, name), default_of(parameter), meanings.get(name, "")))
    return f"{plain(summary).strip()}\n\n{table(rows)}"


def all_meanings(target) -> dict:
    """Returns the meaning of every key: from the class, what it inherits from, ``Global``, or common use."""
    found = {**COMMON, **comments_of_global()}
    for kind in reversed(inspect.getmro(target)) if inspect.isclass(target) else (target,):
        found.update(meanings_of(inspect.cleandoc(kind.__doc__ or "")))
    return found


def meanings_of(docstring) -> dict:
    """Returns ``{key: meaning}`` of the ``Args`` and ``Attributes`` of a docstring in Google style."""
    found = {}
    for block in re.findall(r"^(?:Args|Attributes):\n((?: {4}.*\n?|\n)+)", docstring, re.MULTILINE):
        starts = list(ENTRY.finditer(block))
        ends = [match.start() for match in starts[1:]] + [len(block)]
        for match, end in zip(starts, ends):
            meaning = plain(" ".join(block[match.end() : end].split()))
            found.update({key.strip(): meaning for key in match[1].split(",")})
    return found


def plain(text) -> str:
    """Returns a docstring as Markdown: double backticks and cross references become single ones."""
    return ROLE.sub(lambda match: f"`{match[1].rsplit('.', 1)[-1]}`", text).replace("``", "`")


def kind_of(target, name) -> str:
    """Returns the type of a key in words."""
    return kind_in_words(registry.type_hints(target).get(name))


def kind_in_words(hint) -> str:
    """Returns an annotation as a reader of YAML would say it."""
    words = {bool: "true or false", int: "whole number", float: "number", str: "text", list: "list", tuple: "list"}
    words.update({dict: "mapping", type(None): "null", None: "any", typing.Any: "any"})
    kind, limits = split(hint)
    origin, items = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is typing.Union:
        known = list(words)  # in this order, since Python 3.9 gives that of the first union of these types ever made
        order = {option: split(option)[0] for option in items}
        options = sorted(items, key=lambda option: known.index(order[option]) if order[option] in known else -1)
        return " or ".join(map(kind_in_words, options))
    if origin is typing.Literal:
        return ", ".join(f"`{option}`" for option in items)
    text = " ".join([words.get(origin, "any"), *map(str, limits)])
    if origin is tuple and items:
        return f"{text} ({', '.join(map(kind_in_words, items))})"
    return f"{text} ({kind_in_words(items[0])})" if origin is list and items else text


def default_of(parameter) -> str:
    """Returns a default as YAML would say it; ``required`` where there is none."""
    value = parameter.default
    if value is parameter.empty:
        return "required"
    if value is None or isinstance(value, bool):
        return f"`{str(value).lower().replace('none', 'null')}`"
    if isinstance(value, tuple):
        value = list(value)
    return f"`{value}`" if isinstance(value, (int, float, str, list, dict)) else "set when needed"


def table(rows) -> str:
    """Returns rows of key, type, default and meaning as a Markdown table; a line where there are none."""
    if not rows:
        return "No keys.\n"
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += ["| `{}` | {} | {} | {} |".format(row[0], *(cell.replace("|", "\\|") for cell in row[1:])) for row in rows]
    return "\n".join(lines) + "\n"


def optimizer_keys() -> str:
    """Returns the section of the keys that every optimizer shares."""
    groups = f"## A group of `param_groups`\n\n{described(ParamGroup)}"
    return f"# Keys of every optimizer\n\n{described(SectionKeys)}\n{groups}"


def global_page() -> str:
    """Returns the page of the ``Global`` section, in the groups of its source."""
    comments, known = comments_of_global(), registry.parameters_of(GlobalOptions)
    text = "# Global\n"
    for block in inspect.getsource(GlobalOptions).split("    # --- ")[1:]:
        heading, _, body = block.partition("\n")
        keys = re.findall(r"^    (\w+): ", body, re.MULTILINE)
        rows = [
            (key, kind_of(GlobalOptions, key), _default_of_global(known[key]), comments.get(key, "")) for key in keys
        ]
        text += f"\n## {heading[0].upper()}{heading[1:]}\n\n{table(rows)}"
    return f"{text}\n## `early_stopping`\n\n{described(EarlyStoppingOptions)}"


@functools.cache
def comments_of_global() -> dict:
    """Returns ``{key: comment behind it}`` of the ``Global`` section."""
    return dict(re.findall(r"^    (\w+): .*?  # (.+)$", inspect.getsource(GlobalOptions), re.MULTILINE))


def _default_of_global(parameter):
    value = getattr(GlobalOptions(), parameter.name)
    return default_of(parameter.replace(default=value))


if __name__ == "__main__":
    sys.exit(run(main))
