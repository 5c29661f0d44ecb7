"""A picture of chips: what was there, what the truth says, what the network says."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

IGNORE_INDEX = 255
"""As in `engine.types`, which would bring torch."""
OPACITY = 0.5
_MOST_NAMED = 18
"""Classes that a legend names: three lines of them."""


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
    across = 1 + len(columns)
    figure = Figure(figsize=(2.4 * across, 2.4 * len(images) + 0.6), dpi=110, layout="constrained", facecolor="white")
    grid = figure.subplots(len(images), across, squeeze=False)
    for row, image in zip(grid, images, strict=True):
        _show(row[0], image)
    for axes, (name, labellings) in zip(grid.T[1:], columns.items(), strict=True):
        axes[0].set_title(name, fontsize=9)
        for place, image, labelling in zip(axes, images, labellings, strict=True):
            _show(place, _tinted(image, labelling.mask, segmentation_classes))
            _outline(place, labelling, detection_classes)
    grid[0, 0].set_title("image", fontsize=9)
    masks = [each.mask for labellings in columns.values() for each in labellings if each.mask is not None]
    ignored = any((mask == IGNORE_INDEX).any() for mask in masks)
    shown = [labelling for labellings in columns.values() for labelling in labellings]
    _legend(figure, _seen(segmentation_classes, masks), _found(detection_classes, shown), ignored)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _show(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set_axis_off()


def _tinted(image: np.ndarray, mask: np.ndarray | None, classes: Sequence[tuple[str, str]]) -> np.ndarray:
    """The image under its classes' colours; ignored ground turns grey."""
    tinted = image.astype(float)
    if mask is None:
        return image
    for channel, (name, color) in enumerate(classes):
        if name != "background":
            tinted[mask == channel] += OPACITY * (255 * np.array(to_rgb(color)) - tinted[mask == channel])
    tinted[mask == IGNORE_INDEX] = 128 + 0.3 * (tinted[mask == IGNORE_INDEX] - 128)
    found: np.ndarray = tinted.round().astype(np.uint8)
    return found


def _outline(axes: Axes, labelling: Labelling, classes: Sequence[tuple[str, str]]) -> None:
    if labelling.boxes is None or labelling.labels is None:
        return
    for (left, top, right, bottom), label in zip(labelling.boxes, labelling.labels, strict=True):
        corner = left - 0.5, top - 0.5
        axes.add_patch(
            Rectangle(corner, right - left, bottom - top, fill=False, linewidth=1.2, edgecolor=classes[int(label)][1])
        )


def _seen(classes: Sequence[tuple[str, str]], masks: list[np.ndarray]) -> list[tuple[str, str]]:
    """Classes of which there is something to see; all of them where they are few."""
    there = set().union(*(np.unique(mask).tolist() for mask in masks))
    return [each for index, each in enumerate(classes) if len(classes) <= _MOST_NAMED or index in there]


def _found(classes: Sequence[tuple[str, str]], shown: list[Labelling]) -> list[tuple[str, str]]:
    """The same of classes of objects."""
    there = {int(label) for each in shown if each.labels is not None for label in each.labels}
    return [each for index, each in enumerate(classes) if len(classes) <= _MOST_NAMED or index in there]


def _legend(
    figure: Figure, areas: Sequence[tuple[str, str]], objects: Sequence[tuple[str, str]], ignored: bool
) -> None:
    handles = [Patch(color=color, label=name, alpha=0.7) for name, color in areas if name != "background"]
    handles += [Patch(fill=False, edgecolor=color, label=name, linewidth=1.5) for name, color in objects]
    if ignored:
        handles.append(Patch(color="#808080", label="counts nowhere", alpha=0.7))
    if len(handles) > _MOST_NAMED:
        more = len(handles) - _MOST_NAMED
        handles = [*handles[:_MOST_NAMED], Patch(alpha=0, label=f"and {more} more")]
    if handles:
        figure.legend(
            handles=handles, loc="outside lower center", ncols=min(len(handles), 6), fontsize=8, frameon=False
        )
