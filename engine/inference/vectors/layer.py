"""Features written in batches: a GeoPackage with spatial index, turned into another format in the end where asked."""

from __future__ import annotations

import contextlib
import glob
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataSourceError
from rasterio.crs import CRS

from ...errors import OutputError, cannot_write
from ..sinks import with_usual_mode

if TYPE_CHECKING:
    import pyarrow


GEOMETRY, BBOX = "geometry", "bbox"
SIDES = ("xmin", "ymin", "xmax", "ymax")


def check_installed(path: Path) -> None:
    """Whether GeoParquet can be written here.

    Raises:
        OutputError: pyarrow, which only this format needs, is not there.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise OutputError(
            f"{path.name} needs the Python package pyarrow, which this engine lacks.",
            f'Write .gpkg or .fgb, or install it: "{sys.executable}" -m pip install pyarrow',
        )


def convert(source: Path, layer: str, target: Path, rows: int) -> None:
    """Stream a GeoPackage's layer into GeoParquet: WKB in `geometry`, each feature's extent in `bbox`.

    Args:
        source: the GeoPackage; its geometries are all of one type, without Z.
        layer: which.
        target: the file.
        rows: features of a row group; as many are in memory at a time.

    Raises:
        OSError: the file cannot be written.
    """
    from pyarrow import parquet

    with pyogrio.open_arrow(source, layer=layer, batch_size=rows, use_pyarrow=True) as (meta, batches):
        name = meta["geometry_name"]
        schema = _with_extents(batches.schema.empty_table(), name).schema
        schema = schema.with_metadata({"geo": json.dumps(_metadata(source, layer, meta))})
        with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(_with_extents(_table(batch), name).cast(schema))


def _table(batch: pyarrow.RecordBatch) -> pyarrow.Table:
    import pyarrow

    return pyarrow.Table.from_batches([batch])


def _with_extents(table: pyarrow.Table, name: str) -> pyarrow.Table:
    """The fields, then the extents, then the geometries."""
    import pyarrow

    wkb = table[name].cast(pyarrow.binary())
    corners = shapely.bounds(shapely.from_wkb(wkb.to_numpy())).reshape(-1, 4).T
    extents = pyarrow.StructArray.from_arrays([pyarrow.array(each) for each in corners], list(SIDES))
    return table.drop_columns(name).append_column(BBOX, extents).append_column(GEOMETRY, wkb)


def _metadata(source: Path, layer: str, meta: dict[str, Any]) -> dict[str, Any]:
    """What the specification calls file metadata; the extent is left out where there are no features."""
    info = pyogrio.read_info(source, layer=layer, force_total_bounds=True)
    geometry = {
        "encoding": "WKB",
        "geometry_types": [meta["geometry_type"]],
        "crs": pyproj.CRS(meta["crs"]).to_json_dict(),
        "covering": {"bbox": {side: [BBOX, side] for side in SIDES}},
    }
    if info["features"]:
        geometry["bbox"] = [float(each) for each in info["total_bounds"]]
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: geometry}}


pass

DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".parquet": "Parquet"}
Fields = dict[str, np.ndarray]


class VectorLayer:
    """One layer of features, written beside its place under another name and moved there by `finish`.

    Used as a context: whatever was not finished leaves nothing behind.

    Args:
        path: a `.gpkg`, `.fgb` or `.parquet` file.
        name: the layer.
        geometry_type: of all features: `Polygon` or `LineString`.
        fields: no rows, to show names and types.
        crs: the features'.

    Raises:
        OutputError: a format that cannot be written here, or the file cannot be made.
    """

    batch = 10_000

    def __init__(self, path: Path, name: str, geometry_type: str, fields: Fields, crs: CRS) -> None:
        self.path = path
        self._driver = _driver(path)
        self._partial = path.with_name(f"{path.name}.partial.gpkg")
        self._name, self._type, self._crs = name, geometry_type, crs.to_wkt()
        self._empty = fields
        self._waiting: list[tuple[np.ndarray, Fields]] = []
        self.count = 0

    def __enter__(self) -> VectorLayer:
        self._remove_partial()
        self._append(np.empty(0, object), self._empty, new=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._remove_partial()

    def write(self, geometry: np.ndarray, fields: Fields) -> None:
        """Take features (n,) in the layer's CRS.

        Raises:
            OutputError: the disk is full.
        """
        self.count += len(geometry)
        self._waiting.append((shapely.to_wkb(geometry), fields))
        if sum(len(wkb) for wkb, _ in self._waiting) >= self.batch:
            self._flush()

    def finish(self) -> Path:
        """Write what waits, and put the file in place.

        Raises:
            OutputError: the disk is full.
        """
        self._flush()
        with _writing(self.path):
            with_usual_mode(self._converted()).replace(self.path)
        return self.path

    def _remove_partial(self) -> None:
        for path in self.path.parent.glob(f"{glob.escape(self.path.name)}.partial*"):
            path.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._waiting:
            wkb, fields = zip(*self._waiting, strict=True)
            self._append(
                np.concatenate(wkb), {key: np.concatenate([part[key] for part in fields]) for key in self._empty}
            )
        self._waiting = []

    def _append(self, wkb: np.ndarray, fields: Fields, new: bool = False) -> None:
        with _writing(self.path):
            pyogrio.raw.write(
                self._partial,
                geometry=wkb,
                field_data=list(fields.values()),
                fields=np.array(list(fields), object),
                layer=self._name,
                driver="GPKG",
                geometry_type=self._type,
                crs=self._crs,
                append=not new,
                dataset_options={"VERSION": "1.2"} if new else None,  # newer ones make the GDAL of QGIS 3.22 warn
            )

    def _converted(self) -> Path:
        """The GeoPackage, or the file of another format that it was streamed into, few features at a time."""
        if self._driver == "GPKG":
            return self._partial
        target = self.path.with_name(f"{self.path.name}.partial{self.path.suffix}")
        if self._driver == "Parquet":
            convert(self._partial, self._name, target, self.batch)
        else:
            self._translate(target)
        return target

    def _translate(self, target: Path) -> None:
        """Another format by its GDAL driver."""
        with pyogrio.open_arrow(self._partial, layer=self._name, batch_size=self.batch) as (meta, reader):
            pyogrio.write_arrow(
                reader,
                target,
                layer=self._name,
                driver=self._driver,
                geometry_name=meta["geometry_name"] or "wkb_geometry",
                geometry_type=self._type,
                crs=self._crs,
            )


def _driver(path: Path) -> str:
    if path.suffix.lower() not in DRIVERS:
        raise OutputError(f"{path} has none of the endings {', '.join(DRIVERS)}; choose one of them.")
    driver = DRIVERS[path.suffix.lower()]
    if driver == "Parquet":
        check_installed(path)
    return driver


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, DataSourceError) as error:
        raise cannot_write(str(path), path, error) from error
