"""Special symbols of codecs: what stands before and after the characters of the dictionary.

Each codec of text recognition is one :class:`Symbols`, which its label encoder and its decoder share.
"""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Symbols:
    """The special symbols of one codec, in the order of their classes.

    Attributes:
        before, after: names of the symbols before and after the characters.
        start, end, padding, unknown: names of those that play this part; None where there is none.
    """

    before: tuple = ()
    after: tuple = ()
    start: Optional[str] = None
    end: Optional[str] = None
    padding: Optional[str] = None
    unknown: Optional[str] = None

    @property
    def count(self) -> int:
        """Number of special symbols."""
        return len(self.before) + len(self.after)

    def around(self, characters) -> list:
        """Returns the vocabulary: the characters of a dictionary between the special symbols."""
        return [*self.before, *characters, *self.after]

    def index(self, name: Optional[str], characters: int) -> Optional[int]:
        """Returns the class of a symbol with a dictionary of so many characters; None for None."""
        if name is None:
            return None
        if name in self.before:
            return self.before.index(name)
        return len(self.before) + characters + self.after.index(name)


CTC = Symbols(before=("blank",), padding="blank")
ATTENTION = Symbols(before=("sos",), after=("eos",), start="sos", end="eos", padding="sos")
NRTR = Symbols(before=("blank", "<unk>", "<s>", "</s>"), start="<s>", end="</s>", padding="blank", unknown="<unk>")
SAR = Symbols(
    after=("<UKN>", "<BOS/EOS>", "<PAD>"), start="<BOS/EOS>", end="<BOS/EOS>", padding="<PAD>", unknown="<UKN>"
)
SRN = Symbols(after=("sos", "eos"), end="eos", padding="eos")
SEED = Symbols(after=("eos", "padding", "unknown"), end="eos", padding="padding", unknown="unknown")
VITSTR = Symbols(before=("<s>", "</s>"), start="<s>", end="</s>", padding="<s>")
ABINET = Symbols(before=("</s>",), end="</s>")
PARSEQ = Symbols(before=("[E]",), after=("[B]", "[P]"), start="[B]", end="[E]", padding="[P]")
SPIN = Symbols(before=("sos", "eos"), start="sos", end="eos", padding="sos")
PREN = Symbols(before=("<PAD>", "<EOS>", "<UNK>"), end="<EOS>", padding="<PAD>", unknown="<UNK>")
VISIONLAN = Symbols(before=("<end>",), end="<end>", padding="<end>")

CODECS = (CTC, ATTENTION, NRTR, SAR, SRN, SEED, VITSTR, ABINET, PARSEQ, SPIN, PREN, VISIONLAN)
NAMES = frozenset(name for codec in CODECS for name in (*codec.before, *codec.after))
