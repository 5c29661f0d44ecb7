"""What training's last validation leaves beside the event log: `validation.json` and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..errors import ConfigError
from ..files import parse_json

Part = TypeVar("Part")
VALIDATION_FILE = "validation.json"
"""`score_thresholds` by class; `sources` (areas, labels, outlines of the split); `networks` (parameters,
megapixels_per_second); for each validated task `curves`, `calibration`, `chips`, and `confusion` (areas) or `objects`,
`detections`."""


def threshold_of(name: str, validation: dict[str, Any]) -> float:
    """The score from which a detection class is reported; runs of before had one for all."""
    threshold: float = validation.get("score_thresholds", {}).get(name, validation.get("score_threshold"))
    return threshold


def figure_path(folder: Path, task: str, kind: str) -> Path:
    """Where the picture of a task's best or worst chips lies."""
    return folder / "figures" / f"{task}_{kind}.jpg"


class _Part(BaseModel):
    """A part of the file; later versions may say more."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Counts(_Part):
    training: int
    validation: int


class _Outlines(_Part):
    raster: list[list[tuple[float, float]]]
    training: list[list[tuple[float, float]]]
    validation: list[list[tuple[float, float]]]


class _Source(_Part):
    name: str
    role: str
    area_m2: float
    training_m2: float
    validation_m2: float
    outlines: _Outlines
    unit: str = ""
    labels: dict[str, _Counts] = {}


class _Curve(_Part):
    precision: list[float]
    recall: list[float]

    @model_validator(mode="after")
    def _alike(self) -> _Curve:
        return _sound(self, len(self.precision) == len(self.recall))


class _Calibration(_Part):
    count: list[int]
    confidence: list[float | None]
    correct: list[float | None]
    ece: float | None

    @model_validator(mode="after")
    def _alike(self) -> _Calibration:
        said = [None not in each for each in zip(self.confidence, self.correct, strict=False)]
        fits = len(self.count) == len(self.confidence) == len(self.correct)
        return _sound(self, fits and all(known for count, known in zip(self.count, said, strict=False) if count))


class _Confusion(_Part):
    names: list[str]
    matrix: list[list[int]]

    @model_validator(mode="after")
    def _square(self) -> _Confusion:
        return _sound(
            self, all(len(row) == len(self.names) for row in self.matrix) and len(self.matrix) == len(self.names)
        )


class _Task(_Part):
    chips: int
    curves: dict[str, _Curve]
    calibration: _Calibration


class _Segmentation(_Task):
    confusion: _Confusion


class _Detection(_Task):
    objects: dict[str, int]
    detections: dict[str, int]


class _Network(_Part):
    parameters: int
    megapixels_per_second: float


class _Validation(_Part):
    score_threshold: float | None = None
    score_thresholds: dict[str, float] = {}
    sources: list[_Source] = []
    networks: dict[str, _Network] = {}
    segmentation: _Segmentation | None = None
    detection: _Detection | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Validation:
        found = self.detection.objects if self.detection else {}
        known = self.score_threshold is not None or found.keys() <= self.score_thresholds.keys()
        return _sound(self, known and (self.detection is None or found.keys() <= self.detection.detections.keys()))


def _sound(part: Part, whether: bool) -> Part:
    if not whether:
        raise ValueError("its parts do not fit")
    return part


def read_validation(folder: Path) -> dict[str, Any]:
    """The file's contents, empty where training has not come so far.

    Raises:
        ConfigError: the file is damaged.
    """
    path = folder / VALIDATION_FILE
    try:
        values: dict[str, Any] = parse_json(path.read_bytes())
        _Validation.model_validate(values)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, ValidationError) as error:
        raise ConfigError(f"{path} is damaged; delete it and train again to have it written anew.") from error
    return values
