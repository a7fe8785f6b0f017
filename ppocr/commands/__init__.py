"""The commands, one file each: ``python tools/NAME.py`` from a checkout, ``ppocr NAME`` once installed."""

import ast
import difflib
import importlib
import importlib.util
import io
import logging
import os
import pkgutil
import signal
import sys
import warnings
from pathlib import Path

import ppocr
from ppocr.errors import UserError
from ppocr.packages import missing_packages
from ppocr.utils.logging import NAME as LOGGER
from ppocr.utils.logging import printable

_SHARED = ("arguments", "inference")  # modules of several commands, none themselves
IN_SEVERAL_PROCESSES = ("train", "eval")  # commands that share their work out


class Terminated(BaseException):
    """A SIGTERM that nothing else notes: training does."""


def main():
    """The installed command: ``ppocr NAME arguments``."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in _SHARED]
    first = sys.argv[1] if len(sys.argv) > 1 else None
    if first in (None, "-h", "--help"):
        print(usage(names), file=sys.stderr if first is None else sys.stdout)
        sys.exit(2 if first is None else 0)
    if first == "--version":
        print(f"ppocr {ppocr.__version__}")
        sys.exit(0)
    if first not in names:
        near = difflib.get_close_matches(first, names, n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        print(f"error: unknown command '{first}'{hint}; ppocr --help lists them", file=sys.stderr)
        sys.exit(2)
    name = sys.argv.pop(1)
    sys.argv[0] = f"ppocr {name}"
    sys.exit(run_command(name))


def usage(names) -> str:
    """Returns what ``ppocr --help`` prints: a line for each command, the first of what it says of itself."""
    width = max(map(len, names))
    rows = [f"  {name:{width}}  {_first_words(name)}" for name in names]
    head = "usage: ppocr COMMAND arguments; ppocr COMMAND --help lists them, ppocr --version says the version"
    return "\n".join([head, "", "commands:", *rows])


def _first_words(name):
    """What the module of a command begins with, up to its usage, read without importing it."""
    module = importlib.util.find_spec(f"{__name__}.{name}")
    return ast.get_docstring(ast.parse(module.loader.get_source(module.name))).split("\n")[0].split(": `")[0]


def command_line(name: str) -> list:
    """Returns the words that start a command: those of a checkout, or those of an installed package."""
    script = Path(ppocr.__file__).parents[1] / "tools" / f"{name}.py"
    return ["python", f"tools/{name}.py"] if script.exists() else ["ppocr", name]


def run_command(name: str) -> int:
    """Runs a command with the words of the process and returns the exit code; see :func:`run`."""
    # Paddle's own, which tell a user nothing: no compiler cache; batch normalisation keeps its statistics.
    warnings.filterwarnings("ignore", message="No ccache found|When training, we now always track")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has not all characters of a text shows their codes
            stream.reconfigure(errors="backslashreplace")
    return run(lambda: _start(name))


def _start(name):
    missing = missing_packages()
    if missing:
        raise UserError(missing)
    count = os.environ.get("PADDLE_TRAINERS_NUM", "1")
    if name not in IN_SEVERAL_PROCESSES and count not in ("", "0", "1"):
        raise UserError(
            f"{name} works in one process, and {count} would write the same files (PADDLE_TRAINERS_NUM is {count}); "
            "start it without paddle.distributed.launch"
        )
    command = importlib.import_module(f"ppocr.commands.{name}")
    signal.signal(signal.SIGTERM, _terminate)  # Paddle, which is imported now, would print a trace of its own
    return command.main()


def _terminate(number, frame):
    raise Terminated


def run(main) -> int:
    """Calls ``main()`` and returns the exit code.

    It is the number that ``main`` returns, 0 if that is anything else, and 2 with one line where the user can mend what
    is wrong.
    """
    try:
        result = main()
    except UserError as error:
        if "--traceback" in sys.argv:
            raise
        say_error(str(error))
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr, flush=True)
        return 130
    except Terminated:
        print("terminated", file=sys.stderr, flush=True)
        return 143
    except BrokenPipeError:
        # Whoever read our output is gone: nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return result if isinstance(result, int) else 0


def say_error(text):
    """Writes an error to standard error, and to ``train.log`` once there is one."""
    sys.stdout.flush()
    logger = logging.getLogger(LOGGER)
    if any(type(handler) is logging.StreamHandler for handler in logger.handlers):
        logger.error("%s", text)
    else:
        print(printable(f"error: {text}"), file=sys.stderr, flush=True)
