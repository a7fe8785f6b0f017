"""Fixtures that several tests share."""

import logging
import os
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore", message="No ccache found")


@pytest.fixture(autouse=True)
def restored_logger():
    """A command opens log files; the next test starts without them."""
    logger = logging.getLogger("ppocr")
    yield
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture
def ppocr_caplog(caplog):
    """What the project's logger says; it does not propagate to the root logger that caplog listens to."""
    logger = logging.getLogger("ppocr")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    logger.handlers = [caplog.handler]
    logger.setLevel(logging.INFO)
    yield caplog
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)
