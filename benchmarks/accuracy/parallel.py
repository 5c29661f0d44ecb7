"""Rows and seeds side by side, each in a process with its own share of the processors."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .declare import Form, Ground, Row


@dataclass(frozen=True)
class Job:
    """One row with one seed."""

    row: Row
    form: Form
    ground: Ground
    seed: int
    seed_folder: Path

    @property
    def key(self) -> tuple[Path, str]:
        """What tells it from other jobs."""
        return self.seed_folder, self.row.name

    def needs(self) -> set[tuple[Path, str]]:
        """Keys of the jobs that train its teachers."""
        return {(self.seed_folder, name) for name in self.row.taught_by}

    def carry_out(self) -> dict[str, Any]:
        """The row's result; it is trained where there is none yet."""
        from .running import carry_out  # it imports torch, which counts the processors that it may use

        return carry_out(self.row, self.form, self.ground, self.seed, self.seed_folder)


def carried_out(jobs: list[Job], processes: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Jobs with their results as they finish; none begins before its teachers are done.

    Args:
        jobs: in the order in which they are wished for, teachers among them; what others wait for comes first.
        processes: how many run at a time.

    Raises:
        SystemExit: some failed; all that do not need them were carried out first, and what failed was printed.
    """
    needed = set().union(*(job.needs() for job in jobs))
    waiting, done, failed = sorted(jobs, key=lambda job: job.key not in needed), set(), set()
    running: dict[Future, Job] = {}
    with _pool(processes) as pool:
        while waiting or running:
            hopeless = [job for job in waiting if job.needs() & failed]
            failed |= {job.key for job in hopeless}
            ready = [job for job in waiting if job not in hopeless and job.needs() <= done][: processes - len(running)]
            running |= {pool.submit(_carry_out, job): job for job in ready}
            waiting = [job for job in waiting if job not in hopeless and job not in ready]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                if error := future.exception():
                    print(f"== seed {job.seed}: {job.row.name} failed: {error}", file=sys.stderr)
                    failed.add(job.key)
                    continue
                done.add(job.key)
                yield job, future.result()
    if failed:
        raise SystemExit(f"Failed: {'; '.join(sorted({name for _, name in failed}))}.")


def _pool(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, context, _keep_to_own, (context.Value("i", 0), processes))


def _keep_to_own(counter: Any, processes: int) -> None:
    """Hold this process to its share of the processors: libraries count what they may use and start as many threads."""
    if not hasattr(os, "sched_setaffinity"):
        return
    with counter.get_lock():
        number, counter.value = counter.value % processes, counter.value + 1
    available = sorted(os.sched_getaffinity(0))
    share = max(1, len(available) // processes)
    first = number * share % len(available)
    os.sched_setaffinity(0, available[first : first + share])


def _carry_out(job: Job) -> dict[str, Any]:
    # only here, after the process knows its processors
    import torch

    from engine.errors import GeoDistilError

    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    try:
        return job.carry_out()
    except (GeoDistilError, SystemExit) as error:
        raise RuntimeError(str(error)) from error
