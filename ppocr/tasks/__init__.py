"""What the framework must know of a task: one object each, found by ``Architecture.model_type``."""

from ppocr.registry import TASKS
from ppocr.tasks.base import Task


def task_of(name) -> Task:
    """Returns the object of a task; one that knows nothing where there is none of that name, or the name is None."""
    return TASKS.get(name)() if name in TASKS.names() else Task()
