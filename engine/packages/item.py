"""`item.json`: a STAC item with the Machine Learning Model extension, which also carries the whole card."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

import shapely.geometry
from pydantic import ValidationError

from ..config import Card, CardClass
from ..config.validation import first_problem, shown
from ..errors import PackageError
from ..types import given

PACKAGE_VERSION = 2
CARD_KEY, VERSION_KEY = "geodistil:card", "geodistil:version"
LICENCE_KEY, SOURCE_KEY = "license", "geodistil:source"
"""Of the model, as a person has written them in the models window; the first is STAC's."""
WEIGHTS_FILE, ITEM_FILE, REPORT_FILE, PREVIEW_FILE = "model.safetensors", "item.json", "report.html", "preview.png"
GRAPH_FILE = "model.onnx"
"""The graph with the outputs of all tasks."""
ONNX_FILES = {"segmentation": "segmentation.onnx", "detection": "detection.onnx"}
"""Graphs of one task, for other programs: in what is exported, and in packages of version 1."""
FILES = (WEIGHTS_FILE, GRAPH_FILE, *ONNX_FILES.values(), ITEM_FILE, REPORT_FILE, PREVIEW_FILE)
"""Everything that a package may hold."""
AGAIN = "Copy or export the model again."

_EXTENSIONS = [
    "https://stac-extensions.github.io/mlm/v1.4.0/schema.json",
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
]
_BY_SOURCE = "Each raster's bands are mapped from its own mean and deviation to these before."
_TASKS = {"segmentation": "semantic-segmentation", "detection": "object-detection"}


def make_item(card: Card, parameters: int, present: set[str]) -> dict[str, Any]:
    """The item.

    Args:
        card: the model's card.
        parameters: number of the network's weights.
        present: names of the package's files.
    """
    created = card.created or datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    bands = _bands(card)
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": _EXTENSIONS,
        "id": _slug(card.name),
        "geometry": card.geometry,
        "properties": {"datetime": created, "gsd": card.gsd, "bands": bands, **_model(card, parameters)},
        "links": [],
        "assets": _assets(present, bands),
    }
    if card.geometry is not None:
        item["bbox"] = list(shapely.geometry.shape(card.geometry).bounds)
    item["properties"] |= {VERSION_KEY: PACKAGE_VERSION, CARD_KEY: card.model_dump(mode="json")}
    return item


def said_besides(item: Any) -> dict[str, str]:
    """What people have written into an item besides its card: licence and source of the model."""
    properties = item.get("properties") if isinstance(item, dict) else None
    found = properties if isinstance(properties, dict) else {}
    return {key: found[key] for key in (LICENCE_KEY, SOURCE_KEY) if isinstance(found.get(key), str)}


def read_card(item: Any, name: str) -> Card:
    """The card inside an item.

    Args:
        item: the parsed JSON.
        name: the package's, for messages.

    Raises:
        PackageError: no card in it, a card of a newer GeoDistil, or a damaged one.
    """
    properties = item.get("properties") if isinstance(item, dict) else None
    if not isinstance(properties, dict) or CARD_KEY not in properties:
        raise PackageError(f"{name} is not a GeoDistil model: its {ITEM_FILE} holds no card.")
    version = properties.get(VERSION_KEY)
    if not isinstance(version, int) or version > PACKAGE_VERSION:
        raise PackageError(f"{name} was made by a newer GeoDistil (version {shown(version)}).", "Update GeoDistil.")
    try:
        card = Card.model_validate(properties[CARD_KEY])
    except ValidationError as error:
        key, clause, _ = first_problem(error)
        if "is of design" in clause:
            raise PackageError(f"{name} was made by a newer GeoDistil: {clause}.", "Update GeoDistil.") from error
        raise PackageError(f"The card of {name} is damaged: {key}{': ' if key else ''}{clause}.", AGAIN) from error
    if card.geometry is not None and not _is_on_earth(card.geometry):
        raise PackageError(f"The card of {name} is damaged: geometry: it is no GeoJSON in degrees.", AGAIN)
    return card


def _is_on_earth(geometry: dict[str, Any]) -> bool:
    try:
        west, south, east, north = shapely.geometry.shape(geometry).bounds
    except Exception:  # shapely raises whatever the values lead to: KeyError, TypeError, ValueError, GEOSException
        return False
    found: bool = -360 <= west <= east <= 360 and -90 <= south <= north <= 90
    return found


def _model(card: Card, parameters: int) -> dict[str, Any]:
    network = given(card.network)
    return {
        "mlm:name": _slug(card.name),
        "mlm:architecture": f"{network.architecture} {network.encoder or network.size}",
        "mlm:tasks": [_TASKS[task] for task in card.tasks],
        "mlm:framework": "PyTorch",
        "mlm:framework_version": version("torch"),
        "mlm:total_parameters": parameters,
        "mlm:accelerator_constrained": False,
        "mlm:input": [_input(card)],
        "mlm:output": [_OUTPUTS[task](card) for task in card.tasks],
        "mlm:hyperparameters": {
            "score_threshold": card.score_threshold,
            **({"score_thresholds": card.score_thresholds} if card.score_thresholds else {}),
            "iou_threshold": card.iou_threshold,
            "tile_size": card.tile_size,
        },
    }


def _bands(card: Card) -> list[dict[str, Any]]:
    statistics = zip(card.bands, card.mean, card.std, strict=True)
    nodata = {} if card.nodata is None else {"nodata": card.nodata if math.isfinite(card.nodata) else str(card.nodata)}
    return [
        {"name": _band(band), "data_type": card.dtype, "statistics": {"mean": mean, "stddev": std}, **nodata}
        for band, mean, std in statistics
    ]


def _input(card: Card) -> dict[str, Any]:
    return {
        "name": "image",
        "description": f"Windows at {card.gsd} m. The network standardises raw values itself; the ONNX graphs take "
        "standardised values." + (f" {_BY_SOURCE}" if card.source_statistics else ""),
        "bands": [_band(band) for band in card.bands],
        "input": {
            "shape": [-1, len(card.bands), card.tile_size, card.tile_size],
            "dim_order": ["batch", "bands", "height", "width"],
            "data_type": "float32",
        },
        "value_scaling": [
            {"type": "z-score", "mean": mean, "stddev": std} for mean, std in zip(card.mean, card.std, strict=True)
        ],
        "resize_type": None,
    }


def _segmentation(card: Card) -> dict[str, Any]:
    channels = card.segmentation_channels()
    return {
        "name": "segmentation",
        "description": "Class probabilities of every pixel; class values are those of the class map.",
        "tasks": [_TASKS["segmentation"]],
        "result": {
            "shape": [-1, len(channels), card.tile_size, card.tile_size],
            "dim_order": ["batch", "channel", "height", "width"],
            "data_type": "float32",
        },
        "classification:classes": _classes(channels, card.first_class_value()),
    }


def _detection(card: Card) -> dict[str, Any]:
    return {
        "name": "detection",
        "description": "The best candidates before suppression: left, top, right, bottom in pixels (output boxes); "
        "their scores and class numbers are the outputs scores and labels.",
        "tasks": [_TASKS["detection"]],
        "result": {"shape": [-1, -1, 4], "dim_order": ["batch", "candidate", "coordinate"], "data_type": "float32"},
        "classification:classes": _classes(card.detection_classes, 0),
    }


_OUTPUTS = {"segmentation": _segmentation, "detection": _detection}


def _classes(classes: list[CardClass], first: int) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "name": _slug(one.name),
            "description": one.name,
            "color_hint": one.color.removeprefix("#").upper(),
        }
        for value, one in enumerate(classes, first)
    ]


def _assets(present: set[str], bands: list[dict[str, Any]]) -> dict[str, Any]:
    # STAC 1.1 allows an item bands only where an asset has them.
    model = {"roles": ["mlm:model", "mlm:weights"], "bands": bands}
    onnx = {"type": "application/octet-stream; framework=onnx; profile=onnx", "mlm:artifact_type": "torch.onnx.export"}
    known: dict[str, dict[str, Any]] = {
        WEIGHTS_FILE: {
            "title": "PyTorch weights",
            "type": "application/octet-stream; framework=pytorch",
            "mlm:artifact_type": "safetensors.torch.save_file",
            **model,
        },
        GRAPH_FILE: {"title": "ONNX, all tasks", **onnx, **model},
        **{file: {"title": f"ONNX, {task}", **onnx, **model} for task, file in ONNX_FILES.items()},
        REPORT_FILE: {"title": "Report", "type": "text/html", "roles": ["metadata"]},
        PREVIEW_FILE: {"title": "Preview", "type": "image/png", "roles": ["thumbnail"]},
    }
    return {file.replace(".", "-"): {"href": f"./{file}", **asset} for file, asset in known.items() if file in present}


def _band(number: int) -> str:
    return f"band-{number}"


def _slug(name: str) -> str:
    """A name that the extensions' patterns allow: letters, digits, dashes; a letter first, three characters or more."""
    slug = re.sub(r"[^0-9A-Za-z]+", "-", name).strip("-")
    slug = slug if slug[:1].isalpha() else f"class-{slug}"
    return slug.strip("-") if len(slug) > 2 else f"{slug}-model"
