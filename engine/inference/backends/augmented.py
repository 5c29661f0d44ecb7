"""Flips and rotations at test time: a window is seen from several sides, and what is said of it is averaged."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from ...types import Objects, given
from ..suppression import suppress
from .base import OBJECT_LIMIT, Arrays, Backend


class View(NamedTuple):
    """Quarter turns anticlockwise, and then perhaps a flip from left to right."""

    turns: int
    flip: bool


VIEWS = {
    "none": [View(0, False)],
    "flips": [View(0, False), View(0, True), View(2, False), View(2, True)],
    "all": [View(*each) for each in itertools.product(range(4), (False, True))],
}
"""What may be asked for: nothing; the identity and all flips; all eight symmetries of the square."""


class Augmented:
    """A backend that runs each window in several views: mean probabilities, and the views' objects merged.

    Args:
        backend: what runs the views.
        views: a name of `VIEWS`.
    """

    def __init__(self, backend: Backend, views: str) -> None:
        self.backend, self.views = backend, VIEWS[views]
        self.card, self.batch_size, self.parallel = backend.card, backend.batch_size, backend.parallel
        self.name = f"{backend.name} {views}"

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch."""
        answers = [self._seen(images, view) for view in self.views]
        joined = Arrays()
        if answers[0].segmentation is not None:
            joined.segmentation = sum(given(each.segmentation) for each in answers) / np.float32(len(answers))
        if answers[0].values is not None:
            joined.values = sum(given(each.values) for each in answers) / np.float32(len(answers))
        if answers[0].objects is not None:
            joined.objects = [self._merged(found) for found in zip(*(each.objects for each in answers), strict=True)]
        return joined

    def _seen(self, images: np.ndarray, view: View) -> Arrays:
        arrays = self.backend.run(np.ascontiguousarray(turned(images, view)))
        if arrays.segmentation is not None:
            arrays.segmentation = turned_back(arrays.segmentation, view)
        if arrays.values is not None:
            arrays.values = turned_back(arrays.values, view)
        for found in arrays.objects or []:
            found.boxes = boxes_turned_back(found.boxes, view, images.shape[-1])
        return arrays

    def _merged(self, parts: tuple[Objects[np.ndarray], ...]) -> Objects[np.ndarray]:
        boxes, labels, scores = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "labels", "scores")
        )
        order = np.argsort(-scores, kind="stable")
        kept = order[suppress(boxes[order], labels[order], self.card.iou_threshold, OBJECT_LIMIT)]
        return Objects(boxes[kept], labels[kept], scores[kept])


def turned(images: np.ndarray, view: View) -> np.ndarray:
    """(..., T, T) images as a view shows them."""
    images = np.rot90(images, view.turns, axes=(-2, -1))
    return images[..., ::-1] if view.flip else images


def turned_back(images: np.ndarray, view: View) -> np.ndarray:
    """What `turned` did, undone."""
    images = images[..., ::-1] if view.flip else images
    return np.rot90(images, -view.turns, axes=(-2, -1))


def boxes_turned_back(boxes: np.ndarray, view: View, side: int) -> np.ndarray:
    """(n, 4) xyxy boxes in a view's pixels, in those of the window, whose side is given."""
    left, top, right, bottom = boxes.T
    if view.flip:
        left, right = side - right, side - left
    for _ in range(view.turns):
        left, top, right, bottom = side - bottom, left, side - top, right
    return np.stack([left, top, right, bottom], axis=1)
