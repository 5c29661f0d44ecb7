"""What is to be fetched of a service: which part, at which resolution, which tiles, where their pixels lie."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle

from ..errors import GeoDistilError
from ..reference_systems import ground_size, view_on
from ..stored import store, stored_by_path
from ..translation import local, tr
from .service import WEB_MERCATOR_SIDE, WMS, XYZ, Service, service_of

SIZES = "geodistil/tileSizes"
"""Bytes of a pixel by service, the last measured last."""

MOST = 100
USUAL = {"jpg": 0.3, "jpeg": 0.3, "webp": 0.2, "png": 1.8}
"""Of aerial imagery, by format."""

UNKNOWN = 0.6
"""Of a service that does not say its format; it may be any of them."""


def bytes_per_pixel(service: Service) -> float:
    """About how many bytes come for a pixel."""
    known = stored_by_path(SIZES).get(_key(service))
    if isinstance(known, (int, float)) and known > 0:
        return float(known)
    named = f"{service.format} {urlsplit(service.url).path}".lower()
    return next((size for name, size in USUAL.items() if name in named), UNKNOWN)


def note_size(service: Service, count: int, pixels: int) -> None:
    """Remember how large tiles with imagery were: bytes in all, of so many pixels. On any thread."""
    key = _key(service)
    known = {name: value for name, value in stored_by_path(SIZES).items() if name != key}
    known[key] = round(count / pixels, 4)
    store(SIZES, dict(list(known.items())[-MOST:]))


def _key(service: Service) -> str:
    return sha256(repr((service.url, service.layers, service.styles, service.format)).encode()).hexdigest()[:16]


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


class Order(NamedTuple):
    """A part of a service.

    Args:
        service: the service.
        extent: in its CRS.
        estimate: gives the resolution.
    """

    service: Service
    extent: QgsRectangle
    estimate: Estimate


def order_for(
    layer: QgsRasterLayer, view: QgsRectangle, crs: QgsCoordinateReferenceSystem, pixel: float, project: QgsProject
) -> Order:
    """An order for a view of a layer; for the main thread.

    Args:
        layer: of a service.
        view: in `crs`.
        crs: the view's; one that is not valid is the layer's.
        pixel: ground metres of a pixel; 0 is the finest that there is.
        project: knows how coordinates are transformed.

    Raises:
        GeoDistilError: the layer is no service, shows nothing there, or it is absurdly much.
    """
    service = service_of(layer)
    extent = view_on(view, crs if crs.isValid() else layer.crs(), layer, project)
    return Order(service, extent, estimate(service, extent, pixel))


def refuse_many(order: Order, hint: str) -> None:
    """Refuse what a person ought to be asked about, where nobody can be.

    Raises:
        GeoDistilError: it is so much.
    """
    if order.estimate.many:
        raise GeoDistilError("raster", tr("That is much imagery: {size}").format(size=order.estimate.text), hint)
