"""What CTC needs to align a text (Graves et al., Connectionist Temporal Classification, ICML 2006)."""

import operator


def steps_needed(symbols) -> int:
    """Returns the fewest time steps in which a text can be told: one a symbol, and a blank between equal neighbours.

    Args:
        symbols: list of the entries or the classes of the text.
    """
    return len(symbols) + sum(map(operator.eq, symbols, symbols[1:]))
