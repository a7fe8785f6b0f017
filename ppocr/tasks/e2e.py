"""Reading of pages from end to end: boxes and texts from one network."""

from dataclasses import replace

from ppocr.drawing.boxes import read_page
from ppocr.drawing.samples import draw_boxes, pages_beside
from ppocr.drawing.text import TextRenderer
from ppocr.errors import ConfigError
from ppocr.formats.labels import ReadBoxLabels
from ppocr.registry import TASKS
from ppocr.tasks.compared import read_boxes
from ppocr.tasks.det import Detection, in_network
from ppocr.tasks.results import ReadBoxes, by_network, shown_score
from ppocr.tasks.sections.crops import CroppedThumbnails
from ppocr.tasks.sections.pages import page_sections
from ppocr.tasks.sections.texts import text_sections
from ppocr.wording import counted

_ABOUT = (
    "A box is found here where its overlap with a detection (intersection over union) is over 0.5; the metric counts "
    "by what boxes cover of each other, so that a text may be found in parts, too."
)


@TASKS.register(name="e2e")
class PageReading(Detection):
    """Finds the texts on pages of any size and reads them."""

    labels = ReadBoxLabels

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, dict) or "points" not in raw or "texts" not in raw:
            raise ConfigError("this model finds no boxes with texts")
        return ReadBoxes(raw["points"], raw.get("scores"), tuple(raw["texts"]))

    def row(self, result):
        """See :class:`Task`."""
        rows = {network: list(map(_shown, one.lines)) for network, one in by_network(result).items()}
        rows = rows.get("", rows)
        return [rows], {"lines": rows}

    def summary(self, result):
        """See :class:`Task`."""
        return counted(sum(len(one.texts) for one in by_network(result).values()), "text")

    def draw(self, image, result):
        """See :class:`Task`: the page with its boxes, and beside it the texts in their places."""
        lines = [line for one in by_network(result).values() for line in one.lines]
        return read_page(image, lines, TextRenderer())

    def draw_samples(self, samples, metric):
        """See :class:`Task`."""
        pages, lettering = [], TextRenderer()
        for image, (found,), batch in samples:
            (truths,), _ = metric.truth(batch)
            points = in_network(found["points"], batch)
            lines = ReadBoxes(points, None, tuple(found["texts"])).lines
            pages.append(read_page(draw_boxes(image, points, in_network(truths, batch)), lines, lettering))
        return pages_beside(pages)

    def watched(self, post_process):
        """See :class:`Task`: texts come with their scores."""
        post_process.return_scores = True
        return post_process

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        return read_boxes(result, metric.true_texts(batch), metric, keys)

    def report_sections(self, evaluated, thumbnails):
        """See :class:`Task`: how pages fare, and what goes wrong in the texts of the boxes that were found."""
        readings = [reading for page in evaluated.samples for reading in page.readings]
        of_texts = text_sections(replace(evaluated, samples=readings), CroppedThumbnails(thumbnails))
        return [*page_sections(evaluated, thumbnails, _ABOUT), *of_texts]


def _shown(line):
    return {"transcription": line.text, "points": line.points, "score": shown_score(line.score)}
