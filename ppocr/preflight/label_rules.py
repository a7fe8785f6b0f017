"""What the labels of a data set must be, as its operators say."""

from dataclasses import replace

from ppocr.data.imaug.cls_label import ClsLabelEncode
from ppocr.data.imaug.ct_targets import UNREADABLE, CTLabelEncode
from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.data.imaug.rec_label import BaseRecLabelEncode, CTCLabelEncode
from ppocr.data.imaug.rec_label_attention import MultiLabelEncode
from ppocr.formats.boxes import IGNORED_TEXTS
from ppocr.preflight.label_lines import LabelRule


def text_encoders(section) -> list:
    """Returns the operators that turn the texts of a data set into numbers; several where a model has branches."""
    several = section.find(MultiLabelEncode)
    if several is not None:
        return [several.ctc, several.gtc]
    one = section.find(BaseRecLabelEncode)
    return [] if one is None else [one]


def rule_of(section) -> LabelRule:
    """Returns the rule for a :class:`ppocr.preflight.context.DataSection`."""
    rule = _rule_by_operators(section, section.dataset.get("delimiter") or "\t")
    return replace(rule, sizes=bool(section.dataset.get("ds_width")))


def _rule_by_operators(section, delimiter):
    encoders = text_encoders(section)
    if encoders:
        limits = [encoder.longest for encoder in encoders if encoder.longest is not None]
        return LabelRule(
            "text",
            delimiter,
            characters=frozenset(encoders[0].codec.index),
            writing=encoders[0].codec.writing,
            lower=encoders[0].lowers,
            longest=min(limits, default=None),
            ctc=any(isinstance(encoder, CTCLabelEncode) for encoder in encoders),
        )
    for kind, ignored, flat in ((DetLabelEncode, IGNORED_TEXTS, False), (CTLabelEncode, UNREADABLE, True)):
        found = section.find(kind)
        if found is not None:
            return LabelRule("boxes", delimiter, ignored=frozenset(ignored), flat=flat, keep_empty=found.keep_empty)
    classes = section.find(ClsLabelEncode)
    if classes is not None:
        return LabelRule("class", delimiter, classes=frozenset(classes.index))
    return LabelRule("any", delimiter)
