"""The codecs of the families of recognisers: their special symbols, and what is particular to their labels and outputs.

A label encoder, a decoder, a head that follows the dictionary and a loss that skips the padding all use one of these.
"""

import operator
from typing import Optional

import numpy as np

from ppocr.text.codec import Codec, Symbols, before_end, mean_confidence
from ppocr.text.direction import TextDirection


class CtcCodec(Codec):
    """CTC: a model gives a class, or the blank, for each time step; repeats are one character.

    Source: Graves et al., Connectionist Temporal Classification, ICML 2006.
    """

    symbols = Symbols(before=("blank",), padding="blank")

    @staticmethod
    def steps_needed(symbols) -> int:
        """Returns the fewest time steps in which a text fits: one per symbol and per blank between equal ones.

        Args:
            symbols: list of the entries or the classes of the text.
        """
        return len(symbols) + sum(map(operator.eq, symbols, symbols[1:]))

    def kept(self, ids):
        """See :class:`ppocr.text.codec.Codec`; of equal neighbours the first one counts."""
        kept = self.kept_of_labels(ids)
        kept[:, 1:] &= ids[:, 1:] != ids[:, :-1]
        return kept

    def kept_of_labels(self, ids):
        """See :class:`ppocr.text.codec.Codec`; repeats stay."""
        return ids != self.padding


class PgCodec(CtcCodec):
    """PGNet: CTC whose blank comes after the characters; a class for each point of a centre line."""

    symbols = Symbols(after=("blank",), padding="blank")


class AttnCodec(Codec):
    """Attention: start, characters, end; the start is the padding too."""

    symbols = Symbols(before=("sos",), after=("eos",), start="sos", end="eos", padding="sos")


class NrtrCodec(Codec):
    """NRTR (https://arxiv.org/abs/1806.00926), whose head has a class more than the vocabulary that means nothing."""

    symbols = Symbols(
        before=("blank", "<unk>", "<s>", "</s>"), start="<s>", end="</s>", padding="blank", unknown="<unk>"
    )
    more_outputs = (0, 1)


class SarCodec(Codec):
    """Show, Attend and Read (https://arxiv.org/abs/1811.00751); the padding is a class that the head never gives."""

    symbols = Symbols(
        after=("<UKN>", "<BOS/EOS>", "<PAD>"), start="<BOS/EOS>", end="<BOS/EOS>", padding="<PAD>", unknown="<UKN>"
    )
    more_outputs = (-1, 0)


class SatrnCodec(SarCodec):
    """SATRN: as SAR, but unknown characters stay in a label, and a long text is cut."""

    keeps_unknown = True

    def label(self, classes, size):
        """See :class:`ppocr.text.codec.Codec`; always fits."""
        return self._padded(self.marked(classes)[:size], size)


class SrnCodec(Codec):
    """SRN (https://arxiv.org/abs/2003.12294): the end mark is the padding too."""

    symbols = Symbols(after=("sos", "eos"), end="eos", padding="eos")


class SeedCodec(Codec):
    """SEED: end, padding and unknown come after the characters."""

    symbols = Symbols(after=("eos", "padding", "unknown"), end="eos", padding="padding", unknown="unknown")


class VitstrCodec(Codec):
    """ViTSTR: start and end come before the characters.

    Args:
        characters, text_direction: see :class:`ppocr.text.codec.Codec`.
        ignore_index: what labels have in the place of the start mark and of the padding.
    """

    symbols = Symbols(before=("<s>", "</s>"), start="<s>", end="</s>", padding="<s>")

    def __init__(self, characters, text_direction: Optional[TextDirection] = None, ignore_index: int = 0):
        super().__init__(characters, text_direction)
        self.start = self.padding = ignore_index

    def kept(self, ids):
        """See :class:`ppocr.text.codec.Codec`; the first place is the start's, and a start further on is shown."""
        is_end = ids == self.end
        is_end[:, 0] = False
        kept = before_end(is_end) & (ids < self.label_classes)
        kept[:, 0] = False
        return kept

    def kept_of_labels(self, ids):
        """See :class:`ppocr.text.codec.Codec`; as of what a model gives."""
        return self.kept(ids)


class AbinetCodec(Codec):
    """ABINet and CPPD: the end comes before the characters, and the padding is no class.

    Args:
        characters, text_direction: see :class:`ppocr.text.codec.Codec`.
        ignore_index: the padding.
    """

    symbols = Symbols(before=("</s>",), end="</s>")

    def __init__(self, characters, text_direction: Optional[TextDirection] = None, ignore_index: int = 100):
        super().__init__(characters, text_direction)
        self.padding = ignore_index


class ParseqCodec(Codec):
    """PARSeq: the end comes before the characters, start and padding, which the head never gives, after them."""

    symbols = Symbols(before=("[E]",), after=("[B]", "[P]"), start="[B]", end="[E]", padding="[P]")
    more_outputs = (-2,)


class SpinCodec(Codec):
    """SPIN: start, which is the padding too, and end come before the characters."""

    symbols = Symbols(before=("sos", "eos"), start="sos", end="eos", padding="sos")


class PrenCodec(Codec):
    """PREN: padding, end and unknown come before the characters; unknown characters stay in a label, not in a text."""

    symbols = Symbols(before=("<PAD>", "<EOS>", "<UNK>"), end="<EOS>", padding="<PAD>", unknown="<UNK>")
    keeps_unknown = True
    shows_unknown = False


class CanCodec(Codec):
    """CAN: blanks stand between the symbols of a formula; the first one of the dictionary is end mark and padding."""

    between = " "

    def __init__(self, characters, text_direction: Optional[TextDirection] = None):
        super().__init__(characters, text_direction)
        self.end = self.padding = 0

    def split(self, text):
        """See :class:`ppocr.text.codec.Codec`."""
        return text.split()

    def marked(self, classes):
        """See :class:`ppocr.text.codec.Codec`."""
        return [*classes, self.end]


class VlCodec(Codec):
    """VisionLAN (https://arxiv.org/abs/2108.09661): the end mark, the padding too, comes before the characters.

    The head adds the end mark itself, so the vocabulary lacks it.
    """

    symbols = Symbols(before=("<end>",), end="<end>", padding="<end>")

    @property
    def vocabulary(self):
        """See :class:`ppocr.text.codec.Codec`."""
        return list(self.characters)

    def decode(self, ids, scores):
        """See :class:`ppocr.text.codec.Codec`; the confidence is the geometric mean over characters and end mark."""
        counted = before_end(ids == self.end)
        counted[:, 1:] = counted[:, :-1].copy()  # the end mark too
        counted[:, 0] = True
        confidences = np.exp(mean_confidence(np.log(scores), counted)).tolist()
        return list(zip(self.texts(ids, self.kept(ids)), confidences))


FAMILIES = (
    CtcCodec,
    PgCodec,
    AttnCodec,
    NrtrCodec,
    SarCodec,
    SrnCodec,
    SeedCodec,
    VitstrCodec,
    AbinetCodec,
    ParseqCodec,
    SpinCodec,
    PrenCodec,
    VlCodec,
)
SYMBOL_NAMES = frozenset(name for family in FAMILIES for name in family.symbols.names)


def parts_of(vocabulary):
    """Returns the vocabulary of a codec as special symbols before the characters, characters, special symbols after.

    The list alone, as checkpoints keep it, identifies the family: the one with most of its symbols around the
    characters.  Where no family fits, every entry with the name of a special symbol is one.
    """
    before, after = _symbols_around(vocabulary) or _named_symbols(vocabulary)
    end = len(vocabulary) - after
    return list(vocabulary[:before]), list(vocabulary[before:end]), list(vocabulary[end:])


def _symbols_around(vocabulary):
    """Returns the numbers of special symbols before and after the characters by the family; None without one."""
    fitting = [family.symbols for family in FAMILIES if family.symbols.stand_around(vocabulary)]
    symbols = max(fitting, key=lambda one: len(one.names), default=None)
    return symbols and (len(symbols.before), len(symbols.after))


def _named_symbols(vocabulary):
    """Returns the numbers of entries at both ends that have the name of a special symbol."""
    before = next((i for i, name in enumerate(vocabulary) if name not in SYMBOL_NAMES), len(vocabulary))
    others = vocabulary[before:][::-1]
    return before, next((i for i, name in enumerate(others) if name not in SYMBOL_NAMES), len(others))
