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
MUNICH = QgsRectangle(710055, 5333950, 710105, 5334000)


def main(run: Path, data: Path) -> None:
    """Render `map.png` into the run folder."""
    application = QgsApplication([], True)
    application.initQgis()
    card, styles = read_card(run / "model"), load_styles()
    places = [
        ("Banepa", raster(data / "banepa/banepa.vrt", "Banepa"), run / "banepa", BANEPA),
        ("Munich", raster(data / "munich_cars/scene2_frame03.tif", "Munich"), run / "munich/scene2_frame03", MUNICH),
    ]
    panels = []
    for name, imagery, folder, extent in places:
        panels.append((name, [imagery], extent))
        panels.append((f"{name}: predictions", [*predictions(folder, card, styles), imagery], extent))
    picture(panels, card).save(str(run / "map.png"))
    application.exitQgis()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
