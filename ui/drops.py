"""A model dropped onto QGIS or onto the dock is registered."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import Qgis
from qgis.gui import QgsCustomDropHandler

from ..jobs.errors import GeoDistilError
from ..jobs.package_registry import looks_like_package, register
from ..jobs.packages import is_foreign
from ..jobs.translation import tr
from .messages import Button, offer, tell

SECONDS = 12

OpenAlgorithm = Callable[[str, "dict[str, Any]"], None]


class PackageDrops(QgsCustomDropHandler):
    """Takes model packages and ONNX files, and leaves everything else to QGIS. Method names are QGIS's.

    Args:
        iface: QGIS's interface, for its message bar.
        open_algorithm: opens an algorithm's dialog with parameters filled in.
    """

    def __init__(self, iface: Any, open_algorithm: OpenAlgorithm) -> None:
        super().__init__()
        self._iface, self._open_algorithm = iface, open_algorithm

    def handleFileDrop(self, file: str) -> bool:
        """Register a package, sound or not; false for what is none."""
        if not looks_like_package(file):
            return False
        if is_foreign(Path(file)):
            self._enquire(Path(file))
        else:
            self._register(file)
        return True

    def _enquire(self, model: Path) -> None:
        """See that an ONNX file of another program can predict, before it is registered."""
        from .onnx_form import Then, enquire

        tell(self._iface, tr("The engine looks at {name}.").format(name=model.name))
        enquire(model, self._iface.mainWindow(), Then(partial(self._register, str(model)), self._refuse))

    def _refuse(self, error: GeoDistilError) -> None:
        tell(self._iface, str(error), Qgis.MessageLevel.Warning, error.explained())

    def _register(self, file: str) -> None:
        try:
            path, card = register(file)
        except GeoDistilError as error:
            self._refuse(error)
            return
        text = tr("The model {name} is registered; Predict and the other algorithms offer it.").format(
            name=card["name"]
        )
        parameters = {"MODEL": str(path)}
        predict = partial(self._open_algorithm, "geodistil:predict", parameters)
        offer(self._iface, text, Button(tr("Predict…"), predict), Qgis.MessageLevel.Success, SECONDS)
