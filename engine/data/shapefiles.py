"""What a shapefile's attributes are written in, where no .cpg beside it says so."""

from __future__ import annotations

import codecs
from pathlib import Path

LANGUAGE = 29
"""The byte of a table's header that says a language; 0 says nothing."""
MOST = 2**24
"""Bytes of attributes that are looked at."""


def encoding_of(path: str) -> str | None:
    """How a shapefile without .cpg is written, of which GDAL takes UTF-8 for ISO-8859-1; none where GDAL knows."""
    table = Path(path).with_suffix(".dbf")
    if Path(path).suffix.lower() != ".shp" or not table.is_file():
        return None
    if any(table.with_suffix(ending).exists() for ending in (".cpg", ".CPG", ".cst")):
        return None
    with table.open("rb") as file:
        content = file.read(MOST)
    records = content[int.from_bytes(content[8:10], "little") :]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(records)
    except UnicodeDecodeError:
        return None if content[LANGUAGE] else "ISO-8859-1"
    return None if records.isascii() else "UTF-8"
