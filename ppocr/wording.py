"""Words that depend on a number, or on whether there is something to say."""


def counted(number: int, thing: str) -> str:
    """Returns a number and what it counts, for example ``"2 workers"`` or ``"1 batch"``; see :func:`plural`."""
    return f"{number} {plural(number, thing)}"


def counted_are(number: int, thing: str) -> str:
    """Returns the same as :func:`counted` as a sentence begins with it: ``"2 workers are"``, ``"1 batch is"``."""
    return f"{counted(number, thing)} {'is' if number == 1 else 'are'}"


def bracketed(remark: str) -> str:
    """Returns a remark as it stands behind what it is about, ``" (remark)"``; empty if there is none."""
    return f" ({remark})" if remark else ""


def plural(number: int, thing: str) -> str:
    """Returns the word for so many of a thing.

    Args:
        number: how many.
        thing: the word for one of them, which has a regular plural.
    """
    if number == 1:
        return thing
    return thing + ("es" if thing.endswith(("ch", "s", "x")) else "s")
