"""Text recognition."""

from ppocr.data.imaug.rec_label import BaseRecLabelEncode, CTCLabelEncode
from ppocr.data.imaug.rec_label_attention import MultiLabelEncode
from ppocr.formats.labels import TextLabels
from ppocr.registry import TASKS
from ppocr.tasks.base import first_of
from ppocr.tasks.compared import read_texts
from ppocr.tasks.named import NamingTask
from ppocr.tasks.results import Text
from ppocr.tasks.sections.texts import text_sections


@TASKS.register(name="rec")
class Recognition(NamingTask):
    """Reads lines of text of any width."""

    name = "rec"
    labels = TextLabels
    free_axes = (3,)
    typed = Text
    key = "text"

    def labels_for(self, operators):
        """See :class:`Task`."""
        encoders = self.text_encoders(operators)
        if not encoders:
            return super().labels_for(operators)
        return TextLabels(
            characters=frozenset(encoders[0].codec.index),
            writing=encoders[0].codec.writing,
            lower=encoders[0].lowers,
            longest=min((one.longest for one in encoders if one.longest is not None), default=None),
            ctc=first_of(encoders, CTCLabelEncode) is not None,
        )

    def text_encoders(self, operators):
        """See :class:`Task`."""
        several = first_of(operators, MultiLabelEncode)
        if several is not None:
            return [several.ctc, several.gtc]
        one = first_of(operators, BaseRecLabelEncode)
        return [] if one is None else [one]

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        return read_texts(result, metric, keys)

    def report_sections(self, evaluated, thumbnails):
        """See :class:`Task`."""
        return text_sections(evaluated, thumbnails)
