"""What training's last validation leaves beside the event log: `validation.json` and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ConfigError

VALIDATION_FILE = "validation.json"
"""`score_thresholds` by class; `sources` (areas, labels, outlines of the split); `networks` (parameters,
megapixels_per_second); for each validated task `curves`, `calibration`, `chips`, and `confusion` (areas) or `objects`,
`detections`."""


def threshold_of(name: str, validation: dict[str, Any]) -> float:
    """The score from which a detection class is reported; runs of before had one for all."""
    return validation.get("score_thresholds", {}).get(name, validation.get("score_threshold"))


def figure_path(folder: Path, task: str, kind: str) -> Path:
    """Where the picture of a task's best or worst chips lies."""
    return folder / "figures" / f"{task}_{kind}.jpg"


def read_validation(folder: Path) -> dict[str, Any]:
    """The file's contents, empty where training has not come so far.

    Raises:
        ConfigError: the file is damaged.
    """
    path = folder / VALIDATION_FILE
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is damaged; delete it and train again to have it written anew.") from error
