"""Classification of images, as by the direction of their text."""

from ppocr.formats.labels import ClassLabels
from ppocr.registry import TASKS
from ppocr.tasks.compared import read_classes
from ppocr.tasks.named import NamingTask
from ppocr.tasks.results import ImageClass
from ppocr.tasks.sections.texts import class_sections


@TASKS.register(name="cls")
class Classification(NamingTask):
    """Names the class of images of one size."""

    labels = ClassLabels
    typed = ImageClass
    key = "label"

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        return read_classes(result, keys)

    def report_sections(self, evaluated, thumbnails):
        """See :class:`Task`."""
        return class_sections(evaluated, thumbnails)
