"""Sections about recognisers and classifiers: worst samples, confusions, accuracy by length and by character."""

import math
from collections import Counter
from functools import partial

from ppocr.drawing.html import bar, foreign, note, percent, shortened, table, tag
from ppocr.drawing.leads import Leads
from ppocr.drawing.page_text import DrawnTexts, gap
from ppocr.drawing.section import Section
from ppocr.tasks.sections.text_errors import (
    MISSED,
    NOTHING,
    REPLACED,
    SAME,
    by_length,
    count_characters,
    edits,
    most_confused,
)
from ppocr.tasks.sections.thresholds import score_section

_IMAGE = (480, 96)  # pixels that the image of a line may take up
_HEAT_ROWS, _HEAT_COLUMNS = 24, 24
_CHARACTERS = 200
_KEY = (("mark", "replaced", "read as another"), ("del", "missed", "missed"), ("mark", "added", "added"))


def text_sections(evaluated, thumbnails) -> list:
    """Returns the sections about a recogniser."""
    pairs = [(sample.truth, sample.prediction) for sample in evaluated.samples]
    counts = count_characters(pairs)
    samples = worst_first(evaluated.samples)
    leads, texts = Leads(samples, _text_errors), DrawnTexts(thumbnails.spend)
    scores = score_section(evaluated.samples)
    return [
        worst_section(evaluated, samples, leads, thumbnails, partial(_show_text, texts=texts), _key()),
        Section("confusions", "Confused characters", _confusions(counts.confused, leads, texts)),
        Section("characters", "Accuracy by character", _characters(counts, leads, texts)),
        Section("lengths", "Accuracy by length", _lengths(pairs)),
        *([scores] if scores else []),
    ]


def class_sections(evaluated, thumbnails) -> list:
    """Returns the sections about a classifier."""
    counts = Counter((sample.truth, sample.prediction) for sample in evaluated.samples)
    samples = worst_first(evaluated.samples)
    leads, texts = Leads(samples, _class_errors), DrawnTexts(thumbnails.spend)
    scores = score_section(evaluated.samples)
    return [
        Section("confusions", "Confusion matrix", _matrix(counts, leads, texts)),
        worst_section(evaluated, samples, leads, thumbnails, partial(_show_class, texts=texts)),
        *([scores] if scores else []),
    ]


def worst_sections(evaluated, thumbnails) -> list:
    """Returns the section with the worst samples alone, for results that are texts of any kind."""
    samples, texts = worst_first(evaluated.samples), DrawnTexts(thumbnails.spend)
    leads = Leads(samples, _class_errors)
    return [worst_section(evaluated, samples, leads, thumbnails, partial(_show_class, texts=texts))]


def _text_errors(sample):
    """Pairs (truth, read) of characters, and each character of the truth that was not read as what it is."""
    confused = count_characters([(sample.truth, sample.prediction)]).confused
    return [*confused, *{(truth,): None for truth, _ in confused if truth != NOTHING}]


def _class_errors(sample):
    return [(sample.truth, sample.prediction)] if sample.truth != sample.prediction else []


def worst_first(samples) -> list:
    """Returns samples in the order of how wrong they are.

    Wrong ones come first, by edit distance, then by confidence: sure and wrong is worse.  Of the right ones those come
    first that the model was least sure of.
    """

    def badness(sample):
        confidence = 0.0 if sample.confidence is None else sample.confidence
        wrong = sample.truth != sample.prediction
        return (wrong, sample.distance, confidence if wrong else -confidence)

    return sorted(samples, key=badness, reverse=True)


def worst_section(evaluated, samples, leads, thumbnails, show, key=None) -> Section:
    """Returns the section with the worst samples, and those that other sections lead to.

    Args:
        evaluated: :class:`ppocr.report.samples.Evaluated` of :class:`ppocr.tasks.compared.TextSample`.
        samples: its samples, the worst first.
        leads: :class:`ppocr.drawing.leads.Leads` of these.
        thumbnails: :class:`ppocr.report.thumbnails.Thumbnails`.
        show: function from a sample to (lines with truth and prediction, words about the difference).
        key: element that explains the marks.
    """
    wrong = sum(sample.truth != sample.prediction for sample in samples)
    shown = [samples[position] for position in leads.listed]
    intro = f"{wrong} of {len(samples)} samples are wrong, as the metric compares them."
    if len(shown) < len(samples):
        intro += f" {len(shown)} are shown: the worst, and some that the tables of this page lead to."
    if wrong < len(shown):
        intro += " The right ones among them are those that the model was least sure of."
    cards = [_card(sample, leads.attributes(p), thumbnails, *show(sample)) for p, sample in zip(leads.listed, shown)]
    intro += lost_words(evaluated)
    search = tag("input", type="search", placeholder="Filter by text or name", data_filter="samples", hidden=True)
    chosen = tag("span", "Only the samples behind a number of a table. ", tag("button", "show all", type="button"))
    listing = tag("ol", cards, class_="samples", id="samples-list")
    body = [note(intro), key, search, tag("p", chosen, id="samples-chosen", hidden=True), listing]
    return Section("samples", "Worst samples", body)


def lost_words(evaluated) -> str:
    """Returns a sentence about samples that no section shows, or an empty text."""
    if not evaluated.lost:
        return ""
    return f" Not among them: {evaluated.lost} that could not be read, which the metric counts as wrong; see Data."


def _key():
    """What the marks in texts mean."""
    marks = [tag("li", tag(name, words, class_=kind)) for name, kind, words in _KEY]
    return tag(
        "ul", marks, tag("li", tag("span", class_="gap", style="--n:2;--w:0"), " nothing here"), class_="marks text"
    )


def _card(sample, attributes, thumbnails, lines, words):
    right = sample.truth == sample.prediction
    about = [tag("span", "right" if right else "wrong", class_="good" if right else "bad")]
    about += [tag("span", text) for text in words]
    if sample.confidence is not None:
        about.append(tag("span", f"confidence {sample.confidence:.2f}"))
    about.append(tag("span", foreign(thumbnails.name(sample.key)), class_="name"))
    image = tag("div", thumbnails.element(sample.key, _IMAGE), class_="image")
    return tag("li", image, tag("div", lines, tag("p", about, class_="about")), **attributes)


def _show_text(sample, texts):
    """Truth and reading below each other, with what differs marked and gaps so that equal characters line up."""
    marks = edits(shortened(sample.truth), shortened(sample.prediction))
    truth = [_stretch(mark.truth, mark.prediction, mark.kind) for mark in marks]
    read = [_stretch(mark.prediction, mark.truth, mark.kind) for mark in marks]
    words = [f"edit distance {percent(sample.distance)}"] if sample.distance else []
    return [_line("truth", truth, sample.truth, texts), _line("read", read, sample.prediction, texts)], words


def _show_class(sample, texts):
    kind = SAME if sample.truth == sample.prediction else REPLACED
    found = _stretch(sample.prediction, sample.truth, kind)
    return [_line("truth", sample.truth, sample.truth, texts), _line("found", found, sample.prediction, texts)], []


def _stretch(own, other, kind):
    if not own:
        return gap(other)
    if kind == SAME:
        return own
    return tag("del" if kind == MISSED else "mark", own, class_=kind)


def _line(title, content, text, texts):
    shown = texts.element(text, tag("bdi", content, class_="text"))
    return tag("p", tag("span", title, class_="label"), shown, class_="line")


def visible(character: str) -> str:
    """Returns a character so that it can be seen: blanks and control characters get a name."""
    if character == NOTHING:
        return "nothing"
    if character == " ":
        return "␣"
    return character if character.isprintable() else f"U+{ord(character):04X}"


def heat_table(counts, rows, columns, leads, texts, *, corner, names=visible, diagonal=False):
    """Returns a matrix of counts, the larger the redder; with ``diagonal`` what is right is not coloured.

    Args:
        counts: ``{(row, column): count}``.
        rows, columns: keys in the order to show.
        leads: from each count to the samples behind it.
        texts: :class:`ppocr.drawing.page_text.DrawnTexts`.
        corner: what the first column and the titles mean.
        names: function from a key to what is shown of it.
        diagonal: whether equal keys are right.
    """
    wrong = [counts[r, c] for r in rows for c in columns if not (diagonal and r == c)]
    largest = max([*wrong, 1])

    def cell(row, column):
        count = counts[row, column]
        if not count:
            return tag("td")
        if diagonal and row == column:
            return tag("td", count, class_="right")
        link = leads.link((row, column), count)
        return tag("td", link, class_="heat", style=f"--heat:{math.sqrt(count / largest):.2f}")

    lines = [
        tag("tr", tag("th", texts.element(names(row)), scope="row"), [cell(row, column) for column in columns])
        for row in rows
    ]
    return table([corner, *(texts.element(names(column)) for column in columns)], lines, class_="matrix")


def _confusions(confused, leads, texts):
    if not confused:
        return [note("No character was taken for another, missed or added.")]
    rows, columns = most_confused(confused, _HEAT_ROWS, _HEAT_COLUMNS)
    total = sum(confused.values())
    shown = sum(confused[row, column] for row in rows for column in columns)
    intro = f"How often the character of a row was read as that of a column; {shown} of {total} errors are shown. "
    intro += "“nothing” as a column: the character was missed; as a row: one was added. A number leads to its samples."
    return [note(intro), heat_table(confused, rows, columns, leads, texts, corner="truth \\ read")]


def _characters(counts, leads, texts):
    worst = sorted(counts.seen, key=lambda c: (counts.right[c] - counts.seen[c], c))[:_CHARACTERS]
    taken = {}
    for (truth, read), count in counts.confused.most_common():
        taken.setdefault(truth, []).append(f"{visible(read) if read else 'missed'} {count}×")
    rows = [
        [
            tag("b", texts.element(visible(c))),
            counts.seen[c],
            leads.link((c,), counts.seen[c] - counts.right[c]),
            bar(counts.right[c] / counts.seen[c]),
            texts.element(", ".join(taken.get(c, [])[:5])),
        ]
        for c in worst
    ]
    head = ["character", "in the truth", "errors", "read as what it is", "taken for"]
    total, right = sum(counts.seen.values()), sum(counts.right.values())
    intro = f"{right} of {total} characters ({percent(right / max(total, 1))}) are right; most errors first."
    if len(worst) < len(counts.seen):
        intro += f" The {len(worst)} with most errors of {len(counts.seen)} are shown."
    return [note(intro), table(head, rows, sortable=True)]


def _lengths(pairs):
    shares = by_length(pairs)
    rows = [[share.title, share.total, share.total - share.right, bar(share.accuracy)] for share in shares]
    return [table(["characters in the truth", "samples", "wrong", "right"], rows)]


def _matrix(counts, leads, texts):
    """The confusion matrix of a classifier and what follows from it for each class."""
    seen, found = Counter(), Counter()
    for (truth, prediction), count in counts.items():
        seen[truth] += count
        found[prediction] += count
    classes = sorted({*seen, *found})
    wrong = Counter({pair: count for pair, count in counts.items() if pair[0] != pair[1]})
    shown = classes
    if len(classes) > _HEAT_ROWS:
        truths, _ = most_confused(wrong, _HEAT_ROWS, _HEAT_COLUMNS)
        shown = sorted(truths) or classes[:_HEAT_ROWS]
    intro = "How often the class of a row was taken for that of a column."
    if len(shown) < len(classes):
        intro += f" The {len(shown)} classes with most errors of {len(classes)} are shown."
    rows = [
        [foreign(c), seen[c], bar(_share(counts[c, c], seen[c])), bar(_share(counts[c, c], found[c]))] for c in classes
    ]
    if len(rows) > _CHARACTERS:
        intro += f" The table lists the first {_CHARACTERS}."
    head = ["class", "samples", "recall", "precision"]
    matrix = heat_table(counts, shown, shown, leads, texts, corner="truth \\ found", names=str, diagonal=True)
    return [note(intro), matrix, table(head, rows[:_CHARACTERS], sortable=True)]


def _share(part, whole):
    return part / whole if whole else 0.0
