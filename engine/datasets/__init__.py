"""Importers: downloaded public datasets into run folders, as the papers used them (docs/datasets.md)."""

from .isprs import POTSDAM, VAIHINGEN, Boxes, Choices, import_isprs, import_pair
from .roadnet import import_roadnet
from .writing import HeldOut, Imported, load_held_out

__all__ = [
    "POTSDAM",
    "VAIHINGEN",
    "Boxes",
    "Choices",
    "HeldOut",
    "Imported",
    "import_isprs",
    "import_pair",
    "import_roadnet",
    "load_held_out",
]
