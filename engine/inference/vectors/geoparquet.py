"""GeoParquet 1.1.0 (geoparquet.org/releases/v1.1.0) by pyarrow: no wheel of pyogrio has GDAL's driver for it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyogrio
import pyproj
import shapely

from ...errors import OutputError

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
