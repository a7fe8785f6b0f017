"""The table of one registry: what each of its entries is built from and called with."""

from typing import NamedTuple

import paddle
import pytest


class Row(NamedTuple):
    """What an entry is built from and called with, and what it gives.

    Attributes:
        arguments: its keys.
        takes: what it gets, or the shape of that; of a loss, a post-process or a metric the predictions.
        gives: the result, or the shape of that.
        fields: what it is fed of a batch besides.
        still: names of predictions that get no gradient from a loss.
        higher_is_better: of the main indicator of a metric.
    """

    arguments: dict
    takes: object
    gives: object
    fields: tuple = ()
    still: tuple = ()
    higher_is_better: bool = True


def ids(*rows):
    """Returns labels as a batch has them."""
    return paddle.to_tensor(rows, dtype="int64")


class Table:
    """Rows of the entries of a registry, by the names of their classes or functions.

    Args:
        registry: whose entries are tested.
        name: of the variable that holds the table, for who has to add a row.
        rows: ``{name of a class or function: whatever the test beside it needs}``.
    """

    def __init__(self, registry, name, rows):
        self.registry, self.name, self.rows = registry, name, rows

    def __str__(self):
        return f"{self.name} in tests/contracts"

    def each(self):
        """Returns the decorator of a test that takes ``entry``, the ``(scope, name)`` of every entry in turn."""
        entries = sorted(self.registry.entries())
        ids = [name if scope == "*" else f"{scope}-{name}" for scope, name in entries]
        return pytest.mark.parametrize("entry", entries, ids=ids)

    def row(self, entry):
        """Returns the row of an entry; the test fails where there is none."""
        target = self.registry.entries()[entry].__name__
        if target not in self.rows:
            pytest.fail(f"{self.registry.kind} {entry[1]}: {self} wants a row {target!r}", pytrace=False)
        return self.rows[target]

    def build(self, entry, arguments, **options):
        """Builds an entry as a configuration names it."""
        scope, name = entry
        return self.registry.build({"name": name, **arguments}, scope=None if scope == "*" else scope, **options)

    def unused(self):
        """Returns the rows that belong to no entry."""
        return set(self.rows) - {target.__name__ for target in self.registry.entries().values()}
