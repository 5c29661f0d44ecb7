"""The bridge between QGIS and the engine: layers to a run folder, a child process, files to layers."""
