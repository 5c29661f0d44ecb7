"""How far the packages are, in events."""

from __future__ import annotations

import shutil
import time

from .job import Job
from .requirements import Package

UNPACKED = 1.75
"""Bytes on disk for a byte of wheel, measured for the whole locked set."""

OVERHEAD = 400_000
"""What a package costs besides its size, in bytes, when time is divided among packages."""

FIRST, LAST = 0.03, 0.95
"""Part of the whole work that is done before the packages, and after them."""

BEAT_SECONDS = 2.0
MOST = 0.95
"""How much of a package can be done before it is."""


class Progress:
    """Writes `progress` events; for the package under way the disk's growth stands for what has come of it.

    Neither tool tells how far a download is in a form that is meant for programs. Others may write to the same disk:
    a wrong guess is at most a package wide, and never goes backwards.

    Args:
        job: the installation.
        packages: what will be installed, in order.
    """

    def __init__(self, job: Job, packages: list[Package]) -> None:
        self._job, self._count = job, len(packages)
        self._total = sum(map(_cost, packages))
        self._done, self._step, self._share = 0, 0, 0.0
        self._start = self._told = time.monotonic()

    def begin(self, package: Package) -> None:
        """A package's turn."""
        self._package, self._step, self._share = package, self._step + 1, 0.0
        self._free = shutil.disk_usage(self._job.folder).free
        self._tell()

    def beat(self) -> None:
        """To be called often while the package is under way."""
        if time.monotonic() - self._told < BEAT_SECONDS:
            return
        grown = self._free - shutil.disk_usage(self._job.folder).free
        share = min(grown / (UNPACKED * self._package.size), MOST)
        if share > self._share:
            self._share = share
            self._tell()

    def end(self) -> None:
        """The package is there."""
        self._done += _cost(self._package)

    def _tell(self) -> None:
        self._told = time.monotonic()
        done = self._done + self._share * _cost(self._package)
        spent = self._told - self._start
        self._job.events.write(
            "progress",
            stage="packages",
            step=self._step,
            of=self._count,
            package=f"{self._package.name} {self._package.version}",
            megabytes=round(self._package.size / 1e6, 1),
            fraction=round(FIRST + (LAST - FIRST) * done / self._total, 4),
            eta_seconds=round(spent / done * (self._total - done)) if done and spent > 1 else None,
        )


def _cost(package: Package) -> int:
    return package.size + OVERHEAD
