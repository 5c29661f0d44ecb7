"""Many rasters in one job: one after the other; bad ones do not end it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..config import Card
from ..errors import RasterError
from ..events import EventLog, WarningEvent
from ..types import given
from .archive import Item
from .backends import Backend
from .checks import open_raster
from .done import Done
from .layers import Results
from .opened import Options
from .predict import predict
from .region import Elsewhere


@dataclass
class Outcome:
    """What has become of a job.

    Args:
        results: of each raster that was predicted.
        failed: the rasters that could not be, and why: raster, message, hint.
    """

    results: list[Results]
    failed: list[dict[str, str]]


def predict_many(
    backend: Backend, items: Sequence[Item], options: Options, events: EventLog, done: Done | None = None
) -> Outcome:
    """Predict all items of a job.

    Args:
        backend: the model.
        items: what, and where to.
        options: how.
        events: gets `progress`, and a `warning` for each raster that fails.
        done: what an interrupted start has done, and where to tell what is; none has all of them done.

    Raises:
        GeoDistilError: the only raster fails, as `predict` says, or none has a part where it was asked for; of
            several, what is not a raster's own fault.
    """
    if len(items) == 1:
        return Outcome([predict(backend, *items[0], options, events)], [])
    ends = Ends(items, events, done)
    for number, index in enumerate(ends.missing()):
        part = (number / len(items), (number + 1) / len(items))
        try:
            ends.succeeded(index, predict(backend, *items[index], replace(options, fraction=part), events))
        except RasterError as error:
            ends.failed(index, error)
    return ends.outcome()


class Ends:
    """What becomes of the items of a job.

    Args:
        items: of the job.
        events: get a warning for each raster that fails.
        done: as of `predict_many`.
    """

    def __init__(self, items: Sequence[Item], events: EventLog, done: Done | None = None) -> None:
        self._items, self._events, self._done = items, events, done
        self._results: dict[int, Results] = {}
        self._failed: dict[int, dict[str, str]] = {}
        self._elsewhere: dict[int, RasterError] = {}
        for index, item in enumerate(items) if done else ():
            if results := given(done).results(item):
                self._results[index] = results

    def missing(self) -> list[int]:
        """The items of which nothing has become yet."""
        return [index for index in range(len(self._items)) if not self.has(index)]

    def left(self, index: int, most: int) -> int:
        """How many items nothing has become of yet whose turn is not before one's; no more than so many are counted."""
        missing = (other for other in range(index, len(self._items)) if not self.has(other))
        return sum(1 for _ in itertools.islice(missing, most))

    def has(self, index: int) -> bool:
        """Whether something has become of an item."""
        return any(index in each for each in (self._results, self._failed, self._elsewhere))

    def succeeded(self, index: int, results: Results) -> None:
        """An item has its files."""
        self._results[index] = results
        if self._done:
            self._done.add(self._items[index], results)

    def failed(self, index: int, error: RasterError) -> None:
        """An item cannot be predicted, or has no part where it was asked for."""
        if isinstance(error, Elsewhere):
            self._elsewhere[index] = error
        else:
            self._failed[index] = _failure(self._items[index].name, error, self._events)

    def outcome(self) -> Outcome:
        """What has become of all.

        Raises:
            RasterError: none has files.
        """
        if not self._results:
            errors = [RasterError(one["message"], one["hint"]) for one in self._failed.values()]
            first = (errors or list(self._elsewhere.values()))[0]
            if len(self._items) == 1:
                raise first
            none = f"None of the {len(self._items)} rasters could be predicted. "
            raise RasterError(none + first.message, first.hint)
        if count := len(self._elsewhere):
            told = f"{count} raster{'s have' if count > 1 else ' has'}"
            self._events.write(WarningEvent(f"{told} no part in the area or extent, and no outputs."))
        if self._done and not self._failed:
            self._done.remove()
        results, failed = dict(sorted(self._results.items())), dict(sorted(self._failed.items()))
        return Outcome(list(results.values()), list(failed.values()))


def readable(rasters: Sequence[str], card: Card, failed: list[dict[str, str]], events: EventLog) -> list[str]:
    """The rasters that a model can read; the others are named in a warning and added to `failed`.

    Raises:
        RasterError: it can read none.
    """
    good = []
    for raster in rasters:
        try:
            open_raster(raster, card)
            good.append(raster)
        except RasterError as error:
            failed.append(_failure(raster, error, events))
    if not good:
        raise RasterError(failed[0]["message"], failed[0]["hint"])
    return good


def _failure(name: str, error: RasterError, events: EventLog) -> dict[str, str]:
    events.write(WarningEvent(f"{name} is left out: {error.message}"))
    return {"raster": name, "message": error.message, "hint": error.hint}
