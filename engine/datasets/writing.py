"""What importers write into a run folder: placed tiles, class rasters, boxes, settings, what the run never sees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyogrio
import rasterio
import shapely
from pydantic import BaseModel, Field
from pyogrio.errors import DataSourceError

from ..config import (
    RUN_FILE,
    Labels,
    Network,
    PartialMultitask,
    Recipe,
    Run,
    SemiSupervised,
    Supervised,
    Training,
    parse,
    preset,
    save_run,
)
from ..config.validation import BOUNDED, Address, Bands, Name
from ..errors import ConfigError, OutputError
from ..files import parse_json, read_bytes, write_text
from .rasters import MINIMUM_PIXELS, boxes_from_mask

DEFAULT = "default"


def multitask(name: str, distils: bool, weights: str = "auto") -> tuple[Recipe, Training]:
    """Settings of a run on the ISPRS benchmarks.

    Args:
        name: `default` or `igarss2024-multitask`.
        distils: whether both tasks have tiles of their own; otherwise one network learns the labels alone.
        weights: encoder weights, as in `Network`.
    """
    if name == DEFAULT:
        return with_weights(PartialMultitask() if distils else Supervised(), weights), Training()
    chosen = preset(name)
    if distils:
        return with_weights(chosen.recipe, weights), Training(**chosen.training)
    alone = Supervised(network=chosen.recipe.student)
    epochs = chosen.training["budget"]["epochs"] / 3  # the teachers' two thirds fall away
    return with_weights(alone, weights), Training(**chosen.training | {"budget": {"epochs": epochs}})


def sslkd(name: str, everything: bool, weights: str = "auto") -> tuple[Recipe, Training]:
    """Settings of a run on RoadNet.

    Args:
        name: `default` or `igarss2024-sslkd`.
        everything: whether every image is labelled, so that there is nothing to learn without labels.
        weights: encoder weights, as in `Network`.
    """
    if everything:
        return with_weights(Supervised(), weights), Training()
    if name == DEFAULT:
        return with_weights(SemiSupervised(dice=1.0), weights), Training()
    chosen = preset(name)
    return with_weights(chosen.recipe, weights), Training(**chosen.training)


def with_weights(recipe: Recipe, weights: str) -> Recipe:
    """The recipe with these encoder weights in all its networks."""
    for name in type(recipe).model_fields:
        network = getattr(recipe, name)
        if isinstance(network, Network):
            network.weights = weights
    return recipe


_EVERY = 5
"""Every fifth tile is for validation."""


@dataclass(frozen=True)
class Tile:
    """One image and its masks.

    Args:
        name: as in the benchmark's own lists.
        image: the image file.
        bands: bands to read, counted from 1.
        truth: the colour mask, or none where it is not there.
        eroded: the colour mask whose object borders are black, or none.
    """

    name: str
    image: Path
    bands: tuple[int, ...]
    truth: Path | None = None
    eroded: Path | None = None


def natural(name: str) -> tuple[int, ...]:
    """Sort key by the numbers in a name: 7_9 comes before 7_10."""
    return tuple(int(number) for number in re.findall(r"\d+", name))


def alternating(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two halves of the names in natural order: the first, third, ... and the second, fourth, ..."""
    ordered = sorted(names, key=natural)
    return ordered[::2], ordered[1::2]


def splits(names: Sequence[str]) -> dict[str, Literal["auto", "train", "validation"]]:
    """Every fifth tile validates and the others train; with fewer than five, each is divided into blocks."""
    ordered = sorted(names, key=natural)
    if len(ordered) < _EVERY:
        return dict.fromkeys(ordered, "auto")
    return {name: "validation" if index % _EVERY == _EVERY - 1 else "train" for index, name in enumerate(ordered)}


def spread(names: Sequence[str], share: float) -> list[str]:
    """A share of the names, at least one, evenly spaced in natural order."""
    ordered = sorted(names, key=natural)
    count = max(1, round(share * len(ordered)))
    return [ordered[index * len(ordered) // count] for index in range(count)]


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


CLASS_FIELD = "class"


@dataclass(frozen=True)
class Boxes:
    """How boxes are made from masks.

    Args:
        classes: names of the classes that get boxes.
        minimum: smallest object in pixels, unless all of the class are smaller.
        opening: half side of the square that cuts thin bridges, in pixels; 0 is off.
    """

    classes: tuple[str, ...] = ("building", "tree", "car")
    minimum: int = MINIMUM_PIXELS
    opening: int = 0


@dataclass
class Imported:
    """A written run folder.

    Args:
        folder: the run folder.
        run: its run.
        held_out: its test rasters.
        notes: what a person should know, for example official tiles that were not there.
    """

    folder: Path
    run: Run
    held_out: list[HeldOut]
    notes: list[str] = field(default_factory=list)

    def save(self) -> Imported:
        """Write `run.json` and `test.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        save_run(self.run, self.folder)
        save_held_out(self.held_out, self.folder)
        return self


def fresh(folder: Path) -> Path:
    """A run folder without a run in it, absolute.

    Raises:
        ConfigError: it holds a run.
    """
    if (folder / RUN_FILE).exists():
        raise ConfigError(f"{folder} already holds a run; choose another folder or remove it.")
    return folder.resolve()


def write_boxes(classes: Path, target: Path, layer: str, boxes: Boxes, values: Mapping[str, int]) -> Labels | None:
    """Write the boxes of a class raster as a layer of a GeoPackage; none where there are no objects.

    Args:
        classes: class raster, read whole (a tile of 6000 x 6000 pixels takes 36 MB).
        target: GeoPackage, made or added to.
        layer: the layer's name.
        boxes: which boxes.
        values: the class value of each class name.

    Raises:
        OutputError: the target cannot be written.
    """
    with rasterio.open(classes) as dataset:
        mask, transform, crs = dataset.read(1), dataset.transform, dataset.crs.to_wkt()
    extents, found = boxes_from_mask(mask, [values[name] for name in boxes.classes], boxes.minimum, boxes.opening)
    if not len(extents):
        return None
    corners = shapely.box(*extents.T)
    polygons = shapely.transform(corners, lambda x, y: transform @ (x, y), interleaved=False)
    names = {value: name for name, value in values.items()}
    data = [np.array([names[value] for value in found.tolist()], object)]
    options = {"layer": layer, "driver": "GPKG", "geometry_type": "Polygon", "crs": crs}
    try:
        pyogrio.raw.write(target, shapely.to_wkb(polygons), data, [CLASS_FIELD], **options)
    except DataSourceError as error:
        raise OutputError(f"{target} cannot be written: {error}") from error
    return Labels(path=str(target), layer=layer, field=CLASS_FIELD)
