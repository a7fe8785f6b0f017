"""The project's logger: one name, one line format, the screen and ``train.log``."""

import logging
import sys
from pathlib import Path

from ppocr.errors import UserError

NAME = "ppocr"
FORMAT = "[%(asctime)s] %(name)s %(levelname)s: %(message)s"
DATE_FORMAT = "%Y/%m/%d %H:%M:%S"
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


class _Formatter(logging.Formatter):
    """Shows the codes of characters that would steer a terminal; labels and paths may hold any."""

    def format(self, record):
        return printable(super().format(record))


class _LogFile(logging.FileHandler):
    """A file that ends no run, and fills no screen, when it can no longer be written: that is said once."""

    _said = False

    def handleError(self, record):
        if not self._said:
            self._said = True
            print(f"{self.baseFilename}: cannot be written ({sys.exc_info()[1]})", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Returns a text with the codes of control characters in their place, all but tabs and ends of lines."""
    return text.translate(_CONTROLS)


def quiet_other_packages():
    """Leaves out what other packages tell the root logger, which Paddle and VisualDL turn on when imported."""
    logging.getLogger().setLevel(logging.WARNING)


def get_logger(log_file=None, rank: int = 0) -> logging.Logger:
    """Returns the logger ``ppocr``, writing to standard output (errors: standard error) and, if given, to a file.

    Calling it again replaces the handlers.  Processes of a rank above 0 only say what is wrong, and only on the screen.

    Args:
        log_file: path of the file to append to; its folder is made.
        rank: number of this process.

    Raises:
        UserError: the file cannot be written.
    """
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.INFO if rank == 0 else logging.ERROR)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    said, errors = logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.stderr)
    said.addFilter(lambda record: record.levelno < logging.ERROR)
    errors.setLevel(logging.ERROR)
    handlers = [said, errors]
    if log_file is not None and rank == 0:
        handlers.append(_open_log(log_file))
    for handler in handlers:
        handler.setFormatter(_Formatter(FORMAT, DATE_FORMAT))
        logger.addHandler(handler)
    return logger


def _open_log(path):
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None


def format_config(config, indent: int = 0) -> list:
    """Returns the lines in which the log shows a configuration: keys sorted, nested ones indented by four."""
    lines = []
    pad = " " * 4 * indent
    for key in sorted(config, key=str):
        value = config[key]
        if isinstance(value, dict):
            lines += [f"{pad}{key} : ", *format_config(value, indent + 1)]
        elif isinstance(value, (list, tuple)) and value and all(isinstance(item, dict) for item in value):
            lines.append(f"{pad}{key} : ")
            for item in value:
                lines += format_config(item, indent + 1)
        else:
            lines.append(f"{pad}{key} : {value}")
    return lines
