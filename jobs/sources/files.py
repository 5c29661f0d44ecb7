"""Where the files of a run lie: each layer that has to be copied gets one name, however often it is used."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject

from ..errors import GeoDistilError
from ..folders import file_stem
from ..translation import tr
from .draft import AREA_LAYER, Draft, SourceDraft
from .facts import CLASS_RASTER, label_kind, raster_facts
from .problems import gone


class Files:
    """Paths of a draft's layers, as `run.json` has them: relative for copies, absolute for files left in place.

    Args:
        draft: the sources.
        project: where their layers are.

    Raises:
        GeoDistilError: a layer is no longer in the project.
    """

    def __init__(self, draft: Draft, project: QgsProject) -> None:
        if sentence := gone(draft, project):
            raise GeoDistilError("layer", sentence, tr("Go back to the sources."))
        self._project = project
        self.exports: dict[str, SourceDraft] = {}
        """Path of a GeoTIFF to be written -> its source."""
        self.labels_of: dict[str, list[SourceDraft]] = {}
        """Path of a label copy -> the sources that use it."""
        self.areas_of: dict[str, list[SourceDraft]] = {}
        """Path of a copy of a labelled area -> the sources that use it."""
        self._paths: dict[tuple[Any, ...], str] = {}
        for source in draft.sources:
            self._add(source)

    def raster(self, source: SourceDraft) -> str:
        """The source's imagery."""
        return self._paths["raster", source.raster, source.extent, source.pixel_size]

    def labels(self, source: SourceDraft) -> str:
        """The source's labels."""
        return self._paths["labels", source.labels, source.field]

    def area(self, source: SourceDraft) -> str:
        """The source's labelled area, of kind `layer`."""
        return self._paths["area", source.area_layer]

    def _add(self, source: SourceDraft) -> None:
        layer = self._project.mapLayer(source.raster)
        path = raster_facts(layer).path or self._free(f"rasters/{file_stem(layer.name())}", ".tif")
        known = self._paths.setdefault(("raster", source.raster, source.extent, source.pixel_size), path)
        if known == path and path.startswith("rasters/"):
            self.exports[path] = source
        if source.labelled:
            self._add_labels(source)
            if source.area == AREA_LAYER:
                self._copy(("area", source.area_layer), source.area_layer, self.areas_of, source)

    def _add_labels(self, source: SourceDraft) -> None:
        labels = self._project.mapLayer(source.labels)
        key = ("labels", source.labels, source.field)
        if label_kind(labels) == CLASS_RASTER:
            self._paths[key] = raster_facts(labels).path
        else:
            self._copy(key, source.labels, self.labels_of, source)

    def _copy(self, key: tuple[Any, ...], layer: str, users: dict[str, list[SourceDraft]], source: SourceDraft) -> None:
        if key not in self._paths:
            self._paths[key] = self._free(f"labels/{file_stem(self._project.mapLayer(layer).name())}", ".gpkg")
        users.setdefault(self._paths[key], []).append(source)

    def _free(self, stem: str, suffix: str) -> str:
        """A path that no other layer has, also where case does not count."""
        taken = {path.lower() for path in self._paths.values()}
        names = [f"{stem}{suffix}", *(f"{stem}_{number}{suffix}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name.lower() not in taken)
