"""Polygons, boxes and centre lines from a class map, read strip by strip."""

from .boxes import BoxOptions, PaintedMap, Rows, boxes
from .class_map import ClassMap, LineOptions, MapFile, PolygonOptions
from .lines import MapClass, centre_lines
from .polygons import polygons

__all__ = [
    "BoxOptions",
    "ClassMap",
    "LineOptions",
    "MapClass",
    "MapFile",
    "PaintedMap",
    "PolygonOptions",
    "Rows",
    "boxes",
    "centre_lines",
    "polygons",
]
