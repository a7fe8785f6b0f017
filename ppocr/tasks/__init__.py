"""What the framework must know of a task: one object each, found by its name."""

import inspect

from ppocr.errors import ConfigError
from ppocr.failures import in_one_line
from ppocr.registry import POST_PROCESSES, TASKS
from ppocr.tasks.base import Task


def task_of(name) -> Task:
    """Returns the object of a task; one that knows nothing where there is none of that name, or the name is None."""
    return known_task(name) if name in TASKS.names() else Task()


def known_task(name: str) -> Task:
    """Returns the object of a task.

    Raises:
        ConfigError: there is none of that name, or what is registered under it is no task.
    """
    kind = TASKS.get(name)
    if not (inspect.isclass(kind) and issubclass(kind, Task)):
        raise ConfigError(f"task {name!r}: {kind.__name__} must be derived from ppocr.tasks.Task")
    return kind(name)


def asking(task, about):
    """Returns a context in which a task answers, which may be one of somebody's own; ``about`` says of what.

    Raises:
        UserError: it fails; one line says where.
    """
    return in_one_line(f"task {task.name!r} ({type(task).__name__}) fails on {about}")


def task_for(config) -> Task:
    """Returns the task of a configuration: the one that its post-processing names, else that of ``model_type``."""
    model_type = (config.get("Architecture") or {}).get("model_type")
    name = (config.get("PostProcess") or {}).get("name")
    known = name in POST_PROCESSES.names(model_type)
    return task_of((POST_PROCESSES.get(name, model_type).task if known else None) or model_type)
