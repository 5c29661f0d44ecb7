"""Where annotated images lie on the map: by their own georeference, or by that of a raster that they show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import shapely
from rasterio.crs import CRS
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from shapely import Geometry

from ..data.opening import check_placed, is_undefined, open_raster
from ..datasets.rasters import quietly
from ..errors import LabelError, RasterError
from .chip import MOST_PIXELS, Drawn, areas_of

SUFFIXES = {".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".bmp", ".webp", ".img", ".vrt"}
BESIDE = ("", "images", "JPEGImages", "../images", "../JPEGImages", "../../images", "train", "img")
"""Where images are looked for, from the annotations' folder."""
_SAME_SHAPE = 0.01
"""Relative difference of the sides' ratios up to which an image shows the whole of a raster at another size."""
MOST_FILES, DEPTH = 1_000_000, 4
"""How many images are known, and how many folders deep they are looked for."""


@dataclass(frozen=True)
class Place:
    """An image on the map.

    Args:
        path: its file, or the raster's that it shows.
        crs: of the ground.
        transform: from its pixels to the CRS.
        width: columns.
        height: rows.
        shown: (H, W) bool, pixels with data; none where all have.
    """

    path: Path
    crs: CRS
    transform: Affine
    width: int
    height: int
    shown: np.ndarray | None = None

    def outline(self) -> Geometry:
        """In its pixels."""
        return shapely.box(0, 0, self.width, self.height)

    def labelled(self) -> Geometry:
        """The ground with data, in its pixels."""
        if self.shown is None:
            return self.outline()
        return shapely.union_all(areas_of(self.shown.astype(np.uint8), frozenset({1}))[0])

    def scale(self, drawn: Drawn) -> tuple[float, float]:
        """By what an annotation's coordinates become pixels of the image.

        Raises:
            LabelError: it was annotated at sides of another ratio.
        """
        if drawn.shares:
            return self.width, self.height
        if drawn.size is None:
            return 1.0, 1.0
        across, down = self.width / drawn.size[0], self.height / drawn.size[1]
        if abs(across / down - 1) > _SAME_SHAPE:
            raise LabelError(
                f"{drawn.image} was annotated at {drawn.size[0]} x {drawn.size[1]} pixels, and {self.path} has "
                f"{self.width} x {self.height}.",
                "Choose the images that were annotated.",
            )
        return across, down


class Images:
    """Finds the images of annotations.

    Args:
        annotations: the file or folder.
        folder: where the images are; none looks beside the annotations.
        rasters: what images without a georeference, or no images at all, show: by their names, or the only one.
        crs: of images that do not say it.
        masked: whether to read which pixels have data.
    """

    def __init__(
        self, annotations: Path, folder: Path | None, rasters: list[Path], crs: CRS | None, masked: bool
    ) -> None:
        self._annotations, self._rasters, self._crs, self._masked = annotations, rasters, crs, masked
        start = annotations if annotations.is_dir() else annotations.parent
        folders = [folder] if folder else [start / name for name in BESIDE]
        if folder and not folder.is_dir():
            raise RasterError(f"{folder} is not a folder of images.", "Correct its path.")
        self._folders = list(dict.fromkeys(each.resolve() for each in folders if each.is_dir()))
        self._by_name: dict[str, list[Path]] = {}
        self._known: dict[Path, Place | None] = {}
        for path in _images_in(self._folders):
            for key in {path.name, path.stem}:
                self._by_name.setdefault(key, []).append(path)

    def place(self, drawn: Drawn, only: bool) -> Place:
        """Where an annotation's image lies.

        Args:
            drawn: the annotation.
            only: whether it is the only one, which may show the only raster whatever its name.

        Raises:
            RasterError: there is no image, or nothing says where it lies.
        """
        path = self._file(drawn.image)
        found = None if path is None else self._look(path)
        if found is not None:
            return found
        raster = self._shown_by(drawn.image, only)
        if raster is not None:
            place = self._look(raster)
            if place is None:
                with quietly(NotGeoreferencedWarning), open_raster(str(raster)) as dataset:
                    check_placed(dataset, str(raster))
                raise RasterError(f"{raster} has no georeference.", "Place it (QGIS's Georeferencer).")
            return place
        if path is not None:
            raise RasterError(
                f"{path} has no georeference, so nothing says where its labels lie.",
                "Name the raster that it shows with --raster, or lay a world file beside it and give --crs.",
            )
        if not self._by_name:
            raise RasterError(
                f"There are no images beside {self._annotations}.",
                "Give their folder with --images, or the raster that they show with --raster.",
            )
        raise RasterError(
            f"The image {drawn.image} of {self._annotations} is not in {self._folders[0]}.",
            "Give the folder of the images with --images, or the raster that it shows with --raster.",
        )

    def _file(self, name: str) -> Path | None:
        """The image's file: by its path below one of the folders, else by its name; never outside them."""
        relative = PurePosixPath(name.replace("\\", "/"))
        candidates = self._by_name.get(relative.name) or self._by_name.get(relative.stem) or []
        if len(candidates) > 1:
            ends = [path for path in candidates if path.with_suffix("").as_posix().endswith(_stem(relative))]
            exact = [path for path in ends if path.name == relative.name] or ends or candidates
            if len({path.resolve() for path in exact}) > 1:
                raise RasterError(
                    f"There are several images {relative.name}: {exact[0]} and {exact[1]}.",
                    "Give the folder of the right one with --images.",
                )
            candidates = exact
        return candidates[0] if candidates else None

    def _shown_by(self, name: str, only: bool) -> Path | None:
        stem = PurePosixPath(name.replace("\\", "/")).stem
        named = [raster for raster in self._rasters if stem in (raster.stem, raster.name)]
        alone = self._rasters if only and len(self._rasters) == 1 else []
        return next(iter([*named, *alone]), None)

    def _look(self, path: Path) -> Place | None:
        """The place that a file has by itself; none where it has none."""
        if path not in self._known:
            with quietly(NotGeoreferencedWarning), open_raster(str(path)) as dataset, _readable(path):
                self._known[path] = self._placed(path, dataset)
        return self._known[path]

    def _placed(self, path: Path, dataset: DatasetReader) -> Place | None:
        if dataset.transform.is_identity and not dataset.gcps[0]:
            return None
        crs = dataset.crs
        if is_undefined(crs):
            if self._crs is None:
                raise RasterError(
                    f"{path} has no coordinate reference system.", "Give it with --crs, such as --crs EPSG:32645."
                )
            crs = self._crs
        else:
            check_placed(dataset, str(path))
        return Place(path, crs, dataset.transform, dataset.width, dataset.height, self._shown(dataset))

    def _shown(self, dataset: DatasetReader) -> np.ndarray | None:
        whole = all(flags == [MaskFlags.all_valid] for flags in dataset.mask_flag_enums)
        if not self._masked or whole or dataset.width * dataset.height > MOST_PIXELS:
            return None
        shown = dataset.dataset_mask() > 0
        return None if shown.all() else shown


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except RasterioError as error:
        raise RasterError(f"{path} cannot be read: {error}.", "Copy it again.") from error


def _stem(relative: PurePosixPath) -> str:
    return relative.with_suffix("").as_posix().lstrip("./")


def _images_in(folders: list[Path]) -> Iterator[Path]:
    """Pictures in folders and those inside them, each once; links lead nowhere."""
    seen: set[str] = set()
    for folder in folders:
        for place, inside, files in os.walk(folder):
            deep = len(Path(place).relative_to(folder).parts) >= DEPTH
            inside[:] = [] if deep else sorted(each for each in inside if each[:1] != "." and each not in _NO_IMAGES)
            for name in sorted(files):
                path = Path(place) / name
                if path.suffix.lower() in SUFFIXES and str(path) not in seen and len(seen) < MOST_FILES:
                    seen.add(str(path))
                    yield path


_NO_IMAGES = {"masks", "mask", "SegmentationClass", "SegmentationObject", "labels", "Annotations"}
"""Folders beside images that hold pictures of other things."""
