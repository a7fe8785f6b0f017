"""A part of the page that the navigation names."""

from typing import NamedTuple


class Section(NamedTuple):
    """``id`` is its anchor, ``body`` a list of elements."""

    id: str
    title: str
    body: list
