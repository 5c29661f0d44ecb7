"""The demo's results in QGIS: styled layers, a project file, and a picture that QGIS renders. Runs in QGIS's Python.

/usr/bin/python3 benchmarks/demo/map.py build/demo
"""

import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsLayerTreeGroup, QgsMapLayer, QgsProject

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pictures import load_styles, picture, predictions, raster, read_card

MODEL = "distilled"
SCENES = {"north_test": "North (trained on vehicles only)", "south_test": "South (trained on areas only)"}


def main(output: Path) -> None:
    """Style the layers, save `demo.qgz`, render `map.png`."""
    application = QgsApplication([], True)
    application.initQgis()
    card, styles = read_card(output / "runs" / MODEL / "model"), load_styles()
    project = QgsProject.instance()
    project.setTitle("GeoDistil demo")
    panels = []
    for scene, title in SCENES.items():
        imagery = raster(output / f"world/{scene}.tif", "imagery")
        predicted = predictions(output / "runs" / MODEL / "predictions" / scene, card, styles)
        add(project, project.layerTreeRoot().addGroup(title), [*predicted, imagery])
        panels += [(title, [imagery], None), ("Predictions of the one small network", [*predicted, imagery], None)]
    project.setCrs(imagery.crs())
    project.write(str(output / "demo.qgz"))
    picture(panels, card).save(str(output / "map.png"))
    application.exitQgis()


def add(project: QgsProject, group: QgsLayerTreeGroup, layers: list[QgsMapLayer]) -> None:
    """Put layers into a group, first on top."""
    for layer in layers:
        project.addMapLayer(layer, False)
        group.addLayer(layer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
