"""What is wrong with sources and what is worth knowing of them, with their label counts, kept in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, start
from ..classes import MOST_CLASSES
from ..errors import GeoDistilError
from ..snapshots import crs_problem
from ..tiles.service import is_service
from ..translation import local, tr
from .counting import Counter, LabelCounts
from .draft import AREA_LAYER, DETECTION, SEGMENTATION, Draft, SourceDraft
from .exporting import export_size, source_order
from .facts import CLASS_RASTER, LINES, OTHER, POINTS, POLYGONS, RasterFacts, label_kind, raster_facts

COARSER = 1.5
"""From this ratio on, a difference of resolution is told."""


def findings(rasters: Sequence[RasterFacts], gsd: float) -> list[str]:
    """Sentences on coordinate systems, resolutions, bands and no-data.

    Args:
        rasters: the run's imagery.
        gsd: the model's ground sampling distance in metres.
    """
    return [*_crs(rasters), *_resolution(rasters, gsd), *_bands(rasters), *_nodata(rasters)]


def unsaved(layers: Sequence[QgsMapLayer]) -> list[str]:
    """Sentences on label layers that are being edited."""
    edited = [layer.name() for layer in layers if isinstance(layer, QgsVectorLayer) and layer.isModified()]
    return [
        tr("{layer} has edits that are not saved: the run learns from what is on the screen.").format(layer=name)
        for name in edited
    ]


def _crs(rasters: Sequence[RasterFacts]) -> list[str]:
    names = sorted({raster.crs.authid() or raster.crs.description() for raster in rasters})
    if len(names) < 2:
        return []
    return [
        tr("The rasters have different coordinate systems ({names}); each is read in its own, in metres.").format(
            names=", ".join(names)
        )
    ]


def _resolution(rasters: Sequence[RasterFacts], gsd: float) -> list[str]:
    found = []
    for raster in rasters:
        if raster.gsd and raster.gsd > COARSER * gsd:
            found.append(
                tr(
                    "{raster} has {gsd} m per pixel and the model {target} m: it is enlarged, "
                    "and small things may not be in it."
                ).format(raster=raster.name, gsd=local(raster.gsd, 2), target=local(gsd, 2))
            )
        elif raster.gsd and raster.gsd * COARSER < gsd:
            found.append(
                tr("{raster} has {gsd} m per pixel and is read at {target} m.").format(
                    raster=raster.name, gsd=local(raster.gsd, 2), target=local(gsd, 2)
                )
            )
    return found


def _bands(rasters: Sequence[RasterFacts]) -> list[str]:
    numbers = sorted({raster.bands for raster in rasters})
    if len(numbers) < 2:
        return []
    return [
        tr("The rasters have different numbers of bands ({names}); the colour bands are read.").format(
            names=", ".join(map(str, numbers))
        )
    ]


def _nodata(rasters: Sequence[RasterFacts]) -> list[str]:
    told = [raster.name for raster in rasters if raster.nodata is not None]
    if not told or len(told) == len(rasters):
        return []
    return [
        tr("Only {names} say which value means no data; borders of the others count as imagery.").format(
            names=", ".join(told)
        )
    ]


GONE = {
    "raster": tr("This raster is no longer in the project."),
    "labels": tr("The layer of these labels is no longer in the project; choose another."),
    "area_layer": tr("The layer of this area is no longer in the project; choose another."),
}
"""Field of a `SourceDraft` that names a layer -> what is said where the project has it no more."""

Problems = dict[str, str]
"""Name of a `SourceDraft` field -> a sentence."""

MOST_PIXELS = 1 << 31
"""Of an export: about 8 GB of colours, days of a web service's tiles."""


def source_problems(source: SourceDraft, counts: LabelCounts | None, project: QgsProject) -> Problems:
    """The mistakes in one source, by field; empty where there are none.

    Args:
        source: what was chosen.
        counts: its labels; none while they are being counted.
        project: where its layers are.
    """
    raster = project.mapLayer(source.raster)
    if not isinstance(raster, QgsRasterLayer) or not raster.isValid():
        return {"raster": GONE["raster"]}
    problems = {"raster": _raster_problem(raster), **_export_problems(source, raster)}
    if source.labelled:
        problems.update(_label_problems(source, project))
        if counts is not None and not any(problems.values()):
            problems.update(_count_problems(source, counts, raster, project))
    return {field: sentence for field, sentence in problems.items() if sentence}


def draft_problem(draft: Draft) -> str:
    """What is wrong with the sources together; empty where nothing is."""
    if not draft.sources:
        return tr("Add the imagery to learn from.")
    if not any(source.labelled for source in draft.sources):
        return tr(
            "Nothing is labelled yet: give at least one raster the role detection or segmentation, and its labels."
        )
    return ""


def gone(draft: Draft, project: QgsProject) -> str:
    """Which layer of a draft is no longer in the project, in a sentence; empty where all are."""
    for number, source in enumerate(draft.sources, 1):
        needed = ["raster", "labels", *["area_layer"] * (source.area == AREA_LAYER)] if source.labelled else ["raster"]
        for field in needed:
            if project.mapLayer(getattr(source, field)) is None:
                return tr("Source {number}: {sentence}").format(number=number, sentence=GONE[field])
    return ""


def _raster_problem(raster: QgsRasterLayer) -> str:
    if not raster.dataProvider().crs().isValid():
        return tr(
            "The raster {raster} has no coordinate reference system. "
            "Set it in the file with Raster > Projections > Assign Projection."
        ).format(raster=raster.name())
    return crs_problem(raster)


def _export_problems(source: SourceDraft, raster: QgsRasterLayer) -> Problems:
    facts = raster_facts(raster)
    if facts.path or not facts.crs.isValid():
        return {}
    if source.extent is None:
        return {
            "extent": tr("{raster} is no file: choose the extent that is to be exported.").format(raster=facts.name)
        }
    west, south, east, north = source.extent
    if west >= east or south >= north:
        return {"extent": tr("The extent is empty.")}
    if is_service(raster):
        try:
            source_order(raster, source)
        except GeoDistilError as error:
            return {"extent": str(error)}
        return {}
    if not source.pixel_size and not facts.columns:
        return {"pixel_size": tr("{raster} has no pixel size of its own: give one.").format(raster=facts.name)}
    columns, rows = export_size(raster, source)
    if columns * rows > MOST_PIXELS:
        sentence = tr("The export would have {columns} x {rows} pixels: choose a smaller extent or larger pixels.")
        return {"extent": sentence.format(columns=f"{columns:,}", rows=f"{rows:,}")}
    return {}


def _label_problems(source: SourceDraft, project: QgsProject) -> Problems:
    labels, area = project.mapLayer(source.labels), project.mapLayer(source.area_layer)
    problems = {
        "labels": GONE["labels"] if source.labels and labels is None else _geometry_problem(source.role, labels)
    }
    if problems["labels"]:
        return problems
    if label_kind(labels) == POINTS and not source.box_size:
        problems["box_size"] = tr("{labels} has points: give the side of the box around each, in metres.").format(
            labels=labels.name()
        )
    if label_kind(labels) != CLASS_RASTER and source.field and labels.fields().lookupField(source.field) < 0:
        problems["field"] = tr("{labels} has no field {field}.").format(labels=labels.name(), field=source.field)
    if source.area == AREA_LAYER:
        problems["area_layer"] = GONE["area_layer"] if source.area_layer and area is None else _area_problem(area)
    return problems


def _geometry_problem(role: str, labels: QgsMapLayer | None) -> str:
    if labels is None:
        return tr("Choose the layer that has the labels.")
    kind, name = label_kind(labels), labels.name()
    if kind == OTHER:
        return tr("The layer {name} has no geometry.").format(name=name)
    if not labels.crs().isValid():
        return tr("The layer {name} has no coordinate reference system: set it with Layer > Set CRS.").format(name=name)
    if kind == LINES:
        return tr("{name} has lines; labels are areas. Buffer them to the width of what they show.").format(name=name)
    if role == DETECTION and kind == CLASS_RASTER:
        return tr("{name} is a raster; detection needs polygons or points.").format(name=name)
    if kind == CLASS_RASTER and (sentence := crs_problem(labels)):
        return sentence
    if kind == CLASS_RASTER and not raster_facts(labels).path:
        return tr("{name} is no raster file. Save it as GeoTIFF with Export > Save As and choose that layer.").format(
            name=name
        )
    if role == SEGMENTATION and kind == POINTS:
        return tr("{name} has points; segmentation needs polygons or a class raster.").format(name=name)
    return ""


def _area_problem(area: QgsMapLayer | None) -> str:
    if area is None:
        return tr("Choose the layer that outlines the labelled area.")
    if label_kind(area) != POLYGONS:
        return tr("{area} has no polygons; a labelled area is made of polygons.").format(area=area.name())
    return (
        ""
        if area.crs().isValid()
        else tr("The layer {area} has no coordinate reference system.").format(area=area.name())
    )


def _count_problems(source: SourceDraft, counts: LabelCounts, raster: QgsRasterLayer, project: QgsProject) -> Problems:
    problems, labels = {}, project.mapLayer(source.labels)
    if counts.too_many or len(counts.by_value) > MOST_CLASSES:
        where = (
            tr("The field {field}").format(field=source.field)
            if source.field
            else tr("The layer {labels}").format(labels=labels.name())
        )
        problems["field"] = tr("{where} has more than {most} different values; choose a field of classes.").format(
            where=where, most=MOST_CLASSES
        )
    elif not counts.by_value and counts.without_value:
        problems["field"] = tr("All {without_value} labels on this raster are without a value in this field.").format(
            without_value=counts.without_value
        )
    elif not counts.by_value:
        problems["labels"] = tr("No label of {labels} lies on {raster}.").format(
            labels=labels.name(), raster=raster.name()
        )
    if counts.in_area == 0:
        problems["area_layer"] = tr("No polygon of {layer} lies on {raster}.").format(
            layer=project.mapLayer(source.area_layer).name(), raster=raster.name()
        )
    return problems


Key = tuple[Any, ...]


class Inspector(QObject):
    """What is known of sources; layers are looked at on the main thread, features counted on others.

    Args:
        project: where the layers are.
    """

    counted = pyqtSignal()
    """Something that was being counted is known now."""

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._known: dict[Key, LabelCounts] = {}
        self._failed: dict[Key, str] = {}
        self._tasks: dict[Key, Background] = {}

    def counts(self, source: SourceDraft) -> LabelCounts | None:
        """The labels of a source; none while they are counted, or where there is nothing to count."""
        if not source.labelled or self._unusable(source):
            return None
        key = self._key(source)
        if key not in self._known and key not in self._failed and key not in self._tasks:
            self._count(source, key)
        return self._known.get(key)

    def problems(self, source: SourceDraft) -> Problems:
        """The mistakes in a source, by field."""
        counts = self.counts(source)
        problems = source_problems(source, counts, self._project)
        if source.labelled and not problems and self._key(source) in self._failed:
            problems["labels"] = self._failed[self._key(source)]
        return problems

    def counting(self, source: SourceDraft) -> bool:
        """Whether its labels are being counted."""
        return source.labelled and not self._unusable(source) and self._key(source) in self._tasks

    def forget(self) -> None:
        """Count everything anew: features may have been edited."""
        self._known.clear()
        self._failed.clear()

    def failed(self, sources: list[SourceDraft]) -> bool:
        """Whether labels of these could not be counted, or someone cancelled that."""
        return any(source.labelled and self._key(source) in self._failed for source in sources)

    def try_again(self) -> None:
        """Count anew what could not be counted."""
        self._failed.clear()

    def close(self) -> None:
        """Cancel what is being counted."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    def _unusable(self, source: SourceDraft) -> bool:
        return bool(source_problems(source, None, self._project))

    def _count(self, source: SourceDraft, key: Key) -> None:
        layer = self._project.mapLayer
        raster, labels = layer(source.raster), layer(source.labels)
        area = layer(source.area_layer) if source.area == AREA_LAYER else None
        field = "" if label_kind(labels) == CLASS_RASTER else source.field
        counter = Counter(raster, labels, field, area, source.extent)
        self._tasks[key] = start(
            Background(
                tr("Count the labels of {raster}").format(raster=raster.name()),
                counter,
                lambda counts: self._done(key, counter, counts),
                lambda error: self._fail(key, error),
            )
        )

    def _done(self, key: Key, counter: Counter, counts: LabelCounts) -> None:
        try:
            counter.complain()
        except GeoDistilError as error:
            self._fail(key, error)
            return
        self._known[key] = counts
        self._end(key)

    def _fail(self, key: Key, error: GeoDistilError) -> None:
        self._failed[key] = str(error)
        self._end(key)

    def _end(self, key: Key) -> None:
        if self._tasks.pop(key, None) is not None:
            self.counted.emit()

    def _key(self, source: SourceDraft) -> Key:
        layers = [self._project.mapLayer(name) for name in (source.raster, source.labels, source.area_layer)]
        area = layers[2] if source.area == AREA_LAYER else None
        return (*(_identity(layer) for layer in (*layers[:2], area)), source.field, source.extent)


def _identity(layer: QgsMapLayer | None) -> Key:
    """What makes a count stale when it changes."""
    if isinstance(layer, QgsVectorLayer):
        return layer.id(), layer.subsetString(), layer.featureCount() if layer.isEditable() else -1
    return (layer.id(),) if isinstance(layer, QgsRasterLayer) else ()
