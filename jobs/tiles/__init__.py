"""Imagery of web services (XYZ, WMTS, WMS): a part of it, at a resolution, becomes a GeoTIFF on this machine."""
