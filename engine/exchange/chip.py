"""A chip to be exported: its pixels, where it lies, and what is drawn on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rasterio.crs import CRS
from rasterio.transform import Affine


@dataclass
class Chip:
    """A window of a source.

    Args:
        name: unique, and fit for a file.
        file: its image's name in the folder `images`.
        image: (C, H, W) raw values.
        counted: (H, W) bool, the pixels of which labels are known.
        geometries: (n,) polygons in its pixels, inside it.
        classes: (n,) class indices.
        mask: (H, W) uint8, classes of areas with 255 where nothing is known; none of boxes.
        crs: of the ground.
        transform: from its pixels to the CRS.
    """

    name: str
    file: str
    image: np.ndarray
    counted: np.ndarray
    geometries: np.ndarray
    classes: np.ndarray
    mask: np.ndarray | None
    crs: CRS
    transform: Affine

    @property
    def width(self) -> int:
        """Columns."""
        found: int = self.image.shape[2]
        return found

    @property
    def height(self) -> int:
        """Rows."""
        found: int = self.image.shape[1]
        return found
