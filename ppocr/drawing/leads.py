"""From a number in a table to the samples behind it."""

from ppocr.drawing.html import tag

WORST = 100  # samples that are listed for being bad
_FURTHER = 200  # that are listed, besides, since a table leads to them
_EACH = 3  # of them for one error


class Leads:
    """The samples that a page lists, and which of them an error leads to.

    Attributes:
        listed: positions of the samples that are listed, in rising order.

    Args:
        samples: in the order of how bad they are.
        errors_of: function from a sample to what went wrong in it: values that can be keys, each once.
    """

    def __init__(self, samples, errors_of):
        self._errors = [list(errors_of(sample)) for sample in samples]
        positions = {}
        for position, errors in enumerate(self._errors):
            for error in errors:
                positions.setdefault(error, []).append(position)
        self.listed = _listed(len(samples), positions)
        self._names = {error: f"e{number}" for number, error in enumerate(positions)}
        shown = set(self.listed)
        self._first = {error: next((p for p in found if p in shown), None) for error, found in positions.items()}

    def attributes(self, position) -> dict:
        """Returns the attributes by which a listed sample is found."""
        names = " ".join(self._names[error] for error in self._errors[position])
        return {"id": f"sample-{position}", "data_errors": names or None}

    def link(self, error, child):
        """Returns ``child`` as a link to the samples in which ``error`` happened; as it is where none is listed."""
        first = self._first.get(error)
        if first is None:
            return child
        return tag("a", child, href=f"#sample-{first}", data_error=self._names[error])


def _listed(count, positions):
    listed = set(range(min(count, WORST)))
    room = len(listed) + _FURTHER
    for found in sorted(positions.values(), key=len, reverse=True):
        wanted = found[:_EACH]
        if len(listed.union(wanted)) <= room:
            listed.update(wanted)
    return sorted(listed)
