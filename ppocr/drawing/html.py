"""Building blocks of the page: elements whose content is escaped unless it is an element itself."""

import math
from html import escape

LONGEST_TEXT = 400  # characters of a label or a value that are shown

_VOID = ("br", "img", "input", "image", "line", "rect", "circle", "polygon", "polyline", "path")


class Html(str):
    """Text that is HTML already; everything else is escaped when it becomes part of an element."""


def tag(name: str, *children, **attributes) -> Html:
    """Returns an element.

    Args:
        name: of the element.
        *children: :class:`Html`, lists of children, None for nothing; anything else is shown as text.
        **attributes: ``class_`` stands for ``class``, ``text_anchor`` for ``text-anchor``; True gives the bare name,
            None and False leave the attribute out.
    """
    words = [name, *(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))]
    inner = "".join(map(_child, children))
    if name in _VOID and not inner:
        return Html(f"<{' '.join(words)}/>")
    return Html(f"<{' '.join(words)}>{inner}</{name}>")


def _attribute(key, value):
    name = key.rstrip("_").replace("_", "-")
    return name if value is True else f'{name}="{escape(str(value))}"'


def _child(child):
    if child is None:
        return ""
    if isinstance(child, (list, tuple)):
        return "".join(map(_child, child))
    return child if isinstance(child, Html) else escape(str(child))


def shortened(text, longest: int = LONGEST_TEXT) -> str:
    """Returns a text cut to a length that a page can show."""
    text = str(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def foreign(text) -> Html:
    """Returns a text from a label or a model: cut, and kept from turning the direction of what surrounds it."""
    return tag("bdi", shortened(text))


def number(value) -> str:
    """Returns a number with as many digits as help a reader: ``0.9832``, ``12.4``, ``1520``, ``3.2e-05``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return str(value)
    if isinstance(value, int) or value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 1e-3 else f"{value:.4g}"


def percent(share: float) -> str:
    """Returns a share as a percentage: ``97.5 %``."""
    return f"{100 * share:.1f} %"


def table(head, rows, *, class_=None, sortable=False) -> Html:
    """Returns a table in a box that scrolls.

    Args:
        head: titles of the columns.
        rows: list of rows: a list of cells, or a finished ``tr``.
        class_: further class of the table.
        sortable: whether a click on a title sorts it.
    """
    cells = [tag("th", title, scope="col") for title in head]
    body = [row if isinstance(row, Html) else tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    classes = " ".join(filter(None, [class_, "sortable" if sortable else None])) or None
    return tag("div", tag("table", tag("thead", tag("tr", cells)), tag("tbody", body), class_=classes), class_="scroll")


def facts(pairs) -> Html:
    """Returns a list of (name, value) as a definition list."""
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in pairs], class_="facts")


def note(*children) -> Html:
    """Returns a paragraph that explains."""
    return tag("p", *children, class_="note")


def bar(share: float) -> Html:
    """Returns a horizontal bar that is full at 1, with the percentage beside it."""
    width = f"width:{100 * min(max(share, 0.0), 1.0):.1f}%"
    return tag("span", tag("span", tag("span", style=width), class_="track"), percent(share), class_="bar")
