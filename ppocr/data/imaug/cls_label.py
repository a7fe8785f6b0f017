"""Labels of text-direction classification."""

from ppocr.data.imaug.operator import Operator
from ppocr.errors import Dropped
from ppocr.formats.labels import ClassLabels
from ppocr.registry import OPERATORS
from ppocr.values import Labels


@OPERATORS.register()
class ClsLabelEncode(Operator):
    """Replaces a class name by its index; an unknown one drops the sample (``bad_label``).

    Args:
        label_list: the class names, in the order of the classes.
    """

    reads = ("label",)
    writes = ("label",)

    def __init__(self, label_list: Labels):
        self.index = {str(name): i for i, name in enumerate(label_list)}

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return ClassLabels(frozenset(self.index))

    def __call__(self, data):
        if data["label"] not in self.index:
            raise Dropped("bad_label", f"{data['label']!r} is not one of {', '.join(self.index)}")
        data["label"] = self.index[data["label"]]
        return data
