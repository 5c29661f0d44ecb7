"""Many rasters in one job: one after the other, or shared with other processes; bad ones do not end it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..config import Card
from ..errors import OutputError, RasterError
from ..events import EventLog
from .archive import Item
from .backends import Backend
from .checks import open_raster
from .layers import Results
from .predict import Options, predict
from .region import Elsewhere
from .sharing import Crew, Share


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
    backend: Backend, items: Sequence[Item], options: Options, events: EventLog, crew: Crew | None = None
) -> Outcome:
    """Predict all items of a job.

    Args:
        backend: the model.
        items: what, and where to.
        options: how.
        events: gets `progress`, and a `warning` for each raster that fails.
        crew: other processes that have the same job; each raster is done by one of them, and the last ones together.

    Raises:
        GeoDistilError: the only raster fails, as `predict` says, or none has a part where it was asked for; of
            several, what is not a raster's own fault.
    """
    if len(items) == 1 and crew is None:
        return Outcome([predict(backend, *items[0], options, events)], [])
    done: dict[int, dict[str, Any]] = {}
    for index in _shared(items, crew) if crew else range(len(items)):
        part = (len(done) / len(items), (len(done) + 1) / len(items))
        share = Share(crew, items[index].key) if crew else None
        done[index] = _one(backend, items[index], replace(options, fraction=part, share=share), events)
    return _outcome([done[index] for index in range(len(items))], events)


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
    events.write("warning", message=f"{name} is left out: {error.message}")
    return {"raster": name, "message": error.message, "hint": error.hint}


def _shared(items: Sequence[Item], crew: Crew) -> Iterator[int]:
    """Items that nobody works on; once there are none left, those of others, to help."""
    others = []
    for index, item in enumerate(items):
        if crew.take(item.key):
            yield index
        else:
            others.append(index)
    yield from others


def _one(backend: Backend, item: Item, options: Options, events: EventLog) -> dict[str, Any]:
    """What has become of an item, as JSON."""
    share = options.share
    if share and (outcome := share.outcome):
        return outcome
    try:
        return {"results": predict(backend, *item, options, events).as_dict()}
    except Elsewhere as error:
        outcome = {"elsewhere": {"raster": item.name, "message": error.message, "hint": error.hint}}
    except RasterError as error:
        outcome = {"failed": _failure(item.name, error, events)}
    except OutputError:
        # What others have finished, they have also tidied up.
        if share is None or not (outcome := share.outcome):
            raise
        return outcome
    if share:
        share.outcome = outcome
    return outcome


def _outcome(each: list[dict[str, Any]], events: EventLog) -> Outcome:
    results = [Results.from_dict(one["results"]) for one in each if "results" in one]
    failed = [one["failed"] for one in each if "failed" in one]
    elsewhere = [one["elsewhere"] for one in each if "elsewhere" in one]
    if not results:
        first = (failed or elsewhere)[0]
        none = "" if len(each) == 1 else f"None of the {len(each)} rasters could be predicted. "
        raise RasterError(none + first["message"], first["hint"])
    if elsewhere:
        count = f"{len(elsewhere)} raster{'s have' if len(elsewhere) > 1 else ' has'}"
        events.write("warning", message=f"{count} no part in the area or extent, and no outputs.")
    return Outcome(results, failed)
