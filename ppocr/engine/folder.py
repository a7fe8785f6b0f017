"""The folder of a run at its start: whose it is, what a run goes on from, what an earlier run has left in it."""

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ppocr.checkpoint.facts import RESUME, read_facts, refuse_others
from ppocr.checkpoint.files import is_checkpoint_file
from ppocr.checkpoint.loading import newest_checkpoint
from ppocr.checkpoint.transfer import strip_suffix
from ppocr.engine.folder_lock import FolderLock, given_up_on_error
from ppocr.errors import ConfigError, UserError
from ppocr.utils.metrics_file import FILE as METRICS
from ppocr.utils.run_file import FILE as RECORD

EARLIER = "earlier"
_WRITTEN = ("config.yml", "base.yml", "train.log", METRICS, RECORD, "curves.png", "examples.png", "report.html")
_FOLDERS = ("vdl", "bad_batches")
_WEIGHTS = ("checkpoints", "pretrained_model", "pretrained")  # keys that name weights


@dataclass
class Opening:
    """What the first process has found and done in the folder of a run; the others are told.

    Attributes:
        checkpoint: prefix that the run goes on from, by ``Global.resume: auto`` or ``checkpoints``; None for a new run.
        moved: ``{name in the folder: name in it now}`` of the files of an earlier run.
        warnings: what there is to say, one line each.
    """

    checkpoint: Optional[str] = None
    moved: dict = field(default_factory=dict)
    warnings: list = field(default_factory=list)


def open_folder(config, options, path, facts=None) -> Opening:
    """Takes the folder of a run for this process and makes it ready; another run's files in it are set aside.

    Args:
        config: the merged configuration.
        options: its :class:`ppocr.options.GlobalOptions`; ``save_model_dir`` exists.
        path: the file that the configuration comes from, or None.
        facts: of the run, as far as they are known; a checkpoint that it cannot go on from is refused before anything
            is changed.

    Raises:
        UserError: another process writes into it, what is to be replaced is needed, or the checkpoint is for another
            run.
    """
    folder = Path(options.save_model_dir)
    FolderLock(folder).acquire()
    with given_up_on_error(folder):
        try:
            return _open(folder, config, options, path, facts or {})
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{folder}: the run in it cannot be moved or removed ({reason}); name another") from None


def _open(folder, config, options, path, facts):
    remove_rests(folder)
    start, damaged = where_to_go_on(options)
    opening = Opening(start, warnings=damaged)
    if start:
        start = strip_suffix(start)
        refuse_others(start, read_facts(start), facts, RESUME)
    if goes_on_in(folder, start) or not holds_a_run(folder):
        if options.resume == "auto" and not start:
            opening.warnings += _earlier_runs(folder)
        return opening
    if options.overwrite:
        _replace(folder, config)
        opening.warnings.append(f"{folder}: the files of the run that it held are replaced (Global.overwrite)")
        return opening
    opening.moved = _set_aside(folder, copied=("base.yml",) if _is_own(folder, path) else ())
    target = folder / next(iter(opening.moved.values()))
    resume = "" if options.resume == "auto" else "Global.resume=auto would have gone on with it, "
    opening.warnings.append(
        f"{folder} held another run, whose files are in {target.parent} now; {resume}"
        "Global.overwrite=true would have replaced it"
    )
    return opening


def where_to_go_on(options) -> tuple:
    """Returns the prefix that a run goes on from, or None, and a line for each damaged checkpoint that is passed over.

    With ``resume: auto`` a run whose folder holds nothing to go on with begins with what ``checkpoints`` names.

    Args:
        options: :class:`ppocr.options.GlobalOptions`.
    """
    newest, damaged = newest_checkpoint(options.save_model_dir) if options.resume == "auto" else (None, [])
    return newest or options.checkpoints, damaged


def goes_on_in(folder, checkpoint) -> bool:
    """Tells whether a run that begins with a checkpoint (None: with none) goes on with the run of its folder."""
    return bool(checkpoint) and Path(checkpoint).resolve().parent == Path(folder).resolve()


def holds_a_run(folder) -> bool:
    """Tells whether a folder holds checkpoints or numbers of an earlier run."""
    names = os.listdir(folder)
    return METRICS in names or any(name.endswith(".pdparams") and is_checkpoint_file(name) for name in names)


def run_files(folder) -> list:
    """Returns the names of what a run writes into its folder, and of nothing else in it."""
    return [name for name in sorted(os.listdir(folder)) if name in (*_WRITTEN, *_FOLDERS) or is_checkpoint_file(name)]


def remove_rests(folder):
    """Removes what a run that was killed while it wrote a checkpoint has left."""
    for name in os.listdir(folder):
        if name.endswith(".tmp") and is_checkpoint_file(name):
            (Path(folder) / name).unlink(missing_ok=True)


def follow(section, folder, moved: dict):
    """Has the keys of a section that name weights, in place, name them where they are now.

    Args:
        section: a mapping or list of the configuration; what is in it is looked at too.
        folder: of the run.
        moved: see :class:`Opening`.
    """
    for holder, key in _named_weights(section, folder, moved):
        place, name = os.path.split(holder[key])
        target = next(new for old, new in moved.items() if _belongs(old, name))
        holder[key] = os.path.join(place, os.path.dirname(target), name)


def _named_weights(section, folder, names):
    """Yields (mapping, key) of everything in a section that names a file, or the prefix of files, of the folder."""
    items = section.items() if isinstance(section, dict) else enumerate(section)
    for key, value in list(items):
        if isinstance(value, (dict, list)):
            yield from _named_weights(value, folder, names)
        elif key in _WEIGHTS and isinstance(value, str):
            place, name = os.path.split(value)
            here = os.path.realpath(place or ".") == os.path.realpath(folder)
            if here and any(_belongs(old, name) for old in names):
                yield section, key


def _belongs(file, name):
    return file == name or file.rpartition(".")[0] == name


def _is_own(folder, path):
    return path is not None and Path(path).resolve() == (folder / "config.yml").resolve()


def _replace(folder, config):
    names = run_files(folder)
    for holder, key in _named_weights(config, folder, names):
        raise ConfigError(
            f"Global.overwrite: {key}={holder[key]} lies in {folder}, whose files it would remove; name another "
            "Global.save_model_dir, or leave overwrite out to move them"
        )
    for name in names:
        place = folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()


def _set_aside(folder, copied):
    names, target = run_files(folder), _next_place(folder / EARLIER)
    for name in names:
        if name in copied:
            shutil.copy2(folder / name, target / name)
        else:
            os.rename(folder / name, target / name)
    return {name: str(Path(EARLIER) / target.name / name) for name in names}


def _next_place(earlier):
    """Makes and returns the next numbered folder."""
    try:
        earlier.mkdir(exist_ok=True)
    except FileExistsError:
        raise UserError(
            f"{earlier}: is no folder, and the run that lies beside it is to be moved into a folder of that name; "
            "rename the file, or name another Global.save_model_dir"
        ) from None
    numbers = [int(name) for name in os.listdir(earlier) if re.fullmatch(r"\d+", name)]
    target = earlier / str(max(numbers, default=0) + 1)
    target.mkdir()
    return target


def _earlier_runs(folder):
    """Yields what to say where there is nothing to go on with but runs that were set aside."""
    places = sorted((folder / EARLIER).glob("*/latest.pdparams"), key=lambda file: file.stat().st_mtime)
    if places:
        yield (
            f"{folder} holds nothing to resume from, so a new run begins; an earlier one is in {places[-1].parent}: "
            f"Global.checkpoints={places[-1].with_suffix('')} goes on with it"
        )
