"""Text recognition."""

from ppocr.data.imaug.rec_label import BaseRecLabelEncode, CTCLabelEncode
from ppocr.data.imaug.rec_label_attention import MultiLabelEncode
from ppocr.formats.labels import TextLabels
from ppocr.tasks.base import TASKS, Task, first_of


@TASKS.register(name="rec")
class Recognition(Task):
    """Reads lines of text of any width."""

    name = "rec"
    labels = TextLabels
    free_axes = (3,)

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
