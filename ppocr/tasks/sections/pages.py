"""Sections about detectors: the pages with hits, misses and false alarms, and how each page fares."""

import cv2
import numpy as np

from ppocr.drawing.html import Html, bar, foreign, note, table, tag
from ppocr.drawing.section import Section
from ppocr.tasks.sections.texts import lost_words
from ppocr.tasks.sections.thresholds import box_threshold_section

DRAWN = 40  # pages with an image
LISTED = 500
_IMAGE = (1000, 1000)  # pixels that a page may take up
_LEGEND = (
    ("hit", "found"),
    ("missed", "missed"),
    ("false", "false alarm"),
    ("ignored", "not counted"),
)
_HEIGHTS = (8, 16, 24, 32, 48, 64, 96)  # pixels: where the groups of boxes begin
AS_THE_METRIC = (
    "As the metric counts: a box is found where its overlap with a detection (intersection over union) is over 0.5."
)
_ORDER = ("ignored", "truth", "hit", "false", "missed")


def page_sections(evaluated, thumbnails, about: str = AS_THE_METRIC) -> list:
    """Returns the sections about a detector: pages in images, then all pages as a table.

    Args:
        evaluated: :class:`ppocr.report.samples.Evaluated`.
        thumbnails: :class:`ppocr.report.thumbnails.Thumbnails`.
        about: how boxes are counted.
    """
    pages = sorted(evaluated.samples, key=lambda page: (page.hmean, -page.misses - page.false_alarms))
    names = {id(page): thumbnails.name(page.key) for page in pages}
    figures = [_figure(i, page, names[id(page)], thumbnails) for i, page in enumerate(pages[:DRAWN])]
    drawn = [figure for figure in figures if figure is not None]
    legend = tag("ul", [tag("li", title, class_=kind) for kind, title in _LEGEND], class_="key")
    intro = f"{len(drawn)} of {len(pages)} pages, the worst first. A thin line is the truth of what was found."
    intro += lost_words(evaluated)
    rows = [_row(i, page, names[id(page)], figures) for i, page in enumerate(pages[:LISTED])]
    head = ["page", "in the truth", "missed", "false alarms", "recall", "precision", "hmean"]
    more = f" The worst {LISTED} of {len(pages)} are listed." if len(pages) > LISTED else ""
    sections = [
        Section("pages", "Pages", [note(intro), legend, tag("div", drawn, class_="pages")]),
        Section("by-page", "Precision and recall by page", [note(about + more), table(head, rows, sortable=True)]),
        Section("by-size", "Precision and recall by size", _sizes(pages)),
    ]
    if pages and pages[0].sweep:
        sections.append(box_threshold_section(pages, evaluated.post_process.box_thresh))
    return sections


def _sizes(pages):
    """Recall and precision of boxes of about one height, the shorter side of the rectangle around them."""
    there, found, made, right = (np.zeros(len(_HEIGHTS) + 1) for _ in range(4))
    for page in pages:
        truths, detections = _groups(page.truths), _groups(page.detections)
        np.add.at(there, truths[page.pairs.truths], 1)
        np.add.at(made, detections[page.pairs.detections], 1)
        for truth, detection in page.pairs.matches:
            found[truths[truth]] += 1
            right[detections[detection]] += 1
    steps = [f"{low} to {high - 1}" for low, high in zip(_HEIGHTS, _HEIGHTS[1:])]
    names = [f"below {_HEIGHTS[0]}", *steps, f"{_HEIGHTS[-1]} and more"]
    rows = [
        [name, int(there[i]), _bar_of(found[i], there[i]), int(made[i]), _bar_of(right[i], made[i])]
        for i, name in enumerate(names)
        if there[i] or made[i]
    ]
    head = ["height in pixels of the image", "in the truth", "recall", "detections", "precision"]
    return [note("The height is the shorter side of the rectangle around a box."), table(head, rows)]


def _bar_of(part, whole):
    return bar(part / whole) if whole else ""


def _groups(polygons):
    """The number of the size group of each polygon."""
    heights = [min(cv2.minAreaRect(np.asarray(p, np.float32))[1]) for p in polygons]
    return np.digitize(np.round(heights), _HEIGHTS).astype(int)


def _row(position, page, name, figures):
    shown = foreign(name)
    drawn = position < len(figures) and figures[position] is not None
    title = tag("a", shown, href=f"#page-{position}") if drawn else shown
    shares = [bar(page.recall), bar(page.precision), bar(page.hmean)]
    return [title, page.hits + page.misses, page.misses, page.false_alarms, *shares]


def _figure(position, page, name, thumbnails):
    """A page with its polygons, or None where its element cannot be shown."""
    image, boxes = thumbnails.load(page.key), outlines(page)
    fits = image is not None and thumbnails.spend(sum(map(len, boxes)))
    address = thumbnails.address(image, _IMAGE) if fits else ""
    if not address:
        return None
    height, width = image.shape[:2]
    words = f"{page.hits} found, {page.misses} missed, {page.false_alarms} false alarms"
    element = tag("image", href=address, width=width, height=height)
    drawing = tag("svg", element, boxes, viewBox=f"0 0 {width} {height}", role="img", aria_label=words)
    caption = tag("figcaption", tag("b", foreign(name)), f" {words}; hmean {page.hmean:.2f}")
    return tag("figure", caption, drawing, id=f"page-{position}", class_="page")


def outlines(page) -> list:
    """Returns the polygons of a page as elements, what matters most last, so that it lies on top."""
    found, hits = {truth for truth, _ in page.pairs.matches}, {detection for _, detection in page.pairs.matches}
    kinds = _kinds(page.pairs.truths, found, "truth", "missed") + _kinds(page.pairs.detections, hits, "hit", "false")
    drawn = sorted(zip(kinds, [*page.truths, *page.detections]), key=lambda item: _ORDER.index(item[0]))
    return [_polygon(kind, points) for kind, points in drawn]


def _kinds(counted, matched, right, wrong):
    return [right if i in matched else wrong if counts else "ignored" for i, counts in enumerate(counted)]


def _polygon(kind, points) -> Html:
    corners = " ".join(f"{x:g},{y:g}" for x, y in np.round(points, 1))
    return tag("polygon", points=corners, class_=f"box {kind}")
