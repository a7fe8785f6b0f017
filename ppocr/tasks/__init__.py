"""What the framework must know of a task: one object each, found by its name."""

from ppocr.registry import POST_PROCESSES, TASKS
from ppocr.tasks.base import Task


def task_of(name) -> Task:
    """Returns the object of a task; one that knows nothing where there is none of that name, or the name is None."""
    return TASKS.get(name)(name) if name in TASKS.names() else Task()


def task_for(config) -> Task:
    """Returns the task of a configuration: the one that its post-processing names, else that of ``model_type``."""
    model_type = (config.get("Architecture") or {}).get("model_type")
    name = (config.get("PostProcess") or {}).get("name")
    known = name in POST_PROCESSES.names(model_type)
    return task_of((POST_PROCESSES.get(name, model_type).task if known else None) or model_type)
