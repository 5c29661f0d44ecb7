"""A click-to-segment model as two ONNX graphs: the image encoder and the prompt decoder of the SAM family.

The graphs come from anyone, so names, ranks, sizes and types are read from them when they are opened, and what they
return is looked at each time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from ..config.validation import WORDS, shown
from ..errors import PackageError
from ..telemetry import session_options
from .backends.base import cores
from .backends.onnx import PROVIDERS, RUNNING, UNREADABLE, usable_device

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
"""Of red, green and blue in ImageNet, by which all of the family are trained."""

SIDE = 1024
"""Pixels of the square that the family looks at, where a graph does not fix it."""
SIDES = range(32, 4097)
MASK_SHARE = 4
"""Pixels of the image for one of a mask that is given or returned."""

FOREGROUND, BACKGROUND, FIRST_CORNER, SECOND_CORNER, PADDING = 1, 0, 2, 3, -1
"""Labels of points."""

TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(int64)": np.int64,
}  # fmt: skip
POINTS, LABELS, MASK, HAS_MASK, SIZE = "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size"
RANKS = {POINTS: 3, LABELS: 2, MASK: 4, HAS_MASK: 1, SIZE: 1}
"""Inputs of a decoder that are no embeddings."""
MASKS, SCORES = ("masks", "low_res_masks"), ("iou_predictions", "scores")
"""Outputs of a decoder, the first that is there."""

HINT = "Export both files of one model together, with the names that segment-anything's or samexporter's export gives."


class Mask(NamedTuple):
    """What a decoder answers.

    Attributes:
        logits: (S, S) float32, above 0 inside.
        score: how sure the model is of it: the intersection over union that it expects.
    """

    logits: np.ndarray
    score: float


class ClickModel:
    """See the module.

    Args:
        encoder: its file.
        decoder: its file.
        device: auto, cpu or cuda.

    Raises:
        PackageError: a file is missing, unreadable, or not one of such a pair.
        DeviceError: onnxruntime has no such device here.
    """

    def __init__(self, encoder: Path, decoder: Path, device: str = "auto") -> None:
        provider = PROVIDERS[usable_device(device)]
        self._encoder, self._decoder = _Graph(encoder, provider), _Graph(decoder, provider)
        self._takes_pixels, self.side = self._look_at_encoder()
        self._embeddings = self._look_at_decoder()
        self._masks, self._scores = (self._decoder.output(names) for names in (MASKS, SCORES))

    def embed(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """What the encoder sees in an image, as the decoder takes it.

        Args:
            image: (S, S, 3) float32, red, green and blue from 0 to 255; `MEAN` where there is nothing.

        Raises:
            PackageError: the graph fails on it, or returns what is no embedding.
        """
        name, _, kind = self._encoder.inputs[0]
        given = image if self._takes_pixels else ((image - MEAN) / STD).transpose(2, 0, 1)[None]
        if kind is np.uint8:
            given = np.rint(given)
        found = self._encoder.run({name: np.ascontiguousarray(given.astype(kind))})
        for each in found.values():
            if each.ndim != 4 or len(each) != 1 or not np.isfinite(each).all():
                raise PackageError(f"{self._encoder.path} returns what is no embedding of an image.", HINT)
        return {name: found[source] for name, source in self._embeddings.items()}

    def decide(self, embedding: dict[str, np.ndarray], points: np.ndarray, labels: np.ndarray) -> Mask:
        """The area that points and a box mean.

        Args:
            embedding: of the image.
            points: (n, 2) column and row in the image, where 0.5 is the middle of the first pixel.
            labels: (n,) what each is.

        Raises:
            PackageError: the graph fails on them, or returns what is no mask.
        """
        if FIRST_CORNER not in labels and len(embedding) == 1:  # as in training; the graphs of SAM 2 do so themselves
            points, labels = np.vstack([points, [[0.5, 0.5]]]), np.append(labels, PADDING)
        mask = [side or self.side // MASK_SHARE for side in self._decoder.shape(MASK, 4)[2:]]
        values = embedding | {
            POINTS: (points - 0.5)[None],  # the graph adds a half
            LABELS: labels[None],
            MASK: np.zeros((1, 1, *mask)),
            HAS_MASK: np.zeros(1),
            SIZE: np.full(2, self.side),
        }
        found = self._decoder.run({name: values[name].astype(kind) for name, _, kind in self._decoder.inputs})
        return self._best(found[self._masks], found[self._scores].ravel())

    def _best(self, masks: np.ndarray, scores: np.ndarray) -> Mask:
        """The mask of which the model is surest; where it offers several, they are parts and wholes."""
        known = masks.ndim == 4 and len(masks) == 1 and masks.shape[1] == len(scores) > 0
        if not known or min(masks.shape[2:]) < 8 or max(masks.shape[2:]) > SIDES[-1]:
            raise PackageError(f"{self._decoder.path} returns what are no masks, of the shape {masks.shape}.", HINT)
        best = int(np.argmax(np.nan_to_num(scores.astype(np.float32), nan=-np.inf)))
        logits = np.nan_to_num(masks[0, best].astype(np.float32))
        return Mask(_resized(logits, self.side), float(np.clip(np.nan_to_num(scores[best]), 0, 1)))

    def _look_at_encoder(self) -> tuple[bool, int]:
        """Whether it takes pixels (S, S, 3), which it standardises itself, or (1, 3, S, S); and S."""
        path, taken = self._encoder.path, self._encoder.inputs
        shape = taken[0][1]
        planes = len(shape) == 4 and shape[0] in (None, 1) and shape[1] in (None, 3)
        pixels = len(shape) == 3 and shape[2] in (None, 3)
        if len(taken) != 1 or not (planes or pixels):
            raise PackageError(
                f"{path} is no image encoder that is known here: it takes {_told(taken)}, and one takes an image as "
                "1 x 3 x S x S or S x S x 3.",
                HINT,
            )
        sides = {side for side in (shape[2:] if planes else shape[:2]) if side is not None} or {SIDE}
        if len(sides) > 1 or min(sides) not in SIDES:
            raise PackageError(
                f"{path} takes images of {' x '.join(map(str, sorted(sides)))} pixels; known are squares of "
                f"{SIDES[0]} to {SIDES[-1]}.",
                HINT,
            )
        return pixels, sides.pop()

    def _look_at_decoder(self) -> dict[str, str]:
        """For each embedding that it takes, the encoder's output that is it."""
        path, taken = self._decoder.path, self._decoder.inputs
        shapes = {name: shape for name, shape, _ in taken}
        missing = [name for name in (POINTS, LABELS) if name not in shapes]
        if missing:
            raise PackageError(
                f"{path} is no prompt decoder that is known here: it takes {_told(taken)}, and no {missing[0]}.", HINT
            )
        odd = [name for name, rank in RANKS.items() if name in shapes and len(shapes[name]) != rank]
        if odd:
            raise PackageError(
                f"{path} takes {odd[0]} with {len(shapes[odd[0]])} dimensions; {RANKS[odd[0]]} are known.", HINT
            )
        wanted = [name for name in shapes if name not in RANKS]
        given = {name: shape for name, shape, _ in self._encoder.outputs}
        sources = dict(zip(wanted, given, strict=True)) if len(wanted) == len(given) == 1 else {x: x for x in wanted}
        for name, source in sources.items():
            if source not in given or not _fits(shapes[name], given[source]):
                raise PackageError(
                    f"{path} takes {_told([(name, shapes[name])])}, and {self._encoder.path} returns "
                    f"{_told(self._encoder.outputs)}: they are not of one model.",
                    HINT,
                )
        if not sources:
            raise PackageError(f"{path} is no prompt decoder that is known here: it takes no embedding.", HINT)
        return sources


class _Graph:
    """A session, with names, shapes (none for a side that is open) and types of what it takes and returns."""

    def __init__(self, path: Path, provider: str) -> None:
        self.path = path
        if not path.is_file():
            raise PackageError(f"{path} is not there.", "Choose the file of the model again.")
        options = session_options()
        options.intra_op_num_threads = cores()
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, [provider])
        except UNREADABLE as error:
            raise PackageError(f"{path} is not a readable ONNX file: {shown(error, WORDS)}.", HINT) from error
        self.inputs = [self._described(each) for each in self._session.get_inputs()]
        self.outputs = [self._described(each) for each in self._session.get_outputs()]

    def _described(self, value: Any) -> tuple[str, list[int | None], Any]:
        if value.type not in TYPES:
            raise PackageError(f"{self.path} has {value.name} of the type {value.type}, which is not known here.", HINT)
        sides = [side if isinstance(side, int) and side > 0 else None for side in value.shape]
        return value.name, sides, TYPES[value.type]

    def shape(self, name: str, rank: int) -> list[int | None]:
        """Of an input; open where it is not there."""
        return next((shape for each, shape, _ in self.inputs if each == name), [None] * rank)

    def output(self, names: tuple[str, ...]) -> str:
        """The first of these that it returns.

        Raises:
            PackageError: it returns none.
        """
        there = [name for name, *_ in self.outputs]
        found = next((name for name in names if name in there), "")
        if not found:
            raise PackageError(f"{self.path} returns {', '.join(there)}, and no {names[0]}.", HINT)
        return found

    def run(self, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What it returns; a stop that interrupts this process ends it between two operators."""
        names, options = [name for name, *_ in self.outputs], onnxruntime.RunOptions()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self._session.run, names, given, options)
            try:
                return dict(zip(names, answer.result(), strict=True))
            except RUNNING as error:
                said = " ".join(str(error).split()).rstrip(".")
                raise PackageError(f"{self.path} fails on this image: {said}.", HINT) from error
            except BaseException:
                options.terminate = True
                raise


def _told(values: list[tuple[Any, ...]]) -> str:
    """Names and shapes in words."""
    shapes = ((name, " x ".join("?" if side is None else str(side) for side in shape)) for name, shape, *_ in values)
    return ", ".join(f"{name} ({shape})" for name, shape in shapes) or "nothing"


def _fits(one: list[int | None], other: list[int | None]) -> bool:
    return len(one) == len(other) and all(a == b or None in (a, b) for a, b in zip(one, other, strict=True))


def _resized(values: np.ndarray, side: int) -> np.ndarray:
    """(S, S) of (h, w), bilinear between the middles of pixels."""
    for axis, count in enumerate(values.shape):
        if count == side:
            continue
        place = np.clip((np.arange(side) + 0.5) * count / side - 0.5, 0, count - 1)
        below = np.minimum(place.astype(int), max(count - 2, 0))
        share = np.expand_dims((place - below).astype(np.float32), 1 - axis)
        values = values.take(below, axis) * (1 - share) + values.take(below + 1, axis) * share
    return values
