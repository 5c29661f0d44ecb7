"""Polygons, outlines and centre lines from a class map, read strip by strip."""

from .lines import centre_lines
from .options import LineOptions, PolygonOptions
from .polygons import polygons

__all__ = ["LineOptions", "PolygonOptions", "centre_lines", "polygons"]
