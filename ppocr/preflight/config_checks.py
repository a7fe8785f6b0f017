"""Checks of the configuration itself, its operators, and the files that it names; no label is read."""

import os
from pathlib import Path

from ppocr import config as configuration
from ppocr import schema
from ppocr.checkpoint.optimizer_state import OPTIMIZER_STATE
from ppocr.checkpoint.transfer import PARAMS, refuse_address, strip_suffix
from ppocr.data.imaug.basic import KeepKeys
from ppocr.engine.folder import EARLIER, goes_on_in, holds_a_run
from ppocr.engine.setup import choose_device
from ppocr.errors import CheckpointError, ConfigError, DataError, UserError
from ppocr.failures import describe
from ppocr.findings import ERROR, NOTE, WARNING, Finding, from_message, line_in
from ppocr.formats.lines import meant_label_file
from ppocr.imports import import_modules
from ppocr.registry import parameters_of
from ppocr.text.dictionary import dictionary_remarks, where_published
from ppocr.text.subword import BpeCodec
from ppocr.wording import counted

TOKENIZER_KEY = "rec_char_dict_path"
DICTIONARY_KEYS = ("character_dict_path", TOKENIZER_KEY)


def check_config(context):
    """The user's own modules, sections, class names, keys and types."""
    try:
        import_modules(context.config)
    except ConfigError as error:
        yield from_message(str(error), context.file)
        return
    found = schema.check_config(context.config)
    for item in found.problems + found.warnings:
        yield context.finding(item.severity, item.path, item.message)


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
                yield context.finding(ERROR, step.path, describe(step.error))
        yield from _missing_keys(context, section)
        yield from _last_operator(context, section)


def _missing_keys(context, section):
    known = set(section.given_keys)
    if any(getattr(step.operator, "ext_data_num", 0) for step in section.steps):
        known.add("ext_data")
    for step in section.steps:
        if step.error is not None:
            return  # which keys it sets depends on its settings
        last = issubclass(_class_of(step.operator), KeepKeys)
        known |= section.late_keys if last else set()
        if not step.declares and not last:
            return  # it may set any key
        for position, key in enumerate(step.reads):
            if key not in known:
                path = (*step.path, "keep_keys", position) if last else step.path
                what = f"{step.name} needs '{key}', which nothing before it sets; there are {', '.join(sorted(known))}"
                yield context.finding(ERROR, path, what)
        known |= set(step.writes)


def _last_operator(context, section):
    classes = [_class_of(step.operator) for step in section.steps]
    keeps = [position for position, one in enumerate(classes) if issubclass(one, KeepKeys)]
    path = (*section.path, "transforms")
    if not keeps:
        yield context.finding(ERROR, path, "KeepKeys is missing; it makes a list of a sample")
    for step in section.steps[keeps[0] + 1 :] if keeps else ():
        yield context.finding(ERROR, step.path, "no operator can follow KeepKeys")


def _class_of(operator):
    return operator if isinstance(operator, type) else type(operator)


def check_dictionaries(context):
    """Every dictionary that something reads can be read, and its entries can be used."""
    seen = set()
    for path, value in find_keys(context.config, DICTIONARY_KEYS):
        if isinstance(value, str) and value not in seen:
            seen.add(value)
            if path[0] != "Global" or os.path.isfile(value) or _misses_a_dictionary(context):
                yield from _dictionary(context, path, value)


def _misses_a_dictionary(context) -> bool:
    """Whether something reads the dictionary of ``Global``; published files also name one where nothing does."""
    steps = [step for section in context.sections for step in section.steps]
    if any(isinstance(step.error, DataError) for step in steps):
        return True
    if any("character_dict_path" in parameters_of(section.dataset_class) for section in context.sections):
        return True
    try:
        return context.post_process is None
    except DataError:
        return True


def _dictionary(context, path, file):
    if path[-1] == TOKENIZER_KEY:
        yield from _tokenizer(context, path, file)
        return
    if not os.path.isfile(file):
        hints = [f"paths start at {os.getcwd()}", where_published(file)]
        yield context.finding(ERROR, path, "; ".join(filter(None, [f"there is no dictionary {file!r}", *hints])))
        return
    try:
        for remark in dictionary_remarks(file):
            yield Finding(WARNING, remark.what, file, remark.line)
    except DataError as error:
        message = str(error).removeprefix(f"{file}: ")
        line = line_in(message)
        yield Finding(ERROR, message.removeprefix(f"line {line} "), file, line)


def _tokenizer(context, path, file):
    try:
        BpeCodec(file)
    except DataError as error:
        yield context.finding(ERROR, path, str(error))


def check_codec(context):
    """What labels are made of is what the decoder knows."""
    decoder = getattr(context.post_process, "character", None)
    if decoder is None:
        return
    for section in context.sections:
        codec = next((operator.codec for operator in section.operators if operator.codec is not None), None)
        unknown = sorted(set(codec.characters) - set(decoder)) if codec else []
        if unknown:
            what = (
                f"labels of {section.name} may hold {counted(len(unknown), 'character')} that it cannot write "
                f"({', '.join(unknown[:5])}); use one character_dict_path and use_space_char for both"
            )
            yield context.finding(ERROR, ("PostProcess",), what)
            return


def check_derived(context):
    """What follows from the dictionary or the classes is not given otherwise."""
    for item in configuration.replaced(context.config, context.resolved):
        yield context.finding(WARNING, item.path, item.message)


def check_files(context):
    """Data folders, label files, weights and the folder of the run."""
    for section in context.sections:
        yield from _data_folder(context, section)
        for path, file in section.label_files:
            reason = _unusable(file)
            if reason:
                meant = "" if os.path.exists(file) else meant_label_file(file, section.dataset.get("data_dir"))
                yield context.finding(ERROR, path, f"label file {file!r} {reason}{meant}")
    yield from _weights(context)
    yield from _run_folder(context)


def _data_folder(context, section):
    folder = section.dataset.get("data_dir")
    if folder is not None and not os.path.isdir(folder):
        path = (*section.path, "data_dir")
        yield context.finding(ERROR, path, f"{folder!r} is no folder; paths start at {os.getcwd()}")


def _unusable(file):
    if not os.path.isfile(file):
        return "is not there"
    if not os.access(file, os.R_OK):
        return "may not be read"
    return "" if os.path.getsize(file) else "is empty"


def _weights(context):
    options = context.options
    if context.checkpoint:
        key, prefix, suffixes = "checkpoints", context.checkpoint, (PARAMS, OPTIMIZER_STATE)
    elif options.pretrained_model:
        key, prefix, suffixes = "pretrained_model", strip_suffix(options.pretrained_model), (PARAMS,)
    else:
        return
    try:
        refuse_address(prefix + PARAMS)
    except CheckpointError as error:
        yield context.finding(ERROR, ("Global", key), str(error))
        return
    for suffix in suffixes:
        if not os.path.isfile(prefix + suffix):
            yield context.finding(ERROR, ("Global", key), f"there is no file {prefix + suffix!r}")


def _run_folder(context):
    folder, path = Path(context.options.save_model_dir), ("Global", "save_model_dir")
    place, reason = existing(folder), _no_name(folder)
    if reason:
        yield context.finding(ERROR, path, f"{str(folder)!r} is no name of a folder: {reason}")
    elif not place.is_dir() or not os.access(place, os.W_OK):
        reason = "may not be written" if place.is_dir() else "is a file"
        yield context.finding(ERROR, path, f"{folder} cannot be made: {place} {reason}")
    elif folder.is_dir() and holds_a_run(folder) and not goes_on_in(folder, context.checkpoint):
        fate = "removed (Global.overwrite)" if context.options.overwrite else f"moved to {EARLIER}/ in it"
        yield context.finding(NOTE, path, f"it holds another run, whose files will be {fate}")


def _no_name(path):
    """Returns why the system takes a path for no name, such as a part that is too long; empty where it does."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ""
    except (OSError, ValueError) as error:  # ValueError: it has the character NUL
        return getattr(error, "strerror", None) or str(error)
    return ""


def existing(path) -> Path:
    """Returns a path, or the nearest of the folders above it that exists."""
    path = Path(path).absolute()
    return next(place for place in (path, *path.parents) if os.path.exists(place))


def find_keys(value, keys, path=()):
    """Yields ``(YAML path, value)`` of every key of a nested configuration that is one of ``keys``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key in keys:
            yield (*path, key), inner
        else:
            yield from find_keys(inner, keys, (*path, key))
