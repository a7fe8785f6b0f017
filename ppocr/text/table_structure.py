"""The structure of a table as HTML tokens: what opens a cell, codecs of the token dictionaries, cells as HTML."""

import html
from dataclasses import dataclass

from ppocr.text.codec import Codec, Symbols
from ppocr.text.codecs import AttnCodec
from ppocr.text.dictionary import character_list

OPEN, CLOSED, WHOLE, SPANNING = "<td>", "</td>", "<td></td>", "<td"
# What PubTabNet writes into cells without text, and the token of the dictionary of TableMASTER that stands for it
# (https://arxiv.org/abs/2105.01848).
EMPTY_CELLS = {
    (): "<eb></eb>",
    (" ",): "<eb1></eb1>",
    ("<b>", " ", "</b>"): "<eb2></eb2>",
    ("\u2028", "\u2028"): "<eb3></eb3>",
    ("<sup>", " ", "</sup>"): "<eb4></eb4>",
    ("<b>", "</b>"): "<eb5></eb5>",
    ("<i>", " ", "</i>"): "<eb6></eb6>",
    ("<b>", "<i>", "</i>", "</b>"): "<eb7></eb7>",
    ("<b>", "<i>", " ", "</i>", "</b>"): "<eb8></eb8>",
    ("<i>", "</i>"): "<eb9></eb9>",
    ("<b>", " ", "\u2028", " ", "\u2028", " ", "</b>"): "<eb10></eb10>",
}
CELL_STARTS = frozenset((OPEN, WHOLE, SPANNING, *EMPTY_CELLS.values()))
GROUPS = ("<thead>", "</thead>", "<tbody>", "</tbody>")


def sound_tokens(tokens) -> list:
    """Returns the tokens of a label as dictionaries write them: no empty ones, attributes behind a blank."""
    return [f" {token}" if token.startswith(("colspan", "rowspan")) else token for token in tokens if token]


def merged_tokens(tokens) -> list:
    """Returns tokens in which ``<td>`` and ``</td>`` that follow each other are one."""
    merged = []
    for token in tokens:
        if token == CLOSED and merged and merged[-1] == OPEN:
            merged[-1] = WHOLE
        else:
            merged.append(token)
    return merged


def without_groups(tokens) -> list:
    """Returns tokens without those that group rows into head and body."""
    return [token for token in tokens if token not in GROUPS]


def entries_for(characters, merged: bool) -> list:
    """Returns the entries of a dictionary with ``<td></td>`` in the place of ``<td>`` where these are ``merged``."""
    if not merged:
        return list(characters)
    kept = [entry for entry in characters if entry != OPEN]
    return kept if WHOLE in kept else [*kept, WHOLE]


def table_html(tokens, texts=None) -> str:
    """Returns a table as an HTML page.

    Args:
        tokens: of its structure; what a network gives need not be closed.
        texts: of its cells in order; None for empty cells.
    """
    texts, parts = iter(texts or ()), []
    for token in tokens:
        if token in EMPTY_CELLS.values():
            next(texts, "")
            parts.append(WHOLE)
        elif token == WHOLE:
            parts.append(f"<td>{html.escape(next(texts, ''))}</td>")
        elif token == OPEN or token == ">":
            parts.append(token + html.escape(next(texts, "")))
        else:
            parts.append(token)
    return f"<html><body><table>{''.join(parts)}</table></body></html>"


@dataclass(eq=False, repr=False)
class StructureKeys:
    """The keys of whatever reads or writes the structure of tables with a dictionary.

    Args:
        character_dict_path: dictionary of tokens, one a line.
        merge_no_span_structure: ``<td>`` and ``</td>`` without a span are one token, ``<td></td>``.
    """

    character_dict_path: str
    merge_no_span_structure: bool = False

    def build_codec(self, family) -> Codec:
        """Reads the dictionary; ``family`` is the class of the codec.

        Raises:
            DataError: the dictionary cannot be used.
        """
        return family(entries_for(character_list(self.character_dict_path), self.merge_no_span_structure))


class _Tokens:
    """A codec whose texts are lists of tokens.

    Attributes:
        cells: classes of the tokens that open a cell.
    """

    def encode_tokens(self, tokens) -> tuple:
        """Returns the classes of tokens, and those tokens that the dictionary lacks."""
        missing = sorted({token for token in tokens if token not in self.index})
        return [self.index[token] for token in tokens if token in self.index], missing

    @property
    def cells(self) -> list:
        """See the class."""
        return sorted(self.index[token] for token in CELL_STARTS if token in self.index)


class TableCodec(_Tokens, AttnCodec):
    """Tokens of SLANet and of the attention decoder: start, which is the padding too, tokens, end."""


class TableMasterCodec(_Tokens, Codec):
    """Tokens of TableMASTER, with its four symbols behind them."""

    symbols = Symbols(
        after=("<UKN>", "<SOS>", "<EOS>", "<PAD>"), start="<SOS>", end="<EOS>", padding="<PAD>", unknown="<UKN>"
    )
    shows_unknown = False
