"""What every task says of itself; a task overrides what it knows."""

from ppocr.formats.labels import Labels
from ppocr.registry import Registry

TASKS = Registry("task", "ppocr.tasks")


class Task:
    """A task, asked by everything that deals with its labels, results and networks.

    Attributes:
        name: the ``model_type`` of its configurations; empty for a task that is not known.
        labels: the class of its labels.
        free_axes: axes of a network's input ``[N, C, H, W]`` that images may have in any size.
    """

    name = ""
    labels = Labels
    free_axes = ()

    def labels_for(self, operators) -> Labels:
        """Returns what the labels of a data set must be.

        Args:
            operators: those of the data set, of which one turns labels into what is learnt.
        """
        return Labels()

    def text_encoders(self, operators) -> list:
        """Returns the operators that turn texts into numbers; several where a model has branches."""
        return []


def first_of(operators, kind):
    """Returns the first operator of a class, or of one of several classes; None without one."""
    return next((operator for operator in operators if isinstance(operator, kind)), None)
