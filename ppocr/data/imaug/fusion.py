"""Joins neighbouring operators that do their work faster in one pass."""


def fuse(ops: list) -> list:
    """Returns the operators with neighbours joined where one of them offers it.

    An operator joins the next one by a method ``fused_with(next)`` that returns the operator that does the work of
    both, or None where the two cannot be joined.
    """
    fused = []
    for op in ops:
        joined = fused[-1].fused_with(op) if fused else None
        if joined is None:
            fused.append(op)
        else:
            fused[-1] = joined
    return fused
