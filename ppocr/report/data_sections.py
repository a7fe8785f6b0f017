"""What the training and evaluation sets look like: labels, sizes of images, what cannot be read."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ppocr.data import build_dataloader
from ppocr.data.datasets.base import SampleKey
from ppocr.drawing.charts import histogram
from ppocr.drawing.html import bar, facts, foreign, note, table, tag
from ppocr.drawing.section import Section
from ppocr.errors import UserError
from ppocr.report.thumbnails import load_image
from ppocr.wording import counted

LABELS, IMAGES = 1000, 200  # samples of a set that are looked at
_NAMED = 10
_CLASSES = 40


@dataclass
class DataSummary:
    """What some samples of a set are like.

    Attributes:
        name: of the section.
        samples: in the whole set.
        labels: those that were looked at.
        sizes: ``(width, height)`` of some images, in pixels.
        unreadable: names of the samples among these whose image cannot be read.
    """

    name: str
    samples: int
    labels: list = field(default_factory=list)
    sizes: list = field(default_factory=list)
    unreadable: list = field(default_factory=list)


def summarise(name, dataset) -> DataSummary:
    """Looks at samples that are spread evenly over a set."""
    total = dataset.sample_count()
    summary = DataSummary(name, total, [dataset.label_of(index) for index in _spread(total, LABELS)])
    for index in _spread(total, IMAGES):
        image = load_image(dataset, SampleKey(0, index))
        if image is None:
            summary.unreadable.append(dataset.describe(index))
        else:
            summary.sizes.append((image.shape[1], image.shape[0]))
    return summary


def _spread(total, most):
    return np.linspace(0, total - 1, min(total, most)).astype(int).tolist()


def look_at_data(config, missing: list) -> list:
    """Returns the :class:`DataSummary` of the ``Train`` and ``Eval`` sets; notes in ``missing`` what cannot be read."""
    summaries = []
    for name in ("Train", "Eval"):
        if not config.get(name):
            continue
        try:
            summaries.append(summarise(name, build_dataloader(config, name, "cpu", None).dataset))
        except UserError as error:
            missing.append(f"The data of {name} cannot be shown: {error}")
    return summaries


def data_section(summaries, labels, unused: str, run_facts) -> Section:
    """Returns the section about the data.

    Args:
        summaries: list of :class:`DataSummary`.
        labels: class of the labels, see :mod:`ppocr.formats.labels`.
        unused: what evaluation could not read.
        run_facts: what the run says of itself.
    """
    body = [part for summary in summaries for part in _set(summary, labels)]
    said = [("in training", run_facts.get("training data")), ("in this evaluation", unused)]
    lost = [(title, foreign(text)) for title, text in said if text]
    if lost:
        body += [tag("h3", "Samples that could not be used"), facts(lost)]
    return Section("data", "Data", body)


def _set(summary, labels):
    looked = counted(summary.samples, "sample")
    if summary.samples > min(LABELS, IMAGES):
        looked += f"; labels of {len(summary.labels)} and images of {len(summary.sizes)}, spread evenly, were looked at"
    parts = [tag("h3", summary.name), note(looked + ".")]
    if summary.unreadable:
        names = ", ".join(summary.unreadable[:_NAMED]) + (", ..." if len(summary.unreadable) > _NAMED else "")
        count = len(summary.unreadable)
        parts.append(tag("p", f"{count} of these images cannot be read: ", foreign(names), class_="warning"))
    charts = _label_charts(summary.labels, labels)
    if summary.sizes:
        widths, heights = np.array(summary.sizes, dtype=float).T
        charts += [histogram("Width of images, pixels", widths), histogram("Height of images, pixels", heights)]
        charts.append(histogram("Width to height", np.round(widths / heights, 2)))
    parts.append(tag("div", charts, class_="charts"))
    if labels.are_classes:
        parts.append(_class_counts(summary.labels))
    return parts


def _label_charts(found, labels):
    return [histogram(labels.measured, list(map(labels.size_of, found)))] if labels.measured else []


def _class_counts(labels):
    counts = Counter(labels).most_common(_CLASSES)
    return table(["class", "labels", "share"], [[foreign(c), n, bar(n / len(labels))] for c, n in counts])
