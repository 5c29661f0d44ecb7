"""One tree of errors. Everything that can go wrong for a user is a `GeoDistilError`.

The message is one sentence that names the thing and what to do. The command line, the
toolbox and the plugin render it; nobody else catches it.
"""

from __future__ import annotations


class GeoDistilError(Exception):
    """An error a user can act on.

    Args:
        message: one sentence that names the thing and what is wrong with it.
        hint: what to do about it; may be empty where the message already says so.
    """

    code = "error"

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


class RasterError(GeoDistilError):
    """A raster is missing, unreadable, without CRS, or has other bands than asked for."""

    code = "raster"


class LabelError(GeoDistilError):
    """A label layer is missing, empty, elsewhere, or has a value without a class."""

    code = "labels"


class SplitError(GeoDistilError):
    """The labelled area cannot be divided into training and validation blocks."""

    code = "split"


class WeightsError(GeoDistilError):
    """Encoder weights cannot be fetched, read or matched to the network."""

    code = "weights"


class PackageError(GeoDistilError):
    """A model package is missing, unreadable, or does not fit its use."""

    code = "package"


class OutputError(GeoDistilError):
    """An output cannot be written: no space, no permission, or the folder vanished."""

    code = "output"


class DeviceError(GeoDistilError):
    """The device asked for is not there, or ran out of memory."""

    code = "device"


class TrainingError(GeoDistilError):
    """Training cannot go on: the loss is not a number, or a checkpoint does not fit."""

    code = "training"


class Stopped(GeoDistilError):
    """A person asked for an orderly end before there was a result."""

    code = "stopped"
