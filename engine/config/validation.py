"""Bounds that run files, cards and descriptions share, and what a refused one is told: the key and one clause."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

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


CLAUSES = {
    "missing": "it is missing",
    "greater_than": "it must be more than {gt}",
    "greater_than_equal": "it must be at least {ge}",
    "less_than": "it must be less than {lt}",
    "less_than_equal": "it must be at most {le}",
    "multiple_of": "it must be a multiple of {multiple_of}",
    "finite_number": "it must be a finite number",
    "int_parsing": "it must be a whole number",
    "int_parsing_size": "it must be a whole number of fewer digits",
    "int_from_float": "it must be a whole number",
    "int_type": "it must be a whole number",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "string_type": "it must be a text",
    "string_unicode": "it has a character that is none of Unicode",
    "string_too_short": "it must have at least {min_length} characters",
    "string_too_long": "it must have at most {max_length} characters",
    "string_pattern_mismatch": "it must look like {pattern}",
    "too_short": "it must have at least {min_length} entries",
    "too_long": "it must have at most {max_length} entries",
    "list_type": "it must be a list",
    "dict_type": "it must be an object of keys and values",
    "model_type": "it must be an object of keys and values",
    "literal_error": "it must be {expected}",
}
"""By the kinds of pydantic's errors; the others have its own words."""
PATTERNS = {COLOUR: "#rrggbb", DEVICE: "auto, all, cpu, cuda, cuda:1 or mps"}
_OF_PYDANTIC = re.compile(r"^(str|int|float|bool|none|constrained-.*|.*[\[\]()].*)$")
"""Parts of places that name no key, but a branch of a choice."""
_LONGEST = 80
WORDS = 300
"""Letters of what a library says of a file, which may quote the file."""


def first_problem(error: ValidationError, without: frozenset[str] = frozenset()) -> tuple[str, str, str]:
    """The first thing that is wrong.

    Args:
        error: of a model.
        without: parts of keys that stand in no file.

    Returns:
        The key with its dots, empty for the whole; a clause; pydantic's kind of error.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    parts = (part for part in first["loc"] if part not in without)
    key = ".".join(shown(part) for part in parts if isinstance(part, int) or not _OF_PYDANTIC.match(part))
    return key, _clause(first), first["type"]


def shown(value: Any, longest: int = _LONGEST) -> str:
    """A stranger's text as a part of a sentence: in one line, and not for ever."""
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(value))
    return text if len(text) <= longest else f"{text[:longest]}…"


def _clause(problem: Any) -> str:
    context = dict(problem.get("ctx", {}))
    if "pattern" in context:
        context["pattern"] = PATTERNS.get(context["pattern"], context["pattern"])
    if problem["type"] in CLAUSES:
        return CLAUSES[problem["type"]].format(**context)
    return str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
