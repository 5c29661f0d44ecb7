"""Where on its machine each worker belongs: cores and a card of its own, where several share a machine."""

from __future__ import annotations

import itertools
import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Of one worker.

    Attributes:
        cores: numbers of those that are its own; none where nothing is to be changed.
        card: the NVIDIA card that it sees; none where nothing is to be changed.
    """

    cores: tuple[int, ...] = ()
    card: str = ""


class About(NamedTuple):
    """What a worker says of itself.

    Attributes:
        name: among the workers.
        host: its machine.
        version: its engine's.
        mark: what it sees of the file in the shared folder; empty where it sees none, - where it may not write there.
        cores: numbers of those that it may use.
        cards: those that it sees.
    """

    name: Any
    host: str
    version: str
    mark: str
    cores: tuple[int, ...]
    cards: tuple[str, ...]


def own_cores() -> tuple[int, ...]:
    """Numbers of the cores that this process may use; none where the system does not say."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def own_cards() -> tuple[str, ...]:
    """The NVIDIA cards that this process sees."""
    from ...inference.backends.choice import gpus

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(filter(None, named.split(",")))
    return tuple(str(number) for number in range(len(gpus())))


def places_of(workers: Sequence[About]) -> dict[Any, Place]:
    """Cores and cards of machines dealt among workers that see the same ones.

    Libraries bind their threads to the first cores that they may use, so that several processes would sit on one.
    """
    together: dict[Any, list[About]] = defaultdict(list)
    for worker in workers:
        together[worker.host, worker.cores, worker.cards].append(worker)
    return {
        worker.name: Place(_share(worker.cores, number, len(group)), _card(worker.cards, number))
        for group in together.values()
        for number, worker in enumerate(sorted(group, key=lambda each: str(each.name)))
    }


def _share(cores: tuple[int, ...], number: int, count: int) -> tuple[int, ...]:
    if count == 1 or not cores:
        return ()
    if len(cores) < count:
        return (cores[number % len(cores)],)
    start, end = (len(cores) * each // count for each in (number, number + 1))
    return cores[start:end]


def _card(cards: tuple[str, ...], number: int) -> str:
    return cards[number % len(cards)] if len(cards) > 1 else ""


def settle(place: Place) -> None:
    """Have this process at its place, also the threads that it has already."""
    if place.card:
        os.environ["CUDA_VISIBLE_DEVICES"] = place.card
    if place.cores and hasattr(os, "sched_setaffinity"):
        tasks = Path("/proc/self/task")
        threads = [int(each.name) for each in tasks.iterdir()] if tasks.is_dir() else [threading.get_native_id()]
        for thread in itertools.chain([0], threads):
            with suppress(OSError):  # it has just ended
                os.sched_setaffinity(thread, place.cores)
