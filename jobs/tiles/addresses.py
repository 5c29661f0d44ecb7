"""The address of each tile."""

from __future__ import annotations

import re
from typing import Callable
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from .capabilities import MapService, Matrix
from .plan import Lattice
from .service import Service

Address = Callable[[tuple[int, int]], str]
"""Column and row of a tile -> its address."""


def xyz_address(service: Service, zoom: int) -> Address:
    """Of a template with {x}, {y} or {-y}, {z}, or {q} (quadkey), and {switch:a,b,c}."""

    def address(key: tuple[int, int]) -> str:
        column, row = key
        parts = {"x": column, "y": row, "-y": 2**zoom - 1 - row, "z": zoom, "q": quadkey(column, row, zoom)}
        text = re.sub(r"\{switch:([^}]*)\}", lambda found: _one_of(found[1].split(","), column + row), service.url)
        for name, value in parts.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    return address


def quadkey(column: int, row: int, zoom: int) -> str:
    """A tile's name as Bing has it."""
    digits = (((column >> place) & 1) + 2 * ((row >> place) & 1) for place in range(zoom - 1, -1, -1))
    return "".join(map(str, digits))


def wmts_address(service: Service, matrix: Matrix) -> Address:
    """Of a template (RESTful), or by names and values."""
    style = service.styles[0] if service.styles else ""
    values = {**dict(matrix.dimensions), **dict(service.dimensions)}

    def address(key: tuple[int, int]) -> str:
        column, row = key
        if matrix.template:
            parts = {
                "style": style,
                "tilematrixset": service.matrix_set,
                "tilematrix": matrix.name,
                "tilecol": str(column),
                "tilerow": str(row),
                **{name.lower(): value for name, value in values.items()},
            }
            return re.sub(
                r"\{([^}]+)\}", lambda found: quote(parts.get(found[1].lower(), ""), safe=":"), matrix.template
            )
        query = {
            "SERVICE": "WMTS",
            "REQUEST": "GetTile",
            "VERSION": "1.0.0",
            "LAYER": service.layers[0],
            "STYLE": style,
            "FORMAT": service.format or matrix.format,
            "TILEMATRIXSET": service.matrix_set,
            "TILEMATRIX": matrix.name,
            "TILEROW": str(row),
            "TILECOL": str(column),
            **values,
        }
        return with_query(matrix.url or service.url, query)

    return address


def wms_address(service: Service, known: MapService, lattice: Lattice) -> Address:
    """GetMap, in the version that the service speaks."""
    newer = known.version >= (1, 3)
    swapped = newer and service.crs.hasAxisInverted()

    def address(key: tuple[int, int]) -> str:
        west, south, east, north = lattice.extent(*key)
        box = (south, west, north, east) if swapped else (west, south, east, north)
        query = {
            "SERVICE": "WMS",
            "VERSION": ".".join(map(str, known.version)),
            "REQUEST": "GetMap",
            "LAYERS": ",".join(service.layers),
            "STYLES": ",".join(service.styles),
            "CRS" if newer else "SRS": service.crs.authid(),
            "BBOX": ",".join(f"{each:.10f}".rstrip("0").rstrip(".") for each in box),
            "WIDTH": str(lattice.width),
            "HEIGHT": str(lattice.height),
            "FORMAT": service.format or "image/png",
            "TRANSPARENT": "TRUE",
        }
        return with_query(known.url or service.url, query)

    return address


def with_query(url: str, more: dict[str, str]) -> str:
    """An address whose own parameters stay, but for those of these names."""
    parts = urlsplit(url)
    own = [each for each in parts.query.split("&") if each and each.partition("=")[0].upper() not in more]
    return urlunsplit(parts._replace(query="&".join([*own, urlencode(more, quote_via=quote, safe=":,/")]), fragment=""))


def _one_of(names: list[str], number: int) -> str:
    return names[number % len(names)]
