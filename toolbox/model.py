"""The parameter for a model, which offers the registered ones."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterFile

from ..jobs.foreign import adopted, package_of
from ..jobs.packages import MODEL_FILES, is_foreign, package_path, read_card
from ..jobs.translation import tr

PACKAGES = tr("Model package (folder, zip, or item.json)"), tr("Model package (item.json *.zip);;All files (*)")
PACKAGES_AND_ONNX = (
    tr("Model (package folder, zip, item.json, or ONNX file)"),
    MODEL_FILES,
)
"""What a parameter is called, and the files that it takes."""

WIDGET = f"{__package__.rpartition('.')[0]}.ui.model_wrapper.ModelWrapper"
"""By its name: Processing imports it with the first dialog, and this room imports no windows."""


def model_parameter(name: str, description: str = "", foreign: bool = True) -> QgsProcessingParameterFile:
    """A package's folder, zip, or a file inside; a dialog offers the registered packages too.

    Args:
        name: the parameter's.
        description: the parameter's; empty takes the usual one.
        foreign: whether ONNX files of other programs will do, and not only packages with weights.
    """
    usual, files = PACKAGES_AND_ONNX if foreign else PACKAGES
    parameter = QgsProcessingParameterFile(name, description or usual, fileFilter=files)
    parameter.setMetadata({"widget_wrapper": {"class": WIDGET}})
    return parameter


def known_card(text: str) -> dict[str, Any] | None:
    """The card of the model a person pointed at; none for an ONNX file that has not been tried yet. Quick.

    Raises:
        GeoDistilError: it is no model.
    """
    path = package_path(text)
    return None if is_foreign(path) and adopted(path) is None else read_card(package_of(text))
