"""Text recognition."""

from ppocr.formats.labels import TextLabels
from ppocr.registry import TASKS
from ppocr.tasks.compared import read_texts
from ppocr.tasks.named import NamingTask
from ppocr.tasks.results import Text
from ppocr.tasks.sections.texts import text_sections


@TASKS.register(name="rec")
class Recognition(NamingTask):
    """Reads lines of text of any width."""

    labels = TextLabels
    free_axes = (3,)
    typed = Text
    key = "text"

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        return read_texts(result, metric, keys)

    def report_sections(self, evaluated, thumbnails):
        """See :class:`Task`."""
        return text_sections(evaluated, thumbnails)
