"""Processes that train the same networks together: what each has of a batch, and what they tell each other.

Each process has its own rows of every batch, and all compute what one process would that has the whole batch. Counts
that a loss divides by are counts of all (`total`), and statistics that a gradient goes through are sums over all
(`summed`). Random numbers are drawn by all alike for the whole batch, of which each takes its rows (`mine`), so that
their generators never part. Gradients are averaged afterwards: a loss that is a sum over a process's own rows counts as
many times as there are processes (`scaled`). Where one process trains alone, every function here gives back what it was
given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True)
class _Part:
    """This process's part: rows `start` to `stop` of each `batch` rows; `here` processes are on its machine."""

    rank: int = 0
    size: int = 1
    here: int = 1
    batch: int = 1
    start: int = 0
    stop: int = 1


_ALONE = _Part()
_part = _ALONE


@contextmanager
def dealt(batch: int, here: int = 1) -> Iterator[None]:
    """Inside, the processes of torch's process group share batches of so many chips of each role.

    Args:
        batch: chips in a batch; at least as many as there are processes.
        here: processes on this machine.
    """
    global _part
    rank, size = dist.get_rank(), dist.get_world_size()
    _part = _Part(rank, size, here, batch, *_bounds(batch, rank, size))
    try:
        yield
    finally:
        _part = _ALONE


def size() -> int:
    """How many processes train together."""
    return _part.size


def alone() -> bool:
    """Whether one process trains."""
    return _part.size == 1


def is_first() -> bool:
    """Whether this process is the one that writes, and speaks for all."""
    return _part.rank == 0


def here() -> int:
    """How many of the processes are on this machine."""
    return _part.here


def share(count: int) -> slice:
    """This process's stretch of `count` things that are dealt out in order."""
    return slice(*_bounds(count, _part.rank, _part.size))


def whole(count: int) -> int:
    """How many rows all processes have together where this one has `count`, a multiple of its chips."""
    return count if alone() else count // (_part.stop - _part.start) * _part.batch


def mine(values: Tensor) -> Tensor:
    """This process's rows of what was drawn for all of them, (`whole(n)`, ...) to (n, ...)."""
    if alone():
        return values
    by_step: Tensor = values.unflatten(0, (-1, _part.batch))
    return by_step[:, _part.start : _part.stop].flatten(0, 1)


def gathered(values: Tensor) -> Tensor:
    """The rows (n, ...) of all processes in the batch's order, (`whole(n)`, ...); gradients go back to theirs."""
    if alone():
        return values
    rows = mine(torch.arange(whole(len(values)), device=values.device))
    return summed(values.new_zeros(whole(len(values)), *values.shape[1:]).index_copy(0, rows, values))


def rolled(values: Tensor) -> Tensor:
    """Every row of a batch in the place of the next one, the last in the first's: (n, ...), without gradients."""
    if alone():
        return values.roll(1, dims=0)
    last = values[-1:].contiguous()
    sent = last.view(torch.uint8) if last.dtype == torch.bool else last
    return torch.cat([stacked(sent)[_part.rank - 1].view(last.dtype), values[:-1]])


def total(values: Tensor) -> Tensor:
    """The sum over processes, without gradients."""
    if alone():
        return values
    found = values.detach().clone(memory_format=torch.contiguous_format)
    dist.all_reduce(found)
    return found


def stacked(values: Tensor) -> Tensor:
    """What each process has, one after the other: (n, ...) to (size, n, ...), without gradients."""
    if alone():
        return values[None]
    found = [torch.empty_like(values) for _ in range(_part.size)]
    dist.all_gather(found, values)
    return torch.stack(found)


def number(count: int) -> int:
    """The sum of a whole number over processes."""
    return count if alone() else int(total(torch.tensor(count)).item())


def summed(values: Tensor) -> Tensor:
    """The sum over processes, through which gradients go: of what all make of it, to what each has put in."""
    return values if alone() else _Sum.apply(values)


def scaled(loss: Tensor) -> Tensor:
    """A loss of this process's own rows, so that the mean over processes is the sum over all rows."""
    return loss if alone() else _part.size * loss


def from_first(value: T) -> T:
    """What the first process has, in all of them; anything that pickles."""
    if alone():
        return value
    found = [value if is_first() else None]
    dist.broadcast_object_list(found, device=torch.device("cpu"))
    return cast("T", found[0])


def everyone(values: list[T]) -> list[T]:
    """The lists of all processes, one after the other."""
    return [each for some in of_each(values) for each in some]


def of_each(value: T) -> list[T]:
    """What each process has, in their order; anything that pickles."""
    if alone():
        return [value]
    found: list[Any] = [None] * _part.size
    dist.all_gather_object(found, value)
    return found


def wait() -> None:
    """Until all processes are here."""
    if not alone():
        total(torch.zeros(()))


@contextmanager
def first_before_others() -> Iterator[None]:
    """What is inside, the first process does before the others begin: it may write what they read."""
    if not is_first():
        wait()
    yield
    if is_first():
        wait()


def same_random_state() -> None:
    """Have the CPU's generator stand everywhere where the first process's does: dropout draws as it has rows."""
    if alone():
        return
    state = torch.get_rng_state()
    dist.broadcast(state, 0)
    torch.set_rng_state(state)


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return total(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return total(gradient)


def _bounds(count: int, rank: int, size: int) -> tuple[int, int]:
    return count * rank // size, count * (rank + 1) // size
