"""Whether the images of the evaluation are prepared as those that the model will read in use."""

import numpy as np

from ppocr.data.datasets.base import SampleKey
from ppocr.findings import NOTE, WARNING, Finding
from ppocr.inference.in_use import differs_in_use, remark

_MOST = 1000  # images that are looked at unless a number is asked for
_MANY = 0.5  # share of wider ones from which image_shape is likely to be wrong


def check_wide_lines(context):
    """Lines of the evaluation set fit into ``image_shape``; wider ones are read otherwise in use."""
    if context.section("Eval") is None or not differs_in_use(context.resolved, context.dry_run.model):
        return
    dataset = context.dry_run.loader("Eval").dataset
    chosen = dataset.select(0)
    indices = range(len(dataset)) if chosen is None else chosen
    places = np.linspace(0, len(indices) - 1, min(len(indices), context.sample or _MOST)).astype(int)
    samples = [dataset.read(SampleKey(0, int(indices[place])))[0] for place in places]
    wider = sum(getattr(sample, "facts", None) is not None and sample.facts.wider for sample in samples)
    if wider:
        severity = WARNING if wider >= _MANY * len(samples) else NOTE
        yield Finding(severity, remark(wider, len(samples)), *context.where(("Eval", "dataset", "transforms")))
