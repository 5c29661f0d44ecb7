"""Bounds that run files, cards and descriptions share: what a machine can hold, and what readers of names can show."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field

MOST_TEXT = 8192
"""Characters of any text that has no tighter bound."""
MOST_CLASSES = 254
"""A class map is one byte: 0 is background and 255 no-data."""
LARGEST = 1.7976931348623157e308
"""Of 64 bits; rasters do have no-data values as large."""

BOUNDED = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=MOST_TEXT)
"""Of every model that is read from a file: known keys only, finite numbers, texts with an end."""


def readable(text: str) -> str:
    """A text without characters that XML, and so GDAL's metadata and QGIS's projects, cannot hold.

    Raises:
        ValueError: it has one.
    """
    for character in text:
        if unicodedata.category(character) == "Cc" or character in "\ufffe\uffff":
            raise ValueError(f"it has the control character U+{ord(character):04X}, which maps cannot show")
    return text


def legible(text: str) -> str:
    """A name for what is called so: a file's stem, say, without what names may not have."""
    kept = "".join(each if each.isprintable() else " " for each in text).strip()
    return kept[:200] or "model"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it has a character of zero, at which other programs stop reading")
    return text


Word = Annotated[str, Field(max_length=200), AfterValidator(readable)]
"""A name of ours or of a library, or none."""
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(readable)]
"""A name that maps, reports and projects show."""
Value = Annotated[str, Field(max_length=1000)]
"""A label value as text, whatever it is made of."""
Address = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(readable)]
"""A path, a web address, or a weights file's."""
Filter = Annotated[str, Field(max_length=1_000_000), AfterValidator(_without_nul)]
"""SQL; QGIS's own filters list thousands of features, in several lines."""
COLOUR, DEVICE = r"^#[0-9a-fA-F]{6}$", r"^(auto|all|cpu|mps|cuda(:\d{1,3})?)$"
Colour = Annotated[str, Field(pattern=COLOUR, max_length=7)]

Weight = Annotated[float, Field(ge=0, le=1e6)]
"""Of a term of the loss."""
Metres = Annotated[float, Field(ge=1e-4, le=1e6)]
"""On the ground: a tenth of a millimetre to a thousand kilometres."""
Length = Annotated[float, Field(ge=0, le=1e6)]
"""Metres on the ground, or none."""
Extent = Annotated[float, Field(ge=0, le=1e12)]
"""Square metres."""
ClassValues = Annotated[frozenset[Annotated[int, Field(ge=0, le=255)]], Field(max_length=256)]
"""Of a class map."""
BandNumber = Annotated[int, Field(ge=1, le=65_535)]
"""Counted from 1; GDAL's formats know no more."""
Bands = Annotated[list[BandNumber], Field(max_length=1024)]
ANY_NUMBER = {"minimum": -LARGEST, "maximum": LARGEST}
Nodata = Annotated[float, Field(allow_inf_nan=True, json_schema_extra=ANY_NUMBER)]
"""What a raster may have for no data: any number, and what is none."""
Statistic = Annotated[float, Field(ge=-1e30, le=1e30)]
"""Of a band, raw units; networks compute with 32 bits."""
Deviation = Annotated[float, Field(ge=1e-30, le=1e30)]
"""Of a band, raw units: what values are divided by."""
Share = Annotated[float, Field(ge=0, le=1)]
DataType = Literal[
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"
]
"""Of rasters' values, numpy's names."""
DATA_TYPES = get_args(DataType)
MOST_TILE = 8192
"""Pixels of a window's side: twice that of the largest chip."""
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""What every random generator takes."""
