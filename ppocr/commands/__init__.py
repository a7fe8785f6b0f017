"""The commands, one file each: ``python tools/NAME.py`` from a checkout, ``ppocr NAME`` once installed."""

import importlib
import io
import logging
import os
import pkgutil
import sys
import warnings

from ppocr.errors import UserError
from ppocr.utils.logging import NAME as LOGGER

IN_SEVERAL_PROCESSES = ("train", "eval")  # commands that share their work out


def main():
    """The installed command: ``ppocr NAME arguments``."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if sys.argv[1:2] == [] or sys.argv[1] not in names:
        print(f"usage: ppocr NAME arguments; NAME is one of {', '.join(names)}", file=sys.stderr)
        sys.exit(0 if sys.argv[1:2] in (["-h"], ["--help"]) else 2)
    name = sys.argv.pop(1)
    sys.argv[0] = f"ppocr {name}"
    sys.exit(run_command(name))


def run_command(name: str) -> int:
    """Runs a command with the words of the process and returns the exit code; see :func:`run`."""
    # Paddle's own, which tell a user nothing: no compiler cache; batch normalisation keeps its statistics.
    warnings.filterwarnings("ignore", message="No ccache found|When training, we now always track")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has not all characters of a text shows their codes
            stream.reconfigure(errors="backslashreplace")
    return run(lambda: _start(name))


def _start(name):
    count = os.environ.get("PADDLE_TRAINERS_NUM", "1")
    if name not in IN_SEVERAL_PROCESSES and count not in ("", "0", "1"):
        raise UserError(
            f"{name} works in one process, and {count} would write the same files (PADDLE_TRAINERS_NUM is {count}); "
            "start it without paddle.distributed.launch"
        )
    return importlib.import_module(f"ppocr.commands.{name}").main()


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
        print(f"error: {text}", file=sys.stderr, flush=True)
