"""``run.json``: what a run knows of itself, a session for each time that it was begun or gone on with."""

import json
import os
from pathlib import Path

from ppocr import json_text

FILE = "run.json"
_SESSIONS = "sessions"


def read_sessions(folder) -> list:
    """Returns the sessions of a run in their order; see :class:`ppocr.engine.run_record.RunRecord`.

    They are mappings unless somebody has changed the file.

    Args:
        folder: ``Global.save_model_dir``.

    Raises:
        FileNotFoundError: there is no such file, as where a run was made before there was one.
        ValueError: it holds something else.
        OSError: it cannot be read.
    """
    content = json_text.parse((Path(folder) / FILE).read_text(encoding="utf-8"))
    sessions = content.get(_SESSIONS) if isinstance(content, dict) else None
    if not sessions or not isinstance(sessions, list):
        raise ValueError(f"{FILE} holds no sessions")
    return sessions


def write_sessions(folder, sessions: list):
    """Writes the sessions of a run, whole or not at all.

    Raises:
        OSError: they cannot be written.
    """
    path = Path(folder) / FILE
    temporary = path.with_name(FILE + ".tmp")
    text = json.dumps({_SESSIONS: sessions}, ensure_ascii=False, indent=1)
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)
