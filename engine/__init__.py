"""GeoDistil's deep-learning engine: pure Python, no QGIS. Run it as ``python -m engine``."""

__version__ = "0.1.0"
