"""Model packages: writing, reading, ONNX, STAC MLM."""

from .reader import load_card, load_package, package_folder
from .writer import write_package, zip_package

__all__ = ["load_card", "load_package", "package_folder", "write_package", "zip_package"]
