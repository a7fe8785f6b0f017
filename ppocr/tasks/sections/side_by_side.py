"""Samples that several runs were evaluated on, side by side."""

from collections import Counter

from ppocr.drawing.html import foreign, note, number, table, tag
from ppocr.drawing.page_text import DrawnTexts, gap
from ppocr.drawing.section import Section

_SAMPLES = 60  # that the runs read differently
_PAGES = 200
_IMAGE = (480, 96)


def agreement_section(names, rows, intro: str, thumbnails) -> Section:
    """Returns the section about texts and names that are right or wrong; see ``comparison_section`` of a task."""
    body = [note(intro), _agreement(names, rows), *_disagreements(names, rows, thumbnails)]
    return Section("samples", "Samples", body)


def pages_section(names, rows, intro: str) -> Section:
    """Returns the section about pages with boxes; see ``comparison_section`` of a task."""
    return Section("pages", "hmean by page", [note(intro), _pages(names, rows)])


def _agreement(names, rows):
    counts = Counter(tuple(sample.truth == sample.prediction for sample in found) for _, found in rows)
    marks = {True: tag("span", "right", class_="good"), False: tag("span", "wrong", class_="bad")}
    listed = [[*(marks[right] for right in pattern), count] for pattern, count in sorted(counts.items(), reverse=True)]
    return table([*map(foreign, names), "samples"], listed)


def _disagreements(names, rows, thumbnails):
    apart = [(name, found) for name, found in rows if len({s.truth == s.prediction for s in found}) > 1]
    if not apart:
        return []
    words = f"Right in one run and wrong in another: {len(apart)}."
    words += f" The first {_SAMPLES} are shown." if len(apart) > _SAMPLES else ""
    texts = DrawnTexts(thumbnails.spend)
    cards = [_card(name, names, found, thumbnails, texts) for name, found in apart[:_SAMPLES]]
    return [tag("h3", "Read differently"), note(words), tag("ol", cards, class_="samples runs")]


def _card(title, names, found, thumbnails, texts):
    longest = max([found[0].truth, *(sample.prediction for sample in found)], key=len)

    def line(label, text, kind=None):
        shown = tag("span", text, class_=kind) if text else gap(longest)
        content = texts.element(text, tag("bdi", shown, class_="text"))
        return tag("p", tag("span", foreign(label), class_="label"), content, class_="line")

    lines = [line("truth", found[0].truth)]
    for name, sample in zip(names, found):
        lines.append(line(name, sample.prediction, "good" if sample.truth == sample.prediction else "bad"))
    image = tag("div", thumbnails.element(found[0].key, _IMAGE), class_="image")
    about = tag("p", tag("span", foreign(title), class_="name"), class_="about")
    return tag("li", image, tag("div", lines, about))


def _pages(names, rows):
    rows = sorted(rows, key=lambda row: min(p.hmean for p in row[1]) - max(p.hmean for p in row[1]))[:_PAGES]
    listed = [[foreign(name), *(number(round(page.hmean, 4)) for page in found)] for name, found in rows]
    return table(["page", *map(foreign, names)], listed, sortable=True)
