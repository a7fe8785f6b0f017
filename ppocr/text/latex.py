"""One way to write a formula in LaTeX, whatever spaces stand between its parts."""

import re

# names that are spelt letter by letter: \operatorname { s i n }
_SPELT = re.compile(r"\\(?:operatorname|mathrm|mathbf)\s*\*?\s*\{[^{}]*\}")
# spaces that end a command before a letter, part two letters, or belong to the command "\ " stay
_IDLE = re.compile(r"(?<=[^A-Za-z\\\s])\s+|(?<!\\)\s+(?=[^A-Za-z\s])|\s+$")


def normalise_latex(text: str) -> str:
    """Returns a formula without the spaces that mean nothing; those between letters become one.

    ``\\frac { a } { b c }`` becomes ``\\frac{a}{b c}``, ``\\mathrm { s i n } x`` becomes ``\\mathrm{sin}x``.
    """
    text = _SPELT.sub(lambda found: re.sub(r"\s", "", found[0]), text.strip())
    return re.sub(r"(?<=[A-Za-z])\s+", " ", _IDLE.sub("", text))
