"""The predicted view as layers: temporary ones that follow the view, until a person keeps them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer

from ..errors import file_errors
from ..layers.styled import LOOKS, Imagery, Model, Result, add_prediction, prediction, save_look
from ..translation import tr

SIDECAR = ".aux.xml"
TEMPORARY = "geodistil/predictedView"
"""The layers' property that tells them from other predictions: the model's package."""

IN_VIEW, VIEW = tr("{model} in this view"), tr("{raster} (view)")
ON_GROUND, GROUND = tr("{model} on {raster}"), "{raster}"
"""Groups and titles of what is predicted of the view, and of ground that models are scored on."""


@dataclass
class Shown:
    """What one model predicted of the view.

    Args:
        package: the model's.
        folder: that holds the files.
        results: by the engine's name of the output.
        layers: ids of the project's layers, likewise.
    """

    package: Path
    folder: Path
    results: dict[str, Result] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)


class ViewLayers:
    """The layers of one project.

    Args:
        project: gets them.
        group: what a model's group is called, with `{model}` and `{raster}`.
        title: what the imagery is called, with `{raster}`.
    """

    def __init__(self, project: QgsProject, group: str = IN_VIEW, title: str = VIEW) -> None:
        self._project, self._group, self._title = project, group, title
        self.shown: dict[Path, Shown] = {}

    def show(
        self, package: Path, card: dict[str, Any], raster: QgsRasterLayer, folder: Path, outputs: dict[str, str]
    ) -> None:
        """Show outputs of a model in the place of its former ones.

        Args:
            package: the model's.
            card: its card.
            raster: the imagery.
            folder: that holds the outputs; it is removed when they are shown no longer.
            outputs: the engine's, as `finished` has them.
        """
        group = (self._group.format(model=card["name"], raster=raster.name()),)
        title = self._title.format(raster=raster.name())
        model, imagery = Model(card, str(package)), Imagery(outputs["raster"], title, raster.id())
        results = {kind: prediction(kind, outputs[kind], model, imagery, group) for kind in LOOKS if outputs.get(kind)}
        before = self.shown.get(package)
        now = Shown(package, folder, results)
        for kind, result in results.items():
            layer = self._layer(before, kind)
            if layer is None:
                layer = add_prediction(result, self._project)
                layer.setCustomProperty(TEMPORARY, str(package))
            else:  # the layer stays, with its place in the tree, its look and whether it is seen
                layer.setDataSource(result.path, layer.name(), layer.providerType(), False)
                layer.triggerRepaint()
            now.layers[kind] = layer.id()
        self.shown[package] = now
        if before is not None:
            gone = [before.layers[kind] for kind in before.layers.keys() - now.layers.keys()]
            self._project.removeMapLayers([each for each in gone if self._project.mapLayer(each)])
            shutil.rmtree(before.folder, ignore_errors=True)

    def layers(self, package: Path | None = None) -> list[QgsMapLayer]:
        """The layers that are there, of one model or of all."""
        chosen = [each for each in self.shown.values() if package in (None, each.package)]
        found = [self._project.mapLayer(one) for each in chosen for one in each.layers.values()]
        return [layer for layer in found if layer is not None]

    def drop(self, keep: Path | None = None) -> None:
        """Take the layers away, but for those of one model."""
        for package in [each for each in self.shown if each != keep]:
            self.drop_one(package)

    def drop_one(self, package: Path) -> None:
        """Take a model's layers away."""
        shown, root = self.shown.pop(package), self._project.layerTreeRoot()
        ids = [each for each in shown.layers.values() if self._project.mapLayer(each)]
        nodes = filter(None, map(root.findLayer, ids))
        names = {node.parent().name() for node in nodes if node.parent() is not root}
        self._project.removeMapLayers(ids)
        for group in filter(None, map(root.findGroup, names)):
            if not group.children():
                group.parent().removeChildNode(group)
        shutil.rmtree(shown.folder, ignore_errors=True)

    def forget(self) -> None:
        """The project has taken its layers away itself."""
        for shown in self.shown.values():
            shutil.rmtree(shown.folder, ignore_errors=True)
        self.shown.clear()

    def _layer(self, before: Shown | None, kind: str) -> QgsMapLayer | None:
        return self._project.mapLayer(before.layers.get(kind, "")) if before is not None else None


def keep(results: list[Result], folder: Path, name: str) -> list[Result]:
    """Copy predicted files to where they stay, with their looks; for workers.

    Args:
        results: what is shown.
        folder: where they go.
        name: how their files' names begin; nothing that is there is written over.

    Returns:
        The same results in their new places.

    Raises:
        GeoDistilError: they cannot be written.
    """
    number = 1
    while any(path.exists() for path in (_place(each, folder, name, number) for each in results)):
        number += 1
    kept = []
    for result in results:
        place = _place(result, folder, name, number)
        with file_errors():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(result.path, place)
            if Path(result.path + SIDECAR).exists():
                shutil.copyfile(result.path + SIDECAR, f"{place}{SIDECAR}")
        kept.append(result.moved(str(place), (result.card["name"],)))
        save_look(kept[-1])
    return kept


def _place(result: Result, folder: Path, name: str, number: int) -> Path:
    source = Path(result.path)
    ending = f"_{number}" if number > 1 else ""
    return folder / f"{name}_{source.stem}{ending}{source.suffix}"
