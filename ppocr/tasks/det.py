"""Text detection."""

from ppocr.data.imaug.ct_targets import UNREADABLE, CTLabelEncode
from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.formats.boxes import IGNORED_TEXTS
from ppocr.formats.labels import BoxLabels
from ppocr.tasks.base import TASKS, Task, first_of


@TASKS.register(name="det")
class Detection(Task):
    """Finds the boxes of texts on pages of any size."""

    name = "det"
    labels = BoxLabels
    free_axes = (2, 3)

    def labels_for(self, operators):
        """See :class:`Task`."""
        for kind, ignored, flat in ((DetLabelEncode, IGNORED_TEXTS, False), (CTLabelEncode, UNREADABLE, True)):
            encoder = first_of(operators, kind)
            if encoder is not None:
                return BoxLabels(frozenset(ignored), flat, encoder.keep_empty)
        return super().labels_for(operators)
