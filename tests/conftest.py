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

from ppocr import registry  # noqa: E402 (from this checkout)


@pytest.fixture(autouse=True)
def restored_logger():
    """A command opens log files; the next test starts without them."""
    logger = logging.getLogger("ppocr")
    yield
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture
def forgotten_modules(tmp_path):
    """Modules in ``tmp_path`` that a test imports, and what they register, are forgotten after it."""
    registries = [one for one in vars(registry).values() if isinstance(one, registry.Registry)]
    entries = [one.entries() for one in registries]
    yield
    for one, kept in zip(registries, entries):
        one._entries = kept
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


@pytest.fixture
def ppocr_caplog(caplog):
    """What the project's logger says, once, whether or not it propagates to the root logger that caplog listens to."""
    logger = logging.getLogger("ppocr")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    logger.handlers, logger.propagate = [caplog.handler], False
    logger.setLevel(logging.INFO)
    yield caplog
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)
