"""How a part of a service is cut into tiles: which resolution, which tiles, and where their pixels lie."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from ..errors import GeoDistilError
from ..extents import ground_size
from ..translation import local, tr
from .service import WEB_MERCATOR_SIDE, WMS, XYZ, Service
from .sizes import bytes_per_pixel

TOLERANCE = 1.02
"""A pixel that is larger by so much is as fine: the engine takes it as it is, too."""

MOST_PIXELS = 1 << 31
"""Of one fetch: 32,768 XYZ tiles, hours of a service's work."""

MANY_PIXELS = 1 << 27
"""Of one fetch that is asked about first: 2,048 XYZ tiles."""

PICTURE = 1024
"""Pixels of the side of what is asked of a WMS at once: few requests, and little to ask again."""

DIGITS = 3
"""Of a WMS's resolution, so that neighbouring views ask for the same pictures."""


@dataclass(frozen=True)
class Lattice:
    """Equal tiles of a plane.

    Args:
        west: of the tile in column 0, in units of the CRS.
        north: of the tile in row 0.
        resolution: units of a pixel.
        width: pixels of a tile.
        height: pixels of a tile.
        bounds: first column, first row, last column, last row; none where there is no end.
    """

    west: float
    north: float
    resolution: float
    width: int
    height: int
    bounds: tuple[int, int, int, int] | None = None

    def extent(self, column: int, row: int) -> tuple[float, float, float, float]:
        """West, south, east, north of a tile."""
        across, down = self.width * self.resolution, self.height * self.resolution
        west, north = self.west + column * across, self.north - row * down
        return west, north - down, west + across, north


@dataclass(frozen=True)
class Window:
    """Whole pixels of a lattice, counted from its corner.

    Args:
        lattice: the tiles.
        column: the first.
        row: the first.
        columns: how many.
        rows: how many.
    """

    lattice: Lattice
    column: int
    row: int
    columns: int
    rows: int

    @property
    def geotransform(self) -> tuple[float, ...]:
        """As GDAL has it."""
        size = self.lattice.resolution
        return self.lattice.west + self.column * size, size, 0.0, self.lattice.north - self.row * size, 0.0, -size

    @property
    def tiles(self) -> tuple[int, int, int, int]:
        """First column and row, last column and row of the tiles that have these pixels."""
        lattice = self.lattice
        first = self.column // lattice.width, self.row // lattice.height
        last = (
            (self.column + self.columns - 1) // lattice.width,
            (self.row + self.rows - 1) // lattice.height,
        )
        return (*first, *last)

    @property
    def count(self) -> int:
        """Of tiles."""
        first_column, first_row, last_column, last_row = self.tiles
        return (last_column - first_column + 1) * (last_row - first_row + 1)

    def each(self) -> Iterator[tuple[int, int]]:
        """Columns and rows of the tiles, row by row."""
        first_column, first_row, last_column, last_row = self.tiles
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                yield column, row


@dataclass(frozen=True)
class Estimate:
    """What a fetch would be, as far as the layer alone tells.

    Args:
        resolution: units of the CRS that a pixel has.
        ground: metres of a pixel on the ground, in the middle.
        asked: metres that were asked for; 0 where the finest is wanted.
        zoom: of XYZ; none else.
        tiles: about how many are asked for.
        columns: pixels.
        rows: pixels.
        weight: bytes of a pixel, about.
    """

    resolution: float
    ground: float
    asked: float
    zoom: int | None
    tiles: int
    columns: int
    rows: int
    weight: float

    @property
    def pixels(self) -> int:
        """All of them."""
        return self.columns * self.rows

    @property
    def many(self) -> bool:
        """Whether a person is asked first."""
        return self.pixels > MANY_PIXELS

    @property
    def coarser(self) -> bool:
        """Whether the service has nothing as fine as was asked for."""
        return bool(self.asked) and self.ground > self.asked * TOLERANCE

    @property
    def text(self) -> str:
        """For people."""
        megabytes = max(self.pixels * self.weight / 1e6, 0.1)
        text = tr("{ground} m on the ground, {columns} x {rows} pixels: {tiles} tiles, about {size} MB.").format(
            ground=local(self.ground, 2),
            columns=local(self.columns),
            rows=local(self.rows),
            tiles=local(self.tiles),
            size=local(megabytes, 1 if megabytes < 10 else 0),
        )
        if self.zoom is not None:
            text = tr("Zoom {zoom}, {text}").format(zoom=self.zoom, text=text)
        if self.coarser:
            text += " " + tr("The service has nothing as fine as {asked} m.").format(asked=local(self.asked, 2))
        return text


def estimate(service: Service, extent: QgsRectangle, pixel: float) -> Estimate:
    """What fetching a part would be.

    Args:
        service: the service.
        extent: in its CRS.
        pixel: ground metres of a pixel; 0 is the finest that the service has. Levels are at least as fine.

    Raises:
        GeoDistilError: nothing is there, no pixel size can be told, or it is absurdly much.
    """
    part = service.extent.intersect(extent)
    if part.isEmpty() or not part.isFinite():
        raise GeoDistilError(
            "raster",
            tr("The layer {layer} shows nothing of this extent.").format(layer=service.name),
            tr("Choose an extent on it."),
        )
    index, resolution = _resolution(service, part, pixel)
    found = window(_guess(service, resolution), part)
    result = Estimate(
        resolution=resolution,
        ground=ground_pixel(service.crs, part, resolution),
        asked=pixel,
        zoom=service.first_zoom + index if service.kind == XYZ else None,
        tiles=found.count,
        columns=found.columns,
        rows=found.rows,
        weight=bytes_per_pixel(service),
    )
    if result.pixels > MOST_PIXELS:
        raise GeoDistilError(
            "raster",
            tr("That would be {tiles} tiles of {layer} with {columns} x {rows} pixels, too many.").format(
                tiles=local(result.tiles), layer=service.name, columns=local(result.columns), rows=local(result.rows)
            ),
            tr("Choose a smaller extent or larger pixels."),
        )
    return result


def window(lattice: Lattice, extent: QgsRectangle) -> Window:
    """The pixels that cover an extent, as far as the lattice goes.

    Raises:
        GeoDistilError: there are none.
    """
    size = lattice.resolution
    slack = 0.01  # of a pixel: edges on pixels' borders are these borders, also as widgets round them
    first = math.floor((extent.xMinimum() - lattice.west) / size + slack)
    top = math.floor((lattice.north - extent.yMaximum()) / size + slack)
    last = math.ceil((extent.xMaximum() - lattice.west) / size - slack)
    bottom = math.ceil((lattice.north - extent.yMinimum()) / size - slack)
    if lattice.bounds is not None:
        west, north, east, south = lattice.bounds
        first, last = max(first, west * lattice.width), min(last, (east + 1) * lattice.width)
        top, bottom = max(top, north * lattice.height), min(bottom, (south + 1) * lattice.height)
    if first >= last or top >= bottom:
        raise GeoDistilError("raster", tr("The service has no tiles of this extent."), tr("Choose an extent on it."))
    return Window(lattice, first, top, last - first, bottom - top)


def ground_pixel(crs: QgsCoordinateReferenceSystem, part: QgsRectangle, resolution: float) -> float:
    """Ground metres of a pixel in the middle of a part: in Web Mercator, less the farther from the equator."""
    return ground_size(crs, part.center(), resolution, resolution) or resolution


def xyz_lattice(service: Service, resolution: float) -> Lattice:
    """A zoom level's tiles."""
    side = round(WEB_MERCATOR_SIDE / resolution / service.tile)
    half = WEB_MERCATOR_SIDE / 2
    return Lattice(-half, half, resolution, service.tile, service.tile, (0, 0, side - 1, side - 1))


def wms_lattice(service: Service, resolution: float, largest: int = 0) -> Lattice:
    """Pictures that are asked of a WMS, from the origin of its CRS on, so that they are the same for all extents."""
    side = min([PICTURE, *(each for each in (service.largest, largest) if each)])
    return Lattice(0.0, 0.0, resolution, side, side)


def _guess(service: Service, resolution: float) -> Lattice:
    if service.kind == XYZ:
        return xyz_lattice(service, resolution)
    if service.kind == WMS:
        return wms_lattice(service, resolution)
    return Lattice(0.0, 0.0, resolution, service.tile, service.tile)


def _resolution(service: Service, part: QgsRectangle, pixel: float) -> tuple[int, float]:
    sizes = service.resolutions
    if not sizes:
        if not pixel:
            raise GeoDistilError(
                "raster",
                tr("{layer} has no pixel size of its own: give one, in metres on the ground.").format(
                    layer=service.name
                ),
            )
        unit = pixel / ground_pixel(service.crs, part, 1e-5) * 1e-5
        return 0, float(f"{unit:.{DIGITS}g}")
    if not pixel:
        return len(sizes) - 1, sizes[-1]
    fine = (index for index, size in enumerate(sizes) if ground_pixel(service.crs, part, size) <= pixel * TOLERANCE)
    index = next(fine, len(sizes) - 1)
    return index, sizes[index]
