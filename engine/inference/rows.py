"""Which row of windows comes next: what is missing in a journal, divided among those who fill it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from .journal import Journal
from .sharing import Share


def missing_rows(journal: Journal, count: int, border: bool, share: Share | None = None) -> Iterator[tuple[int, bool]]:
    """Rows to run, each with whether it is to be kept, until all are finished or claimed.

    Args:
        journal: the finished ones; others may be adding to it.
        count: of all rows.
        border: whether a row needs the one above, which is then run again, and not kept, where it is not at hand.
        share: claims rows among processes; none leaves all of them to this one.
    """
    claimed: set[int] = set()
    previous = None
    while (row := _claim(journal, count, claimed, previous, share)) is not None:
        if border and row and row - 1 != previous:
            yield row - 1, False
        yield row, True
        previous = row


def _claim(journal: Journal, count: int, claimed: set[int], previous: int | None, share: Share | None) -> int | None:
    while True:
        missing = set(range(count)) - journal.finished() - claimed
        taken = share.taken_rows(missing) if share else set()
        row = next_row(missing - taken, taken, previous)
        if row is None:
            return None
        if share is None or share.take_row(row):
            claimed.add(row)
            return row


def next_row(free: set[int], taken: set[int], previous: int | None) -> int | None:
    """The row below the previous one, or else one in the longest run of free rows, none where there are none.

    Below a row that someone else works on, it is the run's middle: the upper half is what they will go on with.
    """
    if not free:
        return None
    if previous is not None and previous + 1 in free:
        return previous + 1
    runs = [[row for _, row in run] for _, run in itertools.groupby(enumerate(sorted(free)), lambda at: at[1] - at[0])]
    longest = max(runs, key=len)
    return longest[len(longest) // 2] if longest[0] - 1 in taken else longest[0]
