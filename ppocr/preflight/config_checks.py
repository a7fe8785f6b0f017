"""Checks of the configuration itself, its operators, and the files that it names; no label is read."""

import os
from pathlib import Path

from ppocr import schema
from ppocr.data.imaug.basic import KeepKeys
from ppocr.engine.setup import choose_device
from ppocr.errors import DataError, UserError
from ppocr.preflight.failures import describe
from ppocr.preflight.finding import ERROR, NOTE, WARNING, Finding, line_in
from ppocr.preflight.label_rules import text_encoders
from ppocr.utils.dictionary import load_dictionary
from ppocr.utils.save_load import OPTIMIZER, PARAMS

DICTIONARY_KEYS = ("character_dict_path", "rec_char_dict_path")
BY_NAME = ("DictCollator",)  # collate functions that take samples which are mappings


def check_config(context):
    """Sections, class names, keys and types."""
    found = schema.check_config(context.config)
    for severity, items in ((ERROR, found.problems), (WARNING, found.warnings)):
        for item in items:
            yield Finding(severity, f"{dotted(item.path)}: {item.message}", *context.where(item.path))


def check_device(context):
    """The device that ``Global`` asks for can be used here."""
    try:
        choose_device(context.options)
    except UserError as error:
        given = context.config["Global"]
        key = next((key for key in ("device", *given) if key in given and f"Global.{key}" in str(error)), "")
        yield Finding(ERROR, str(error), *context.where(("Global", key)))


def check_operators(context):
    """Every operator can be built, finds the keys that it reads, and ``KeepKeys`` comes last."""
    for section in context.sections:
        for step in section.steps:
            # what is wrong with a dictionary is told of the dictionary
            if step.error is not None and not isinstance(step.error, DataError):
                yield Finding(ERROR, f"{dotted(step.path)}: {describe(step.error)}", *context.where(step.path))
        yield from _missing_keys(context, section)
        yield from _last_operator(context, section)


def _missing_keys(context, section):
    known = set(section.given_keys)
    if any(getattr(step.operator, "ext_data_num", 0) for step in section.steps):
        known.add("ext_data")
    for step in section.steps:
        last = issubclass(_class_of(step.operator), KeepKeys)
        known |= section.late_keys if last else set()
        if not step.declares and not last:
            return  # it may set any key
        for position, key in enumerate(step.reads):
            if key not in known:
                path = (*step.path, "keep_keys", position) if last else step.path
                what = f"needs '{key}', which nothing before it sets; there are {', '.join(sorted(known))}"
                yield Finding(ERROR, f"{dotted(step.path)} {what}", *context.where(path))
        known |= set(step.writes)


def _last_operator(context, section):
    classes = [_class_of(step.operator) for step in section.steps]
    keeps = [position for position, one in enumerate(classes) if issubclass(one, KeepKeys)]
    collate = (section.config.get("loader") or {}).get("collate_fn")
    name = collate.get("name") if isinstance(collate, dict) else collate
    path = (*section.path, "transforms")
    if not keeps and name not in BY_NAME:
        yield Finding(ERROR, f"{dotted(path)}: KeepKeys is missing; it makes a list of a sample", *context.where(path))
    for step in section.steps[keeps[0] + 1 :] if keeps else ():
        yield Finding(ERROR, f"{dotted(step.path)}: no operator can follow KeepKeys", *context.where(step.path))


def _class_of(operator):
    return operator if isinstance(operator, type) else type(operator)


def check_dictionaries(context):
    """Every dictionary can be read and holds each character once."""
    seen = set()
    for path, value in find_keys(context.config, DICTIONARY_KEYS):
        if isinstance(value, str) and value not in seen:
            seen.add(value)
            yield from _dictionary(context, path, value)


def _dictionary(context, path, file):
    if not os.path.isfile(file):
        what = f"{dotted(path)}: there is no dictionary {file!r}; paths start at {os.getcwd()}"
        yield Finding(ERROR, what, *context.where(path))
        return
    try:
        entries = load_dictionary(file)
    except DataError as error:
        yield Finding(ERROR, str(error).removeprefix(f"{file}: "), file, line_in(str(error)))
        return
    if entries[0].startswith("\ufeff"):
        what = "the file begins with a byte order mark, so its first character is another one; save it without"
        yield Finding(WARNING, what, file, 1)
    if "" in entries:
        line = entries.index("") + 1
        yield Finding(WARNING, "an empty line is a class that no text ever has; remove it", file, line)


def check_codec(context):
    """What labels are made of is what the decoder knows."""
    decoder = getattr(context.post_process, "character", None)
    if decoder is None:
        return
    for section in context.sections:
        for encoder in text_encoders(section)[:1]:
            unknown = sorted(set(encoder.index) - set(decoder))
            if unknown:
                what = (
                    f"{section.name}: labels may hold {len(unknown)} characters that PostProcess cannot write "
                    f"({', '.join(unknown[:5])}); use one character_dict_path and use_space_char for both"
                )
                step = next(step for step in section.steps if step.operator is encoder or hasattr(step.operator, "ctc"))
                yield Finding(ERROR, what, *context.where(step.path))


def check_files(context):
    """Data folders, label files, weights and the folder of the run."""
    for section in context.sections:
        yield from _data_folder(context, section)
        for path, file in section.label_files:
            reason = _unusable(file)
            if reason:
                yield Finding(ERROR, f"{dotted(path)}: label file {file!r} {reason}", *context.where(path))
    yield from _weights(context)
    yield from _run_folder(context)


def _data_folder(context, section):
    folder = section.dataset.get("data_dir")
    if folder is not None and not os.path.isdir(folder):
        path = (*section.path, "data_dir")
        what = f"{dotted(path)}: {folder!r} is no folder; paths start at {os.getcwd()}"
        yield Finding(ERROR, what, *context.where(path))


def _unusable(file):
    if not os.path.isfile(file):
        return "is not there"
    if not os.access(file, os.R_OK):
        return "may not be read"
    return "" if os.path.getsize(file) else "is empty"


def _weights(context):
    options = context.options
    wanted = [("pretrained_model", PARAMS)] if options.pretrained_model and not options.checkpoints else []
    wanted += [("checkpoints", PARAMS), ("checkpoints", OPTIMIZER)] if options.checkpoints else []
    for key, suffix in wanted:
        file = getattr(options, key).removesuffix(PARAMS) + suffix
        if not os.path.isfile(file):
            path = ("Global", key)
            yield Finding(ERROR, f"{dotted(path)}: there is no file {file!r}", *context.where(path))


def _run_folder(context):
    folder = Path(context.options.save_model_dir)
    place = existing(folder)
    if not place.is_dir() or not os.access(place, os.W_OK):
        path = ("Global", "save_model_dir")
        reason = "may not be written" if place.is_dir() else "is a file"
        yield Finding(ERROR, f"{dotted(path)}: {folder} cannot be made: {place} {reason}", *context.where(path))
    elif (folder / f"latest{PARAMS}").exists() and not context.options.checkpoints:
        what = "Global.save_model_dir holds a run, whose latest and best checkpoints this one will replace"
        yield Finding(NOTE, what, *context.where(("Global", "save_model_dir")))


def existing(path) -> Path:
    """Returns a path, or the nearest of the folders above it that exists."""
    path = Path(path).absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def find_keys(value, keys, path=()):
    """Yields ``(YAML path, value)`` of every key of a nested configuration that is one of ``keys``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key in keys:
            yield (*path, key), inner
        else:
            yield from find_keys(inner, keys, (*path, key))


def dotted(path) -> str:
    """Returns a YAML path as text, for example ``Train.dataset.transforms.0``."""
    return ".".join(map(str, path))
