"""`test.json`: the rasters that a run never sees, with their truth, for the evaluation afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from ..config import Labels, parse
from ..config.limits import BOUNDED, Address, Bands, Name
from ..errors import ConfigError, OutputError
from ..text_files import parse_json, read_bytes, write_text

TEST_FILE = "test.json"


class HeldOut(BaseModel):
    """One raster and one truth to score its predictions against; paths as in `run.json`."""

    model_config = BOUNDED

    name: Name = Field(description="The tile's name.")
    raster: Address = Field(description="The image to predict.")
    bands: Bands = Field(description="Bands to read, counted from 1.")
    task: Literal["detection", "segmentation"] = Field(description="What to score.")
    truth: Literal["complete", "eroded"] = Field(
        "complete", description="Eroded truth leaves out the pixels around object borders (value 255)."
    )
    labels: Labels = Field(description="The truth: a class raster, or boxes.")


class _File(BaseModel):
    items: list[HeldOut] = Field(max_length=100_000)


def save_held_out(items: list[HeldOut], folder: Path) -> Path:
    """Write `test.json` into a run folder; paths inside it become relative.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = folder.resolve()
    values = [_changed(item, lambda path: _relative(path, folder)).model_dump(exclude_defaults=True) for item in items]
    try:
        write_text(folder / TEST_FILE, json.dumps(values, indent=2) + "\n")
    except OSError as error:
        raise OutputError(f"{folder / TEST_FILE} cannot be written: {error.strerror}.") from error
    return folder / TEST_FILE


def load_held_out(folder: Path) -> list[HeldOut]:
    """The test rasters of a run folder, with absolute paths.

    Raises:
        ConfigError: no such file, not JSON, or a key that is unknown or wrong.
    """
    path = folder / TEST_FILE
    try:
        values = parse_json(read_bytes(path))
    except OSError as error:
        raise ConfigError(f"There is no {TEST_FILE} in {folder}; import the dataset again.") from error
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    items = parse(_File, {"items": values}, str(path)).items
    return [_changed(item, lambda text: str((folder / text).absolute())) for item in items]


def _changed(item: HeldOut, change: Callable[[str], str]) -> HeldOut:
    item = item.model_copy(deep=True)
    item.raster, item.labels.path = change(item.raster), change(item.labels.path)
    return item


def _relative(path: str, folder: Path) -> str:
    return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path
