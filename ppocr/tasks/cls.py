"""Classification of images, as by the direction of their text."""

from ppocr.data.imaug.cls_label import ClsLabelEncode
from ppocr.formats.labels import ClassLabels
from ppocr.tasks.base import TASKS, Task, first_of


@TASKS.register(name="cls")
class Classification(Task):
    """Names the class of images of one size."""

    name = "cls"
    labels = ClassLabels

    def labels_for(self, operators):
        """See :class:`Task`."""
        encoder = first_of(operators, ClsLabelEncode)
        return super().labels_for(operators) if encoder is None else ClassLabels(frozenset(encoder.index))
