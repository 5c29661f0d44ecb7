"""The parameter for a model, which offers the registered ones."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterFile

from ..jobs.translation import tr

PACKAGES = tr("Model package (folder, zip, or item.json)"), tr("Model package (item.json *.zip);;All files (*)")
PACKAGES_AND_ONNX = (
    tr("Model (package folder, zip, item.json, or ONNX file)"),
    tr("Models (item.json *.zip *.onnx);;All files (*)"),
)
"""What a parameter is called, and the files that it takes."""

WIDGET = f"{__package__.rpartition('.')[0]}.ui.model_widget.ModelWrapper"
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
