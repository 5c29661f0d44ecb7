"""What a WMS or WMTS says of itself, as far as fetching its imagery needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from qgis.core import QgsCoordinateReferenceSystem, QgsUnitTypes

from ..errors import GeoDistilError
from ..translation import tr
from .plan import Lattice
from .service import Service

HREF = "{http://www.w3.org/1999/xlink}href"
PIXEL_METRES = 0.00028
"""A pixel, by whose size scale denominators are meant."""

SIDES = ("MinTileCol", "MinTileRow", "MaxTileCol", "MaxTileRow")
DEGREE_METRES = 111319.49079327358


@dataclass(frozen=True)
class MapService:
    """A WMS.

    Args:
        version: that it speaks.
        url: of its maps; empty where it does not say.
        largest: most pixels of a picture's side; 0 where it does not say.
        attribution: who is to be named.
    """

    version: tuple[int, ...] = (1, 1, 1)
    url: str = ""
    largest: int = 0
    attribution: str = ""


@dataclass(frozen=True)
class Matrix:
    """A tile matrix of a WMTS.

    Args:
        name: its identifier.
        lattice: its tiles.
        template: of their addresses; empty where they are asked for by names and values.
        url: that they are asked of then.
        format: of the layer, where its connection says none.
        dimensions: (name, usual value) pairs.
    """

    name: str
    lattice: Lattice
    template: str = ""
    url: str = ""
    format: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()


def map_service(service: Service, content: bytes) -> MapService:
    """What a WMS's capabilities say.

    Raises:
        GeoDistilError: they are none.
    """
    root = _root(service, content)
    version = tuple(int(each) for each in root.get("version", "1.1.1").split(".") if each.isdigit())
    places = [_child(root, "Capability", "Request", "GetMap", "DCPType", "HTTP", "Get", "OnlineResource")]
    sides = [_text(_child(root, "Service", name)) for name in ("MaxWidth", "MaxHeight")]
    layer = next((each for each in _all(root, "Layer") if _text(_child(each, "Name")) in service.layers), None)
    title = _text(_child(layer, "Attribution", "Title")) or _text(
        _child(root, "Capability", "Layer", "Attribution", "Title")
    )
    return MapService(
        version=version if version in ((1, 1, 0), (1, 1, 1), (1, 3, 0)) else (1, 1, 1),
        url=next((each.get(HREF, "") for each in places if each is not None), ""),
        largest=min([int(side) for side in sides if side.isdigit() and int(side)] or [0]),
        attribution=title,
    )


def matrix(service: Service, content: bytes, resolution: float) -> Matrix:
    """The tile matrix of a WMTS that has a resolution.

    Raises:
        GeoDistilError: these are no capabilities, or none of this layer.
    """
    try:
        return _matrix(service, _root(service, content), resolution)
    except ValueError as error:  # a number that is none
        raise _without(service, content) from error


def _matrix(service: Service, root: ElementTree.Element, resolution: float) -> Matrix:
    sets = [each for each in _all(root, "TileMatrixSet") if _text(_child(each, "Identifier")) == service.matrix_set]
    layers = [each for each in _all(root, "Layer") if _text(_child(each, "Identifier")) in service.layers]
    matrices = [each for found in sets for each in _children(found, "TileMatrix")]
    if not matrices or not layers:
        raise _without(service)
    layer, unit = layers[0], _metres_of_unit(service.crs)
    chosen = min(matrices, key=lambda each: abs(_size(each, unit) - resolution))
    name = _text(_child(chosen, "Identifier"))
    templates = [each for each in _children(layer, "ResourceURL") if each.get("resourceType") == "tile"]
    fitting = [each for each in templates if each.get("format") == service.format] or templates
    get_tile = [each for each in _all(root, "Operation") if each.get("name") == "GetTile"]
    place = _child(get_tile[0], "DCP", "HTTP", "Get") if get_tile else None
    dimensions = [
        (_text(_child(each, "Identifier")), _text(_child(each, "Default"))) for each in _children(layer, "Dimension")
    ]
    return Matrix(
        name=name,
        lattice=_lattice(chosen, _size(chosen, unit), _swapped(service, sets[0]), _limits(layer, service, name)),
        template=fitting[0].get("template", "") if fitting else "",
        url=place.get(HREF, "") if place is not None else "",
        format=_text(_child(layer, "Format")),
        dimensions=tuple(dimensions),
    )


def _metres_of_unit(crs: QgsCoordinateReferenceSystem) -> float:
    if crs.isGeographic():
        return DEGREE_METRES
    return QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), QgsUnitTypes.DistanceUnit.DistanceMeters)


def _size(matrix: ElementTree.Element, unit: float) -> float:
    return float(_text(_child(matrix, "ScaleDenominator"))) * PIXEL_METRES / unit


def _swapped(service: Service, matrix_set: ElementTree.Element) -> bool:
    """Whether corners are given as the CRS has its axes, north first."""
    return service.crs.hasAxisInverted() and "urn:" in _text(_child(matrix_set, "SupportedCRS"))


def _lattice(
    matrix: ElementTree.Element, size: float, swapped: bool, limits: tuple[int, int, int, int] | None
) -> Lattice:
    first, second = map(float, _text(_child(matrix, "TopLeftCorner")).split())
    west, north = (second, first) if swapped else (first, second)
    width, height, columns, rows = (
        int(_text(_child(matrix, name))) for name in ("TileWidth", "TileHeight", "MatrixWidth", "MatrixHeight")
    )
    return Lattice(west, north, size, width, height, limits or (0, 0, columns - 1, rows - 1))


def _limits(layer: ElementTree.Element, service: Service, name: str) -> tuple[int, int, int, int] | None:
    """Of the layer in a matrix, where they are told."""
    for link in _children(layer, "TileMatrixSetLink"):
        for each in _all(link, "TileMatrixLimits"):
            if _text(_child(link, "TileMatrixSet")) == service.matrix_set and _text(_child(each, "TileMatrix")) == name:
                west, north, east, south = (int(_text(_child(each, side))) for side in SIDES)
                return west, north, east, south
    return None


def _root(service: Service, content: bytes) -> ElementTree.Element:
    try:
        _refuse_entities(content)
        root = ElementTree.fromstring(content)  # nosec B314 # what makes that dangerous is refused above
    except (ElementTree.ParseError, expat.ExpatError, ValueError) as error:
        raise _without(service, content) from error
    if not _name(root).endswith(("Capabilities", "MT_Capabilities")):
        raise _without(service, content)
    return root


def _refuse_entities(content: bytes) -> None:
    """A few lines of them stand for gigabytes; no service needs any.

    Raises:
        ValueError: there are some.
    """

    def refuse(*_declared: Any) -> None:
        raise ValueError("It declares entities.")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    parser.Parse(content, True)


def _without(service: Service, content: bytes = b"") -> GeoDistilError:
    return GeoDistilError(
        "service",
        tr("The service at {host} does not say what it has of {layer}.").format(
            host=service.host, layer=", ".join(service.layers)
        ),
        tr("Look at the layer on the map at the same place and scale."),
        content[:300].decode("utf-8", "replace"),
    )


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element | None, name: str) -> list[ElementTree.Element]:
    return [each for each in element if _name(each) == name] if element is not None else []


def _child(element: ElementTree.Element | None, *names: str) -> ElementTree.Element | None:
    for name in names:
        element = next(iter(_children(element, name)), None)
    return element


def _all(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (each for each in element.iter() if _name(each) == name)


def _text(element: ElementTree.Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""
