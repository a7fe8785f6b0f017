"""What only draws or logs never ends a run."""

import contextlib
import logging

from ppocr.failures import describe

logger = logging.getLogger("ppocr")


class BestEffort:
    """Runs what only shows a run: ``with best_effort("curves.png"): ...``.

    Where that fails, there is a warning, once for each thing that is shown, and the run goes on.

    Args:
        but: errors that end the run all the same.
    """

    def __init__(self, but=()):
        self._but, self._said = but, set()

    @contextlib.contextmanager
    def __call__(self, what: str):
        try:
            yield
        except self._but:
            raise
        except Exception as error:  # noqa: BLE001 (other packages raise what they like; no image is worth a run)
            if what not in self._said:
                self._said.add(what)
                logger.warning("%s: cannot be written or drawn, the run goes on without: %s", what, describe(error))
