"""Chips with labels as a folder in another program's format, whole or not at all; its images lie on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from rasterio.errors import RasterioError

from ..config import Run
from ..errors import ConfigError, LabelError, OutputError, RasterError, on_disk
from ..events import EventLog, WarningEvent
from ..inference.vectors.watching import watched
from ..processes import scratch
from .chip import Chip
from .cutting import Cutting, Opened, classes_of, opened
from .formats import FORMATS, check_role

IMAGES = "images"
_PNG = ("uint8", "uint16")


class Form(NamedTuple):
    """What chips are written as.

    Attributes:
        name: of the format.
        images: tif or png; with either a world file or the georeference inside.
        cutting: how large, how dense.
    """

    name: str
    images: str
    cutting: Cutting


def export_chips(run: Run, role: str, form: Form, folder: Path, events: EventLog) -> int:
    """Write the chips of a role's sources, and return how many.

    Args:
        run: with absolute paths, and permitted to reach what it names.
        role: whose labels.
        form: the format.
        folder: new or empty; is there when all is written.
        events: told of progress.

    Raises:
        ConfigError: the format has no room for the role's labels, or a PNG none for the bands.
        OutputError: the folder is not empty, or cannot be written.
        RasterError, LabelError: as reading raises.
    """
    check_role(form.name, role)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is not an empty folder.", "Choose another one, or remove what is in it.")
    warnings: list[str] = []
    sources = list(opened(run, role, warnings.append))
    for source in sources:
        _check_bands(source, form.images)
    for warning in dict.fromkeys(warnings):
        events.write(WarningEvent(warning))
    writer = FORMATS[form.name].Writer
    with on_disk(f"The folder {folder}", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder.parent) as temporary:
            place = temporary / "chips"
            (place / IMAGES).mkdir(parents=True)
            annotations = writer(place, classes_of(run, role), sources[0].first_value)
            count = _write(sources, form, place / IMAGES, annotations, events)
            annotations.finish()
            if folder.exists():
                folder.rmdir()
            place.replace(folder)
    return count


def _write(sources: list[Opened], form: Form, place: Path, annotations: Any, events: EventLog) -> int:
    cutting = form.cutting
    windows = [(source, window) for source in sources for window in source.windows(cutting)]
    count = 0
    for source, window in watched(windows, len(windows), "chips", events):
        if (chip := source.chip(window, cutting, f".{form.images}")) is not None:
            _write_image(chip, place / chip.file, source.reader.nodata)
            annotations.add(chip)
            count += 1
    for source in sources:
        if source.reader.damage.windows:
            events.write(WarningEvent(source.reader.damage.sentence(source.reader.path)))
    if not count:
        raise LabelError("No chip has a label on ground with data.", "Enlarge the labelled area, or correct it.")
    return count


def _write_image(chip: Chip, path: Path, nodata: float | None) -> None:
    count, height, width = chip.image.shape
    png = path.suffix == ".png"
    options: dict[str, Any] = (
        {"driver": "PNG", "WORLDFILE": "YES"} if png else {"driver": "GTiff", "compress": "deflate"}
    )
    if nodata is not None and not png:
        options["nodata"] = nodata
    try:
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(
                path, "w", width=width, height=height, count=count, dtype=chip.image.dtype, crs=chip.crs,
                transform=chip.transform, **options,
            ) as file,
        ):  # fmt: skip
            file.write(chip.image)
            if not png and not chip.counted.all():  # so that it is known again what is labelled
                file.write_mask(chip.counted.astype(np.uint8) * 255)
    except RasterioError as error:
        raise RasterError(f"{path.name} cannot be written: {error}.", "Choose images as tif.") from error


def _check_bands(source: Opened, images: str) -> None:
    bands, kind = len(source.reader.bands), source.reader.image_dtype
    if images == "png" and (bands not in (1, 3) or kind not in _PNG):
        raise ConfigError(
            f"{source.reader.path} is read in {bands} bands of {kind}; a PNG holds 1 or 3 bands of uint8 or uint16.",
            "Choose images as tif, or three bands.",
        )
