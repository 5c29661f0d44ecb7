"""What is known about an ONNX file of another program, and what has to be asked: its metadata keys and a sidecar."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError, field_validator

from ..config import Card, CardClass
from ..config.validation import (
    BOUNDED,
    DATA_TYPES,
    MOST_TILE,
    Bands,
    Colour,
    Deviation,
    Name,
    Share,
    Statistic,
    first_problem,
    legible,
)
from ..errors import PackageError
from ..files import parse_json, read_object
from ..types import given
from .layouts import DECIDED

COLOURS = ("#e41a1c", "#377eb8", "#4daf4a", "#984ea3", "#ff7f00", "#ffff33", "#a65628", "#f781bf", "#00ced1", "#999999")
BACKGROUNDS = {"background", "_background", "__background__", "bg", "none", "other", "unlabeled", "unlabelled", "void"}
"""Names of a first class that is no class."""
TASKS = {"Segmentor": "segmentation", "Detector": "detection", "Regressor": "regression"}
OF_ULTRALYTICS = {
    "detect": ("Detector", "YOLO_Ultralytics"),
    "segment": ("Detector", "YOLO_Ultralytics_segmentation"),
    "obb": ("Detector", "YOLO_Ultralytics_obb"),
}
"""What the exporter's own key `task` says in the other plugin's words."""
DET_TYPES = Literal[
    "YOLO_v5_or_v7_default",
    "YOLO_v6",
    "YOLO_v9",
    "YOLO_v10",
    "YOLO_Ultralytics",
    "YOLO_Ultralytics_segmentation",
    "YOLO_Ultralytics_obb",
    "YOLO_v10_obb",
]

MOST_NAMES = 10_000
Statistics = Annotated[list[Statistic], Field(min_length=1, max_length=1024)]
Deviations = Annotated[list[Deviation], Field(min_length=1, max_length=1024)]
LONGEST_LITERAL = 1_000_000
"""Characters of a Python literal that are read: dictionaries of names have a few thousand."""


class Description(BaseModel):
    """The metadata keys of ONNX files that QGIS inference plugins read, by the same names; none where not known."""

    model_config = BOUNDED

    model_type: Literal["Segmentor", "Detector", "Regressor"] | None = Field(None, description="What it returns.")
    class_names: list[Name] | None = Field(
        None, max_length=MOST_NAMES, description="Names of its classes or output bands, in order."
    )
    class_colors: list[Colour] | None = Field(
        None, max_length=MOST_NAMES, description="Colours of these, #rrggbb, in the same order."
    )
    resolution: float | None = Field(
        None, ge=0.01, le=1e8, description="Ground sampling distance it was made for, cm a pixel."
    )
    tile_size: int | None = Field(None, ge=1, le=MOST_TILE, description="Side of its input in pixels.")
    tiles_overlap: float | None = Field(None, ge=0, le=50, description="Overlap of neighbouring windows in percent.")
    standardization_mean: Statistics | None = Field(None, description="Of each band, values divided by 255.")
    standardization_std: Deviations | None = Field(None, description="Of each band, values divided by 255.")
    seg_thresh: float | None = Field(None, ge=0, lt=1, description="Segmentation: classes below it do not count.")
    reg_output_scaling: Statistic | None = Field(None, description="Regression: what the output is multiplied by.")
    det_type: DET_TYPES | None = Field(None, description="Detection: layout of the output.")
    det_conf: Share | None = Field(None, description="Detection: lowest score that is reported.")
    det_iou_thresh: Share | None = Field(None, description="Detection: overlap of two of one object.")
    bands: Bands | None = Field(None, min_length=1, description="Bands of rasters to read, counted from 1.")
    dtype: str | None = Field(None, max_length=20, description="Type of the rasters it was made for, numpy's name.")

    @field_validator("class_names", mode="before")
    @classmethod
    def _in_order(cls, names: Any) -> Any:
        """A dictionary from numbers to names, as the other plugin writes it, in the numbers' order."""
        if not isinstance(names, dict):
            return names
        by_number = {int(str(number)): name for number, name in names.items()}
        if sorted(by_number) != list(range(len(by_number))):
            raise ValueError("the numbers of the classes must be 0, 1, 2 and so on")
        return [by_number[number] for number in sorted(by_number)]

    @field_validator("dtype")
    @classmethod
    def _of_numbers(cls, name: str | None) -> str | None:
        if name is None or name in DATA_TYPES:
            return name
        try:
            known = np.dtype(name).name
        except Exception:  # numpy parses structures and formats, and raises as it does so
            known = ""
        if known not in DATA_TYPES:
            raise ValueError("it is no type of numbers, such as uint8 or float32")
        return str(known)

    @field_validator("standardization_mean", "standardization_std", mode="before")
    @classmethod
    def _each(cls, values: Any) -> Any:
        return [values] if isinstance(values, int | float) else values

    def joined(self, more: Description) -> Description:
        """This one, where `more` says nothing else."""
        return self.model_copy(update=more.model_dump(exclude_none=True))

    def statistics(self, bands: int) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each band in raw units; without any, values are divided by 255."""
        return _for_bands(self.standardization_mean or [0.0], bands), _for_bands(
            self.standardization_std or [1.0], bands
        )

    def card(self, name: str, bands: int, classes: int) -> Card:
        """The card of a model of this description.

        Args:
            name: the model's.
            bands: channels of its input.
            classes: channels of its output that are classes or values; background is one where the first is called so.

        Raises:
            PackageError: no card can say so.
        """
        said, colors = self.class_names or [], self.class_colors or []
        if len(said) == 1 and classes == 2 and self.model_type == "Segmentor":
            said, colors = ["background", *said], ["", *colors]
        names = [*said, *(f"class {index}" for index in range(len(said), classes))]
        background = self.model_type == "Segmentor" and names[0].lower() in BACKGROUNDS
        known = {"score_threshold": self.det_conf, "iou_threshold": self.det_iou_thresh}
        mean, std = self.statistics(bands)
        task = TASKS[given(self.model_type)]
        colors = [*colors, *[""] * (classes - len(colors))]
        listed = [
            CardClass(name=name, color=color or COLOURS[at % len(COLOURS)])
            for at, (name, color) in enumerate(zip(names[background:], colors[background:], strict=False))
        ]
        lists = {"segmentation": "segmentation_classes", "detection": "detection_classes", "regression": "values"}
        try:
            return Card(
                name=legible(name),
                tasks=[task],
                gsd=given(self.resolution) / 100,
                bands=self.bands or list(range(1, bands + 1)),
                dtype=self.dtype or "uint8",
                mean=mean,
                std=std,
                tile_size=self.tile_size,
                background=background,
                network=None,
                **{lists[task]: listed},
                **{key: value for key, value in known.items() if value is not None},
            )
        except ValidationError as error:
            key, clause, _ = first_problem(error)
            raise PackageError(f"{name} cannot be described: {key}{': ' if key else ''}{clause}.") from error

    def misfit(self, bands: int) -> str:
        """Why this cannot be of a model with so many bands: one clause, empty where it can."""
        for key, most in (
            ("bands", (bands,)),
            ("standardization_mean", (1, bands)),
            ("standardization_std", (1, bands)),
        ):
            values = getattr(self, key)
            if values is not None and len(values) not in most:
                return f"{key} has {len(values)} entries, and it takes {bands} bands"
        return ""


def described(metadata: dict[str, str], path: Path) -> Description:
    """What a file's metadata says, in the other plugin's keys or in the Ultralytics exporter's own; the rest is left.

    Args:
        metadata: of an ONNX file.
        path: the file.

    Raises:
        PackageError: a key has a value that it cannot have.
    """
    values = {key: _value(text) for key, text in metadata.items()}
    found = {key: values[key] for key in Description.model_fields if key in values}
    found.setdefault("tile_size", values.get("tiles_size"))
    found.setdefault("class_names", values.get("names"))
    if isinstance(found.get("model_type"), str):
        found["model_type"] = found["model_type"].capitalize()
    if isinstance(values.get("task"), str) and values["task"] in OF_ULTRALYTICS and "stride" in values:
        kind, layout = OF_ULTRALYTICS[values["task"]]
        layout = DECIDED[layout] if _suppresses(values) else layout
        found = {"model_type": kind, "det_type": layout, "tile_size": _side(values.get("imgsz"))} | {
            key: value for key, value in found.items() if value is not None
        }
    return _validated(found, f"The metadata of {path}")


def read_description(path: Path) -> Description:
    """A sidecar: a JSON object with the same keys.

    Raises:
        PackageError: it is missing, no JSON, or a key is unknown or wrong.
    """
    try:
        values = read_object(path)
    except (OSError, ValueError) as error:
        raise PackageError(f"The description {path} cannot be read: {error}.") from error
    return _validated(values, f"The description {path}")


def _validated(values: dict[str, Any], where: str) -> Description:
    try:
        return Description.model_validate(values)
    except ValidationError as error:
        key, clause, kind = first_problem(error)
        if kind == "extra_forbidden":
            raise PackageError(f"{where} has the unknown key '{key}'; correct its spelling or remove it.") from error
        raise PackageError(f"{where} has a wrong '{key.split('.')[0]}': {clause}.") from error


def _value(text: str) -> Any:
    """JSON, or what other exporters write: a Python literal, or plain text."""
    for parse in (parse_json, ast.literal_eval):
        try:
            value = parse(text) if len(text) <= LONGEST_LITERAL else text
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        return None if isinstance(value, float) and not math.isfinite(value) else value
    return text


def _suppresses(values: dict[str, Any]) -> bool:
    """Whether the exporter says that the graph suppresses by itself, by nature or by an option."""
    options = values.get("args")
    return values.get("end2end") is True or (isinstance(options, dict) and options.get("nms") is True)


def _side(size: Any) -> int | None:
    """A number, or both of two that are the same."""
    sides = size if isinstance(size, list) else [size]
    return sides[0] if sides and all(each == sides[0] for each in sides) else None


def _for_bands(values: list[float], bands: int) -> list[float]:
    """In raw units, one for each band."""
    return [255 * value for value in (values * bands if len(values) == 1 else values)]
