"""A picture of a table: places of the test ground, the truth, and what each method says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.config import Area, Card, Labels, Run, Source, Supervised
from engine.data.grid import Window
from engine.data.labels import read_labels
from engine.data.raster import OnGrid, RasterReader
from engine.evaluation.detections import read_detections
from engine.packages import load_card
from engine.report import Labelling, preview_png
from engine.types import IGNORE_INDEX

from .declare import Row, Test
from .mosaic import permit_mosaics
from .running import slug
from .scoring import LAYERS, classes_of

SIDE = 224
"""Of a place, in pixels of the model's ground sampling distance."""


def write_picture(rows: list[Row], tests: list[Test], seed_folder: Path, output: Path) -> Path:
    """Draw two places of each task's tests.

    Args:
        rows: finished, in their order.
        tests: of the table.
        seed_folder: where the rows' run folders lie.
        output: a PNG file.

    Returns:
        `output`.
    """
    permit_mosaics()
    cards = {row.name: load_card(seed_folder / slug(row.name) / "model") for row in rows}
    images, columns = [], {name: [] for name in ("truth", *cards)}
    for test, along in _places(tests):
        card = next((card for card in cards.values() if test.task in card.tasks), None)
        if card is None:
            continue
        reader = RasterReader(test.raster, card.bands, card.gsd)
        window = _window(reader, along)
        images.append(_shown(reader, window, card))
        columns["truth"].append(_truth(test, card, reader, window))
        for row in rows:
            predictions = seed_folder / slug(row.name) / "predictions" / test.name
            columns[row.name].append(_predicted(test.task, cards[row.name], predictions, reader, window))
    palettes = {task: _palette(cards, task) for task in LAYERS}
    groups = {row.name: row.group for row in rows}
    titles = {_title(name, groups.get(name, "")): labellings for name, labellings in columns.items()}
    output.write_bytes(preview_png(images, titles, palettes["segmentation"], palettes["detection"]))
    return output


def _places(tests: list[Test]) -> list[tuple[Test, float]]:
    """Two places of each task, as shares of their rasters' sides: of two tests their middles, of one its thirds."""
    found = []
    for task in LAYERS:
        mine = [test for test in tests if test.task == task][:2]
        found += [(mine[0], 1 / 3), (mine[0], 2 / 3)] if len(mine) == 1 else [(test, 1 / 2) for test in mine]
    return found


def _window(reader: RasterReader, along: float) -> Window:
    grid = reader.grid
    width, height = min(SIDE, grid.width), min(SIDE, grid.height)
    return Window(round(along * (grid.width - width)), round(along * (grid.height - height)), width, height)


def _shown(reader: RasterReader, window: Window, card: Card) -> np.ndarray:
    image, _ = reader.read(*window)
    mean, std = (np.array(values)[:3, None, None] for values in (card.mean, card.std))
    stretched = 0.5 + (image[:3].astype(float) - mean) / (4 * std)
    return (255 * stretched.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)


def _truth(test: Test, card: Card, reader: RasterReader, window: Window) -> Labelling:
    classes = {f"{test.task}_classes": classes_of(card, test.task)}
    source = Source(raster=str(test.raster), role=test.task, labels=Labels(**test.labels), area=Area(**test.area))
    run = Run(sources=[source], background=card.background, recipe=Supervised(), **classes)
    labels = read_labels(run, source, reader.grid)
    if test.task == "segmentation":
        return Labelling(mask=labels.mask(window))
    return _inside(labels.boxes, labels.classes, window)


def _predicted(task: str, card: Card, folder: Path, reader: RasterReader, window: Window) -> Labelling:
    path = folder / LAYERS[task]
    if task not in card.tasks or not path.exists():
        return Labelling()
    if task == "segmentation":
        values, valid = RasterReader(path, on=OnGrid(reader.grid)).read(*window)
        channels = values[0].astype(int) - card.first_class_value()
        return Labelling(mask=np.where(valid, channels, IGNORE_INDEX))
    found = read_detections(path, reader.grid, [each.name for each in card.detection_classes])
    found = found[found.reach(card.thresholds())]
    return _inside(found.corners, found.labels, window)


def _inside(corners: np.ndarray, labels: np.ndarray, window: Window) -> Labelling:
    boxes = corners - np.tile([window.column, window.row], 2)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    keep = ((centers >= 0) & (centers < [window.width, window.height])).all(1)
    limit = np.tile([window.width, window.height], 2)
    return Labelling(boxes=boxes[keep].clip(0, limit), labels=labels[keep])


def _palette(cards: dict[str, Card], task: str) -> list[tuple[str, str]]:
    card = next((card for card in cards.values() if task in card.tasks), None)
    if card is None:
        return []
    classes = card.segmentation_channels() if task == "segmentation" else card.detection_classes
    return [(each.name, each.color) for each in classes]


def _title(name: str, group: str) -> str:
    return name.removeprefix(f"{group}: ").replace(", ", ",\n")
