"""What `prepare` makes of a run: sources opened, checked and split, with their statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pyproj
import shapely
import torch
from shapely import Geometry

from ..config import SourceStatistics
from ..types import Role, given
from .blocks import Block, BlockSplit
from .labels import ClassRaster
from .masks import Points
from .raster import RasterReader
from .vector_labels import VectorLabels

ROLES: tuple[Role, ...] = ("detection", "segmentation", "unlabelled")


class ObjectSides(NamedTuple):
    """Quantiles 0.05, 0.5 and 0.95 of the sides of objects' boxes, in pixels."""

    shorter: tuple[float, float, float]
    longer: tuple[float, float, float]


@dataclass
class PreparedSource:
    """One source, ready to be cut into chips. Geometries are in the reader's grid pixels.

    Args:
        name: short and unique within the run.
        role: what it is labelled for.
        reader: reads the raster at the run's ground sampling distance.
        labels: its labels, none for unlabelled sources.
        area: the labelled area inside the raster; the raster's outline for unlabelled sources.
        points: places of the labels inside the area.
        blocks: the parts of the area in each block of the lattice; empty for unlabelled sources.
        training: ground that trains.
        validation: ground that validates.
        hidden: ground that training must not see: validation blocks and the buffer around them.
        split: whether it is divided into blocks, or all of it trains or validates.
    """

    name: str
    role: Role
    reader: RasterReader
    labels: VectorLabels | ClassRaster | None
    area: Geometry
    points: Points
    blocks: dict[Block, Geometry] = field(default_factory=dict)
    training: Geometry = field(default_factory=shapely.Polygon)
    validation: Geometry = field(default_factory=shapely.Polygon)
    hidden: Geometry = field(default_factory=shapely.Polygon)
    split: Literal["auto", "train", "validation"] = "auto"
    _trained: tuple[Geometry, Points] | None = field(default=None, repr=False, compare=False)

    def training_points(self) -> Points:
        """Those of the points that lie on ground that trains; looked for once."""
        if self._trained is None or self._trained[0] is not self.training:
            self._trained = self.training, self.points.on(self.training)
        return self._trained[1]

    def square_metres(self, geometry: Geometry) -> float:
        """The area on the ground of a geometry in grid pixels."""
        found: float = geometry.area * self.reader.grid.gsd**2
        return found


@dataclass
class Prepared:
    """A run's data, opened once and checked; pickles, so that reading processes can have it.

    Args:
        gsd: the model's ground sampling distance in metres.
        bands: the bands of the first labelled source.
        mean: mean of each band over the training ground, raw units.
        std: standard deviation of each band over the training ground, raw units; never 0.
        dtype: the first labelled raster's type, numpy's name.
        nodata: the first labelled raster's no-data value, where it has one that is a number.
        sources: the sources, in the run's order.
        label_counts: for each labelled role, the labels of each class in the labelled areas: features,
            or (class rasters) pixels.
        train_area_m2: labelled ground that trains.
        geometry: GeoJSON of that ground in EPSG:4326.
        warnings: sentences for the event log.
        split: which blocks of which lattice train and validate; none without labelled sources.
        damaged: paths of the rasters that a warning has said to be damaged.
        source_statistics: of each raster, by the first source on it, where each is standardised by its own.
        object_sides: how large the objects of detection are in pixels, quantiles of their boxes' sides, or none.
    """

    gsd: float
    bands: list[int]
    mean: list[float]
    std: list[float]
    dtype: str
    nodata: float | None
    sources: list[PreparedSource]
    label_counts: dict[str, dict[str, int]]
    train_area_m2: float
    geometry: dict[str, Any]
    warnings: list[str]
    split: BlockSplit | None
    damaged: set[str] = field(default_factory=set)
    source_statistics: list[SourceStatistics] = field(default_factory=list)
    object_sides: ObjectSides | None = None

    def of_role(self, role: Role) -> list[PreparedSource]:
        """The sources of a role."""
        return [source for source in self.sources if source.role == role]

    def image_dtype(self) -> torch.dtype:
        """The type of chips: bytes where every raster has bytes, else float32 (torch lacks most other types)."""
        return torch.uint8 if all(source.reader.image_dtype == "uint8" for source in self.sources) else torch.float32

    def fill(self) -> np.ndarray:
        """(C,) the band means, which stand for what chips do not show; each chip rounds them to its type."""
        return np.array(self.mean, np.float32)

    def blocks(self) -> list[dict[str, Any]]:
        """The split of the labelled areas, to be shown.

        Returns:
            For each block of each labelled source: `source` (name), `crs` (WKT), `polygon` (GeoJSON in
            that CRS) and `split` (training or validation).
        """
        return [
            {
                "source": source.name,
                "crs": pyproj.CRS(source.reader.grid.crs.to_wkt()).to_wkt(),
                "polygon": shapely.geometry.mapping(
                    shapely.transform(part, source.reader.grid.to_crs, interleaved=False)
                ),
                "split": "validation" if block in given(self.split).validation else "training",
            }
            for source in self.sources
            for block, part in source.blocks.items()
        ]
