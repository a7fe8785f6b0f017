"""Whether a process is alive, as far as another process can tell.

A process number means something only among processes that see each other: on one machine, in one container.
"""

import os
from pathlib import Path
from typing import NamedTuple, Optional

_DEAD = ("Z", "X")  # a zombie has ended, but its parent has not collected its exit code


class _Status(NamedTuple):
    """What the system reports about a process: its state, and when it was started, in clock ticks."""

    state: str
    start: str


def namespace() -> Optional[int]:
    """Returns the number of the namespace in which process numbers count here; None where the system has none."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None


def system() -> Optional[str]:
    """Returns what processes share that see each other's numbers, told apart by boot and namespace; None: unknown."""
    here = namespace()
    try:
        return None if here is None else f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}pid:[{here}]"
    except OSError:
        return None


def started(number) -> Optional[str]:
    """Returns when a process of this system was started, in clock ticks; None if unknown."""
    status = _status(number)
    return status and status.start


def is_alive(number, of: Optional[str], start: Optional[str] = None) -> Optional[bool]:
    """Tells whether a process is alive; None if unknown, as for one on another machine.

    Args:
        number: of the process.
        of: its :func:`system`.
        start: what :func:`started` gave for it, since numbers are reused; None: any process of that number.
    """
    if of is None or of != system():
        return None
    if not _exists(number):
        return False
    status = _status(number)
    if status is None:  # another user's, in a system that hides those
        return None
    return status.state not in _DEAD and start in (None, status.start)


def _exists(number):
    if not isinstance(number, int) or number <= 0:
        return False
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _status(number):
    try:
        state, *rest = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return _Status(state, rest[18])
