"""Cloud-Optimised GeoTIFFs of finished maps."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError, RasterioIOError

from ..errors import Stopped

BLOCK = 512
ASK_SECONDS = 0.2
REMOVALS = 100
"""Attempts at removing a folder; where files in use cannot be removed (Windows), the next writing removes it."""
OPTIONS = {
    "driver": "COG",
    "COMPRESS": "DEFLATE",
    "LEVEL": "1",
    "BLOCKSIZE": str(BLOCK),
    "OVERVIEW_RESAMPLING": "NEAREST",
    "BIGTIFF": "IF_SAFER",
    "NUM_THREADS": "ALL_CPUS",
}
"""A class map at DEFLATE's level 1 is half as large again as at the default's, and written in a third of the time."""


def stop_if(stop: Callable[[], bool], name: str) -> None:
    """End in order where that is wished.

    Raises:
        Stopped: it is.
    """
    if stop():
        raise Stopped(f"Writing {name} was stopped.", "Start it again.")


def cut_short(path: Path | str) -> OSError:
    """What to raise of a file that is not all there: what a full disk refuses when GDAL closes one raises nothing."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def optimise(source: Path, target: Path, stop: Callable[[], bool]) -> None:
    """Copy a raster as a Cloud-Optimised GeoTIFF.

    Args:
        source: any raster that GDAL opens.
        target: the GeoTIFF.
        stop: asked now and then whether to give up.

    Raises:
        RasterioError, OSError: it cannot be written.
        Stopped: so it was asked.
    """
    errors: list[Exception] = []
    folder = target.with_name(f"{target.name}.writing")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def copy() -> None:
        try:
            rasterio.shutil.copy(source, folder / target.name, **OPTIONS)
        except (RasterioError, OSError) as error:  # told to the thread that waits
            errors.append(error)
        except (CPLE_BaseError, SystemError) as error:  # GDAL's own, and failures without a reason, which come so here
            errors.append(RasterioIOError(str(error)))

    # GDAL's copying cannot be interrupted: a daemon need not be waited for, and ends with the process.
    thread = threading.Thread(target=copy, name="optimise", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            stop_if(stop, target.name)
            thread.join(ASK_SECONDS)
        if errors:
            raise errors[0]
        _check_end(folder / target.name)
        (folder / target.name).replace(target)
    finally:
        _remove(folder)  # with what a copy that goes on has written; without its folder it can begin nothing more


def _remove(folder: Path) -> None:
    """Remove a folder in which another thread may begin files until it is gone."""
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.01)


def _check_end(path: Path) -> None:
    """See that the file's last block is there.

    Raises:
        OSError: it is not.
    """
    with rasterio.open(path) as raster:
        last = "_".join(str((length - 1) // BLOCK) for length in (raster.width, raster.height))
        ends = [
            int(raster.get_tag_item(f"BLOCK_OFFSET_{last}", "TIFF", band) or 0)
            + int(raster.get_tag_item(f"BLOCK_SIZE_{last}", "TIFF", band) or 0)
            for band in raster.indexes
        ]
    if path.stat().st_size < max(ends):
        raise cut_short(path)
