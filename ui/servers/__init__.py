"""Servers that train: described and tested, as a page among QGIS's options and in a window of its own."""
