"""Modules with classes of the user's own, which a configuration names in ``Global.imports``.

Importing them registers the classes, so it comes before validation, which looks class names up.  It runs code that the
configuration names: neither :mod:`ppocr.config` nor validation does it, only what goes on to build or to run something.
"""

import importlib
import sys
import traceback
from pathlib import Path

from ppocr.errors import ConfigError

PATH = ("Global", "imports")


def import_modules(config):
    """Imports what ``Global.imports`` lists; what is imported already is left as it is.

    Each item is the name of a module, which may lie in the current folder, or a ``.py`` file, relative to that folder.
    While a module is imported it finds what lies beside it.

    Args:
        config: the merged configuration; with its ``sources`` errors have file and line.

    Raises:
        ConfigError: no list of texts, no such module or file, or it fails when it is imported.
    """
    section = config.get(PATH[0])
    listed = section.get(PATH[1]) if isinstance(section, dict) else None
    if listed is not None and not (isinstance(listed, list) and all(isinstance(item, str) for item in listed)):
        raise _error(config, f"must be a list of modules and .py files, not {listed!r}")
    for item in listed or ():
        file = Path(item).resolve() if item.endswith(".py") else None
        if file is not None and not file.is_file():
            raise _error(config, f"there is no file {item!r}; paths start at {Path.cwd()}")
        module = _import(config, item, file.stem if file else item, file.parent if file else Path.cwd())
        found = getattr(module, "__file__", None)
        if file is not None and (found is None or Path(found).resolve() != file):
            raise _error(config, f"{item}: another module has the name {file.stem!r} ({found}); rename the file")


def _import(config, item, name, folder):
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            what = f"there is no module {item!r}, neither installed nor in {folder}; a file is named with its .py"
        else:
            what = f"{item} fails when it is imported: {_in_words(error)}"
        raise _error(config, what) from error
    finally:
        sys.path.remove(str(folder))


def _in_words(error):
    """Returns kind, first line and, where code was running, the place of an error."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if "importlib" not in frame.filename]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}{where}"


def _error(config, what):
    source = getattr(config, "sources", {}).get(PATH)
    return ConfigError(f"{f'{source}: ' if source else ''}{'.'.join(PATH)}: {what}")
