"""The window that fetches imagery, as the user guide shows it: `xvfb-run /usr/bin/python3 docs/screenshots/fetch.py`.

Writes fetch.png into `docs/user-guide/images`: in the middle of a fetch from a server of tiles on this machine.
`--output FOLDER`, `--scale 2`, `--dark` and `--language de` are for looking at it in other circumstances.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from stage import ROOT, arguments, start_qgis

sys.path.insert(0, str(ROOT / "tests" / "qgis" / "tiles"))


def main() -> None:
    """Write the picture."""
    parser = arguments(__doc__)
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _photograph(options, Path(scratch))


def _photograph(options: argparse.Namespace, scratch: Path) -> None:
    application = start_qgis(scratch, options.dark)
    import geodistil.jobs.translation as translation
    from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings
    from qgis.gui import QgsMapCanvas
    from tile_server import Server

    translator = translation.install_translator(options.language)
    QgsSettings().setValue("geodistil/tilesFolder", str(scratch / "tiles"))
    from geodistil.ui.fetch_dialog import FetchDialog

    server = Server()
    server.delay = 0.1
    layer = QgsRasterLayer(f"type=xyz&url={server.place}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=19", "Orthophotos", "wms")
    layer.setAttribution("© Land survey")
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.resize(800, 600)
    canvas.setExtent(QgsRectangle(1669000, 5774000, 1669800, 5774600))
    dialog = FetchDialog(layer, QgsProject.instance(), canvas)
    dialog.pixel_size.setValue(0.5)
    dialog.file.setFilePath("/home/ann/town/orthophotos.tif")
    dialog._path = lambda: scratch / "orthophotos.tif"  # that folder is only for the picture
    dialog.show()
    dialog.accept()
    while dialog.bar.value() < 20:
        application.processEvents()
        time.sleep(0.01)
    dialog.grab().save(str(options.output / "fetch.png"))
    dialog.reject()
    while dialog.running:
        application.processEvents()
    translation.remove_translator(translator)
    sys.stdout.flush()
    os._exit(0)  # Qt's own end would come after QGIS's


if __name__ == "__main__":
    main()
