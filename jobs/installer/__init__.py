"""Makes the engine's environment: `python -m jobs.installer FOLDER`, standard library only, any Python from 3.9.

Neither QGIS nor the engine is imported here. `request.json` in the folder says what is wanted, `events.jsonl` tells
what happens, as in a run folder; an empty file `stop` ends it, and the next start goes on from there.
"""
