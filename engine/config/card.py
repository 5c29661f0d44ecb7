"""A model's card: what a consumer of a trained network must know to feed it and to read its outputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..types import Task
from .recipes import DESIGN, Network
from .validation import (
    ANY_NUMBER,
    BOUNDED,
    MOST_CLASSES,
    MOST_TILE,
    Bands,
    Colour,
    DataType,
    Deviation,
    Metres,
    Name,
    Nodata,
    Share,
    Statistic,
    Value,
    Word,
)

MOST_OBJECTS = 10_000
"""Classes of detections and bands of values, which no map's bytes limit."""
Score = Annotated[float, Field(allow_inf_nan=True, json_schema_extra=ANY_NUMBER)]
"""Of a validation; of a class without truth it is not a number."""


class CardClass(BaseModel):
    """A class as shown on maps; `values` are the label values that meant it in training."""

    model_config = ConfigDict(**{**BOUNDED, "extra": "ignore"})

    name: Name
    color: Colour
    values: list[Value] = Field(default_factory=list, max_length=10_000)


class SourceStatistics(BaseModel):
    """The whole of a raster's mean and standard deviation of each band, raw units."""

    model_config = ConfigDict(**{**BOUNDED, "extra": "ignore"})

    name: Word
    mean: list[Statistic] = Field(max_length=1024)
    std: list[Deviation] = Field(max_length=1024)


class Card(BaseModel):
    """What a network expects and what its channels mean; stored in a package's `item.json`.

    Normalisation is part of the network: `mean` and `std` are copies of its buffers, in raw units.
    """

    model_config = BOUNDED

    name: Name
    tasks: list[Literal["detection", "segmentation", "regression"]] = Field(
        min_length=1,
        max_length=3,
        description="What it does; regression is of models of other programs only, and alone.",
    )
    gsd: Metres = Field(description="Ground sampling distance in metres.")
    bands: Bands = Field(min_length=1, description="Bands to read, counted from 1.")
    dtype: DataType = Field(description="Data type of the training rasters, numpy's name.")
    mean: list[Statistic] = Field(max_length=1024, description="Mean of each band in the training area, raw units.")
    std: list[Deviation] = Field(max_length=1024, description="Standard deviation of each band, raw units.")
    source_statistics: list[SourceStatistics] = Field(
        default_factory=list,
        max_length=10_000,
        description="Of each source, where imagery is standardised by its own; empty: all by `mean` and `std`.",
    )
    fill: list[Statistic] | None = Field(
        None, max_length=1024, description="What pixels without data show, raw units; none: the mean."
    )
    nodata: Nodata | None = Field(
        None, allow_inf_nan=True, description="No-data value of the training rasters, where they had one."
    )
    tile_size: int = Field(512, ge=1, le=MOST_TILE, description="Window side for prediction, in pixels.")
    context: int | None = Field(
        None,
        ge=0,
        le=MOST_TILE,
        description="Pixels from a window's edge in which its classes depend on it; none where unknown.",
    )
    object_size: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="Pixels that the longer side of 95 % of the labelled objects spans; none where unknown.",
    )
    segmentation_classes: list[CardClass] = Field(
        default_factory=list, max_length=MOST_CLASSES, description="Without background."
    )
    background: bool = Field(True, description="Whether segmentation channel 0 is background.")
    detection_classes: list[CardClass] = Field(default_factory=list, max_length=MOST_OBJECTS)
    values: list[CardClass] = Field(
        default_factory=list, max_length=MOST_OBJECTS, description="What regression's output bands are."
    )
    network: Network | None = Field(
        description="The network; none for a model of another program, which is a graph only."
    )
    score_threshold: Share = Field(0.3, description="Detections below this score are not reported.")
    score_thresholds: dict[Name, Share] = Field(
        default_factory=dict,
        max_length=MOST_OBJECTS,
        description="Detection classes with a score threshold of their own in its place.",
    )
    iou_threshold: Share = Field(0.5, description="Overlap over which of two detections of a class the weaker goes.")
    created: Word = Field("", description="ISO 8601 time of training's end.")
    geometry: dict[str, Any] | None = Field(None, description="Footprint of the training areas, GeoJSON in EPSG:4326.")
    metrics: dict[Annotated[str, Field(max_length=500)], Score] = Field(
        default_factory=dict, max_length=100_000, description="Validation metrics of the shipped weights."
    )

    def trainable_tasks(self) -> list[Task]:
        """Those of its tasks that networks of ours do: all but regression."""
        return [task for task in self.tasks if task != "regression"]

    @model_validator(mode="before")
    @classmethod
    def _design_is_known(cls, values: Any) -> Any:
        """Cards until version 0.1 have no design, which is the first."""
        network = values.get("network") if isinstance(values, dict) else None
        if not isinstance(network, dict):
            return values
        design = network.get("design", 1)
        if isinstance(design, int) and design > DESIGN:
            raise ValueError(f"its network is of design {design}, and this GeoDistil knows designs up to {DESIGN}")
        return {**values, "network": {**network, "design": design}}

    @model_validator(mode="after")
    def _own_windows_fit(self) -> Card:
        if self.network is not None and self.tile_size % 32:
            raise ValueError("tile_size must be a multiple of 32")
        return self

    @model_validator(mode="after")
    def _statistics_have_bands(self) -> Card:
        every = {"mean": self.mean, "std": self.std, "fill": self.fill_values()}
        for index, source in enumerate(self.source_statistics):
            every |= {f"source_statistics.{index}.mean": source.mean, f"source_statistics.{index}.std": source.std}
        for field, values in every.items():
            if len(values) != len(self.bands):
                raise ValueError(f"{field} must have a value for each of its {len(self.bands)} bands")
        return self

    @model_validator(mode="after")
    def _tasks_have_classes(self) -> Card:
        if len(set(self.tasks)) < len(self.tasks) or ("regression" in self.tasks and len(self.tasks) > 1):
            raise ValueError("tasks must differ, and regression is one alone")
        lists = {"detection": "detection_classes", "segmentation": "segmentation_classes", "regression": "values"}
        for task in self.tasks:
            if not getattr(self, lists[task]):
                raise ValueError(f"{lists[task]} must not be empty, for its tasks have {task}")
        return self

    @model_validator(mode="after")
    def _thresholds_have_classes(self) -> Card:
        unknown = set(self.score_thresholds) - {each.name for each in self.detection_classes}
        if unknown:
            raise ValueError(f"score_thresholds names {min(unknown)}, which is no detection class")
        return self

    def thresholds(self) -> list[float]:
        """The score from which each detection class is reported, in the classes' order."""
        return [self.score_thresholds.get(each.name, self.score_threshold) for each in self.detection_classes]

    def with_threshold(self, score: float) -> Card:
        """The card with one score threshold for all classes."""
        return self.model_copy(update={"score_threshold": score, "score_thresholds": {}})

    def fill_values(self) -> list[float]:
        """What pixels without data show, one value a band."""
        return self.mean if self.fill is None else self.fill

    def segmentation_channels(self) -> list[CardClass]:
        """The segmentation head's channels in order."""
        background = [CardClass(name="background", color="#000000")] if self.background else []
        return background + self.segmentation_classes

    def first_class_value(self) -> int:
        """Class-map value of channel 0: background is 0, and the first class always 1."""
        return 0 if self.background else 1
