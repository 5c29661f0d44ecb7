"""A picture of chips: what was there, what the truth says, what the network says."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

IGNORE_INDEX = 255
"""As in `engine.types`, which would bring torch."""
OPACITY = 0.5
_MOST_NAMED = 18
"""Classes that a legend names."""
_SIDE = 256
"""Of a chip as it is shown, in pixels, as are the following."""
_GAP = 8
_TEXT = 12
_LINE = 18
_SWATCH = 22, 10
_GREY = "#808080"
Entry = tuple[str, str, bool]
"""Of a legend: a name, its colour, and whether it is an area."""


@dataclass
class Labelling:
    """What is known or predicted of one image.

    Args:
        mask: (H, W) channel indices with 255 for nothing, or none.
        boxes: (n, 4) xyxy pixels, or none.
        labels: (n,) detection class indices, for boxes.
    """

    mask: np.ndarray | None = None
    boxes: np.ndarray | None = None
    labels: np.ndarray | None = None


def preview_png(
    images: Sequence[np.ndarray],
    columns: Mapping[str, Sequence[Labelling]],
    segmentation_classes: Sequence[tuple[str, str]] = (),
    detection_classes: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Chips down, the plain image and one column for each labelling across.

    Args:
        images: each (H, W, 3) uint8.
        columns: title, for example "truth" and "prediction", to a labelling of each image.
        segmentation_classes: name and colour of each channel; "background" is left clear.
        detection_classes: name and colour of each detection class.

    Returns:
        A PNG file.
    """
    titles = ["image", *columns]
    legend = _legend(columns, segmentation_classes, detection_classes)
    step, width = _SIDE + _GAP, len(titles) * (_SIDE + _GAP) + _GAP
    top = _GAP + _LINE * max(title.count("\n") + 1 for title in titles)
    places = list(_places(legend, width))
    bottom = top + len(images) * step
    height = bottom + (_LINE * (1 + max(row for _, row in places)) if places else 0)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles):
        middle = _GAP + column * step + _SIDE / 2, top - _GAP / 2
        draw.multiline_text(middle, title, "black", _font(), anchor="md", spacing=_LINE - _TEXT, align="center")
    for row, image in enumerate(images):
        cells = [
            _cell(image),
            *(_labelled(image, each[row], segmentation_classes, detection_classes) for each in columns.values()),
        ]
        for column, cell in enumerate(cells):
            sheet.paste(cell, (_GAP + column * step, top + row * step))
    for entry, (left, line) in zip(legend, places, strict=True):
        _draw_entry(draw, entry, left, bottom + line * _LINE)
    file = io.BytesIO()
    sheet.save(file, format="png")
    return file.getvalue()


@cache
def _font() -> ImageFont.FreeTypeFont:
    """Matplotlib's own, which has the letters of most languages."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", _TEXT)


def _cell(image: np.ndarray) -> Image.Image:
    """An image (H, W, 3) as it is shown: pixels stay sharp where they are made larger."""
    scale = _SIDE / max(image.shape[:2])
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return Image.fromarray(image).resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX)


def _labelled(
    image: np.ndarray, labelling: Labelling, areas: Sequence[tuple[str, str]], objects: Sequence[tuple[str, str]]
) -> Image.Image:
    """The same under its classes' colours, with its objects outlined."""
    cell = _cell(_tinted(image, labelling.mask, areas))
    if labelling.boxes is not None and labelling.labels is not None:
        draw, scale = ImageDraw.Draw(cell), _SIDE / max(image.shape[:2])
        for box, label in zip(np.asarray(labelling.boxes) * scale, labelling.labels, strict=True):
            left, top, right, bottom = box.round().tolist()
            corners = left, top, max(left, right - 1), max(top, bottom - 1)
            draw.rectangle(corners, outline=objects[int(label)][1], width=2)
    return cell


def _tinted(image: np.ndarray, mask: np.ndarray | None, classes: Sequence[tuple[str, str]]) -> np.ndarray:
    """The image under its classes' colours; ignored ground turns grey."""
    tinted = image.astype(float)
    if mask is None:
        return image
    for channel, (name, color) in enumerate(classes):
        if name != "background":
            tinted[mask == channel] += OPACITY * (np.array(ImageColor.getrgb(color)) - tinted[mask == channel])
    tinted[mask == IGNORE_INDEX] = 128 + 0.3 * (tinted[mask == IGNORE_INDEX] - 128)
    found: np.ndarray = tinted.round().astype(np.uint8)
    return found


def _seen(classes: Sequence[tuple[str, str]], masks: list[np.ndarray]) -> list[tuple[str, str]]:
    """Classes of which there is something to see; all of them where they are few."""
    there = set().union(*(np.unique(mask).tolist() for mask in masks))
    return [each for index, each in enumerate(classes) if len(classes) <= _MOST_NAMED or index in there]


def _found(classes: Sequence[tuple[str, str]], shown: list[Labelling]) -> list[tuple[str, str]]:
    """The same of classes of objects."""
    there = {int(label) for each in shown if each.labels is not None for label in each.labels}
    return [each for index, each in enumerate(classes) if len(classes) <= _MOST_NAMED or index in there]


def _legend(
    columns: Mapping[str, Sequence[Labelling]], areas: Sequence[tuple[str, str]], objects: Sequence[tuple[str, str]]
) -> list[Entry]:
    shown = [labelling for labellings in columns.values() for labelling in labellings]
    masks = [each.mask for each in shown if each.mask is not None]
    entries = [(name, color, True) for name, color in _seen(areas, masks) if name != "background"]
    entries += [(name, color, False) for name, color in _found(objects, shown)]
    if any((mask == IGNORE_INDEX).any() for mask in masks):
        entries.append(("counts nowhere", _GREY, True))
    if len(entries) > _MOST_NAMED:
        entries = [*entries[:_MOST_NAMED], (f"and {len(entries) - _MOST_NAMED} more", "", True)]
    return entries


def _places(entries: Sequence[Entry], width: int) -> Iterator[tuple[int, int]]:
    """Where each stands, from left to right as long as there is room: (pixels from the left, line)."""
    left, line = _GAP, 0
    for name, color, _ in entries:
        needed = (_SWATCH[0] + _GAP // 2 if color else 0) + round(_font().getlength(name)) + 2 * _GAP
        if left > _GAP and left + needed > width:
            left, line = _GAP, line + 1
        yield left, line
        left += needed


def _draw_entry(draw: ImageDraw.ImageDraw, entry: Entry, left: int, top: int) -> None:
    name, color, area = entry
    if color:
        across, down = _SWATCH
        box = left, top + (_LINE - down) // 2, left + across, top + (_LINE + down) // 2
        paler = tuple(round(0.7 * value + 0.3 * 255) for value in ImageColor.getrgb(color)[:3])
        draw.rectangle(box, **({"fill": paler} if area else {"outline": color, "width": 2}))
        left += across + _GAP // 2
    draw.text((left, top + _LINE / 2), name, "black", _font(), anchor="lm")
