"""Model packages: writing, reading, ONNX, STAC MLM.

What needs PyTorch is imported when it is asked for: prediction with ONNX files reads a package without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .reader import load_card, load_package, package_folder

if TYPE_CHECKING:
    from .writer import Beside, complete_package, write_package, zip_package

__all__ = ["Beside", "complete_package", "load_card", "load_package", "package_folder", "write_package", "zip_package"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import writer

    return getattr(writer, name)
