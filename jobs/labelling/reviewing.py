"""Suggestions are accepted and rejected: steps of the label layer's own undo, and ground that is known from then on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from qgis.core import (
    QgsCsException,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip

from ..errors import GeoDistilError
from ..qt import QUndoCommand
from ..reference_systems import transform_between
from ..sources.draft import SEGMENTATION
from ..translation import tr
from .editing import LabelEditor
from .kept import Suggestion
from .layers import layer_problem
from .suggestions import ACCEPTED, CLASS, OPEN, REJECTED, STATE, Suggestions

SAME = 0.5
"""Share of the union of two shapes that they have in common, from which on they are one object."""

MARGIN = 0.25
"""Of an object's shorter side: ground around it that is known with the object; no object's middle is nearer."""


class Ledger:
    """Steps of undo since the labels were saved, and what they have learned of the ground.

    Qt's stack owns the steps, but would let go of what Python knows of them, so they are kept here, too.
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._ground: dict[int, list[QgsGeometry]] = {}

    def keep(self, step: _Step) -> None:
        """Note a step, before it is done."""
        self._steps.append(step)

    def learn(self, step: _Step, known: list[QgsGeometry]) -> None:
        """Ground is known."""
        self._ground[id(step)] = known

    def unlearn(self, step: _Step) -> None:
        """It is not, after all."""
        self._ground.pop(id(step), None)

    def ground(self) -> list[QgsGeometry]:
        """What is known, in the label layer's CRS."""
        return [shape for known in self._ground.values() for shape in known]

    def clear(self) -> None:
        """Nothing can be undone any more."""
        self._steps, self._ground = [], {}


class _Change(NamedTuple):
    """What is written of suggestions.

    Attributes:
        field: class or state.
        before: its values by suggestion.
        after: its new values.
    """

    field: str
    before: dict[int, Any]
    after: dict[int, Any]


class _Step(QUndoCommand):
    """What a step does to suggestions and ground, between the edits of labels that belong to it.

    Args:
        suggestions: whose field is written.
        change: what is written.
        known: ground that is known then.
        ledger: where that is noted.
    """

    def __init__(self, suggestions: Suggestions, change: _Change, known: list[QgsGeometry], ledger: Ledger) -> None:
        super().__init__()
        self._suggestions, self._change = suggestions, change
        self._known, self._ledger = known, ledger

    def redo(self) -> None:
        """Do it, or do it again."""
        self._write(self._change.after)
        self._ledger.learn(self, self._known)

    def undo(self) -> None:
        """Take it back."""
        self._write(self._change.before)
        self._ledger.unlearn(self)

    def _write(self, values: dict[int, Any]) -> None:
        if not sip.isdeleted(self._suggestions) and not sip.isdeleted(self._suggestions.layer):
            self._suggestions.write(self._change.field, values)


class Reviewing:
    """Reviews the suggestions for one label layer.

    Args:
        editor: of the label layer.
        suggestions: for it.
        ledger: of the label layer.
        project: for transformations, should someone give the label layer another CRS.
    """

    def __init__(self, editor: LabelEditor, suggestions: Suggestions, ledger: Ledger, project: QgsProject) -> None:
        self._editor, self._suggestions, self._ledger, self._project = editor, suggestions, ledger, project

    def accept(self, ids: Iterable[int], keep_free: bool) -> int:
        """Make labels of suggestions, in one step of undo; one whose object has a label already is only put away.

        Args:
            ids: which.
            keep_free: whether ground that has a label already is left out of them.

        Returns:
            How many labels were made.

        Raises:
            GeoDistilError: the layer does not take them, or not their class; then none is made.
        """
        found = self._taken(ids)
        for name in sorted({each.name for each in found.values()}):
            if not name:
                raise GeoDistilError("labels", tr("The suggestion has no class."), tr("Give it one first."))
            if sentence := layer_problem(self._editor.layer, self._editor.link.field, [name]):
                raise GeoDistilError("labels", sentence, tr("Give the suggestions another class first."))
        shapes = self._on_labels({fid: each.shape for fid, each in found.items()})
        made = 0
        with self._editor.step(tr("Accept suggestions")):
            for fid, each in found.items():
                made += self._editor.put_suggested(shapes[fid], each.name, keep_free, SAME, each.model)
            self._push(STATE, dict.fromkeys(found, OPEN), dict.fromkeys(found, ACCEPTED), self._known(found))
        self._editor.layer.triggerRepaint()
        return made

    def reject(self, ids: Iterable[int]) -> None:
        """Say that there is no such object; the ground there is background from then on.

        Raises:
            GeoDistilError: the layer cannot be edited.
        """
        found = self._taken(ids)
        with self._editor.step(tr("Reject suggestions")):
            self._push(STATE, dict.fromkeys(found, OPEN), dict.fromkeys(found, REJECTED), self._known(found))

    def change_class(self, ids: Iterable[int], name: str) -> None:
        """Give suggestions another class; they are still to be reviewed.

        Raises:
            GeoDistilError: the layer cannot be edited.
        """
        found = self._taken(ids)
        before = {fid: each.name for fid, each in found.items()}
        with self._editor.step(tr("Change to {name}").format(name=name)):
            self._push(CLASS, before, dict.fromkeys(found, name), [])

    def _taken(self, ids: Iterable[int]) -> dict[int, Suggestion]:
        self._suggestions.settle()
        return {fid: self._suggestions.get(fid) for fid in ids if self._suggestions.is_open(fid)}

    def _push(self, field: str, before: dict[int, Any], after: dict[int, Any], known: list[QgsGeometry]) -> None:
        step = _Step(self._suggestions, _Change(field, before, after), known, self._ledger)
        self._ledger.keep(step)
        self._editor.layer.undoStack().push(step)  # which does it, and owns it

    def _known(self, found: dict[int, Suggestion]) -> list[QgsGeometry]:
        """Ground that is known when these are reviewed, in the layer's CRS.

        Of areas it is what they cover: a judgement on an area says nothing of the ground beside it. Of objects it is
        their extent and what is around it, as far as no other suggestion there is still to be judged.
        """
        if self._editor.link.role == SEGMENTATION:
            shapes = [each.shape for each in found.values()]
        else:
            shapes = [self._around(each.shape.boundingBox(), set(found)) for each in found.values()]
        return list(self._on_labels(dict(enumerate(shapes))).values())

    def _around(self, extent: QgsRectangle, reviewed: set[int]) -> QgsGeometry:
        grown = extent.buffered(MARGIN * min(extent.width(), extent.height()))
        shape = QgsGeometry.fromRect(grown)
        for fid in self._suggestions.touching(grown):
            if fid not in reviewed:
                shape = shape.difference(QgsGeometry.fromRect(self._suggestions.get(fid).shape.boundingBox()))
        return shape

    def _on_labels(self, shapes: dict[int, QgsGeometry]) -> dict[int, QgsGeometry]:
        return moved(shapes, self._suggestions.layer, self._editor.layer, self._project)


def moved(
    shapes: dict[int, QgsGeometry], source: QgsVectorLayer, target: QgsVectorLayer, project: QgsProject
) -> dict[int, QgsGeometry]:
    """Shapes of one layer in the CRS of another.

    Raises:
        GeoDistilError: one lies where the transformation is not defined.
    """
    if source.crs() == target.crs():
        return shapes
    transform = transform_between(source.crs(), target.crs(), project)
    copies = {key: QgsGeometry(shape) for key, shape in shapes.items()}
    try:
        for shape in copies.values():
            shape.transform(transform)
    except QgsCsException as error:
        raise GeoDistilError(
            "layer",
            tr("The layer {layer} cannot be transformed into {crs}.").format(
                layer=source.name(), crs=target.crs().authid()
            ),
            tr("Choose one that lies on the raster."),
        ) from error
    return copies
