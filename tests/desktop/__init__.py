"""A real QGIS on a virtual screen, worked with clicks and keys: for tests, benchmarks and the guide's pictures."""
