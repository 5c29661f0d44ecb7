"""One tree of errors. Everything that can go wrong for a user is a `GeoDistilError`.

The message is one sentence that names the thing and what to do. The command line, the
toolbox and the plugin render it; nobody else catches it.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
LITTLE_BYTES = 2**20
"""So little is left of a disk that libraries found full which do not say so: PyTorch, GDAL, ONNX."""


class GeoDistilError(Exception):
    """An error a user can act on.

    Args:
        message: one sentence that names the thing and what is wrong with it.
        hint: what to do about it; may be empty where the message already says so.

    Attributes:
        code: what kind of error it is, for programs.
        reference: the same for people: never changes, and is a heading of docs/user-guide/errors.md.
        remedy: what helps with any error of the kind.
    """

    code = "error"
    reference = "GD-100"
    remedy = "Read the sentence before it: it names the thing and what is wrong with it."

    def __init__(self, message: str, hint: str = "") -> None:
        message = " ".join(message.splitlines())  # libraries' own words come in several
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message and the hint, as one line."""
        return f"{self.message} {self.hint}".strip()


class ConfigError(GeoDistilError):
    """`run.json` is missing, malformed, or asks for something impossible."""

    code = "config"
    reference = "GD-201"
    remedy = "Correct the setting that the sentence names; `check` finds every such mistake before a training."


class RasterError(GeoDistilError):
    """A raster is missing, unreadable, without CRS, or has other bands than asked for."""

    code = "raster"
    reference = "GD-301"
    remedy = "Open the raster in QGIS: it needs a CRS, the bands that are asked for, and a server or disk that answers."


class LabelError(GeoDistilError):
    """A label layer is missing, empty, elsewhere, or has a value without a class."""

    code = "labels"
    reference = "GD-302"
    remedy = "Open the label layer in QGIS: it needs features of the named classes on the raster's ground."


class SplitError(GeoDistilError):
    """The labelled area cannot be divided into training and validation blocks."""

    code = "split"
    reference = "GD-303"
    remedy = "Enlarge the labelled area, or lower `split.block_size` or `split.buffer`."


class WeightsError(GeoDistilError):
    """Encoder weights cannot be fetched, read or matched to the network."""

    code = "weights"
    reference = "GD-401"
    remedy = "Name a local weights file, or set the network's `weights` to `auto` or `none`."


class PackageError(GeoDistilError):
    """A model package is missing, unreadable, or does not fit its use."""

    code = "package"
    reference = "GD-402"
    remedy = "Copy or export the model again, whole; an ONNX file may need a description beside it."


class OutputError(GeoDistilError):
    """An output cannot be written: no space, no permission, or the folder vanished."""

    code = "output"
    reference = "GD-501"
    remedy = "Make room on the disk, or choose a folder that you may write to."


class DeviceError(GeoDistilError):
    """The device asked for is not there, or ran out of memory."""

    code = "device"
    reference = "GD-601"
    remedy = "Choose the device `auto` or `cpu`; where memory is full, lower batch or chip size."


class ClusterError(GeoDistilError):
    """The scheduler of a cluster does not answer, or a worker cannot do what it is given."""

    code = "cluster"
    reference = "GD-602"
    remedy = "See that the scheduler and its workers run, with this engine, and see the same folders."


class TrainingError(GeoDistilError):
    """Training cannot go on: the loss is not a number, or a checkpoint does not fit."""

    code = "training"
    reference = "GD-701"
    remedy = "Lower the learning rate, or start anew in another run folder."


class Stopped(GeoDistilError):
    """A person asked for an orderly end before there was a result."""

    code = "stopped"
    reference = "GD-801"
    remedy = "Start it again: what was done is kept where the sentence says so."


UNEXPECTED = "GD-900"
"""The reference of what is none of these: a fault of ours."""


def cannot_write(what: str, place: Path, error: BaseException, needed: int | None = None) -> OutputError:
    """The sentence on an output that could not be written.

    To be made before what was written of it is removed: libraries that do not say that a disk is full are believed by
    what is left of it.

    Args:
        what: the output, as the sentence begins, such as `The report run/report.html`.
        place: the output, or the folder that it was to go into; says which disk.
        error: what was raised.
        needed: bytes of the whole output, where that is known.
    """
    if is_full(place, error, needed):
        free, least = _free_bytes(place), max(needed or 0, LITTLE_BYTES)
        left = "" if free is None or free >= least else f", {free / 2**20:.1f} MB are free"
        wanted = "" if needed is None else f", and it needs about {needed / 2**20:.1f} MB"
        return OutputError(
            f"{what} cannot be written: the disk of {_there(place)} is full{left}{wanted}.",
            "Free some space, or choose a folder on another disk, then start again.",
        )
    reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0].rstrip(".")
    return OutputError(f"{what} cannot be written: {reason}.", "See that the folder is there and may be written.")


def is_full(place: Path, error: BaseException, needed: int | None = None) -> bool:
    """Whether it was for a full disk that something could not be written; as `cannot_write`."""
    if any(getattr(each, "errno", None) in FULL for each in _chain(error)):
        return True
    free = _free_bytes(place)
    return free is not None and free < max(needed or 0, LITTLE_BYTES)


@contextmanager
def on_disk(what: str, place: Path, needed: int | None = None) -> Iterator[None]:
    """What goes wrong with the disk inside becomes the sentence of `cannot_write`, whatever a library calls it.

    Raises:
        OutputError: the output cannot be written.
    """
    try:
        yield
    except GeoDistilError:
        raise
    except OSError as error:
        raise cannot_write(what, place, error, needed) from error
    except Exception as error:
        if is_full(place, error, needed):
            raise cannot_write(what, place, error, needed) from error
        raise


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _there(place: Path) -> Path:
    """The place, or the first folder above it that is there."""
    return next((each for each in (place, *place.parents) if each.is_dir()), place)


def _free_bytes(place: Path) -> int | None:
    try:
        return shutil.disk_usage(_there(place)).free
    except OSError:
        return None
