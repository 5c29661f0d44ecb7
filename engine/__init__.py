"""GeoDistil's deep-learning engine: pure Python, no QGIS. Run it as ``python -m engine``."""

from .telemetry import switch_off

__version__ = "0.1.0"

switch_off()
