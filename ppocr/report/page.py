"""Puts the sections together into one file that needs nothing else."""

import base64
import hashlib
from pathlib import Path
from string import Template

from ppocr.drawing.html import Html, tag

_TEMPLATE = Path(__file__).parent / "template"


def render(title: str, sections) -> str:
    """Returns the page.

    The page's policy lets a browser run the page's own script and nothing else, and load nothing: should a text from a
    label ever get through as markup, it stays without effect.

    Args:
        title: of the page.
        sections: list of :class:`ppocr.drawing.section.Section`.
    """
    style, script, page = (_read(name) for name in ("report.css", "report.js", "page.html"))
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    links = [tag("a", section.title, href=f"#{section.id}") for section in sections]
    body = [tag("section", tag("h2", section.title), section.body, id=section.id) for section in sections]
    return Template(page).substitute(
        title=tag("title", title),
        heading=tag("h1", title),
        policy=tag("meta", http_equiv="Content-Security-Policy", content=policy),
        navigation=tag("nav", links, aria_label="Sections"),
        sections=Html("\n".join(body)),
        style=style,
        script=script,
    )


def _read(name):
    return (_TEMPLATE / name).read_text(encoding="utf-8")
