"""The uneven pair's predictions on their imagery, close enough to see pixels. Runs in QGIS's Python.

/usr/bin/python3 benchmarks/uneven_pair/map.py build/uneven_pair/distilled ../shared/data
"""

import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsRectangle

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pictures import load_styles, picture, predictions, raster, read_card

BANEPA = QgsRectangle(85.5206, 27.6312, 85.5216, 27.6321)
"""A hundred metres of test tiles, in degrees."""


def main(run: Path, data: Path) -> None:
    """Render `map.png` into the run folder."""
    application = QgsApplication([], True)
    application.initQgis()
    draw(run, data)
    application.exitQgis()


def draw(run: Path, data: Path) -> None:
    """The picture; its layers are gone before QGIS ends."""
    card, styles = read_card(run / "model"), load_styles()
    frame = raster(data / "munich_cars/scene2_frame03.tif", "Munich")
    places = [
        ("Banepa", raster(data / "banepa/banepa.vrt", "Banepa"), run / "banepa", BANEPA),
        ("Munich", frame, run / "munich/scene2_frame03", middle(frame.extent())),
    ]
    panels = []
    for name, imagery, folder, extent in places:
        panels.append((name, [imagery], extent))
        panels.append((f"{name}: predictions", [*predictions(folder, card, styles), imagery], extent))
    picture(panels, card).save(str(run / "map.png"))


def middle(extent: QgsRectangle) -> QgsRectangle:
    """The largest square in the middle of an extent."""
    half, center = min(extent.width(), extent.height()) / 2, extent.center()
    return QgsRectangle(center.x() - half, center.y() - half, center.x() + half, center.y() + half)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
