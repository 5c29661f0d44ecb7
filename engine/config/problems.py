"""What is wrong with a dictionary that a model refuses: the key and one clause, for people."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from .limits import COLOUR, DEVICE

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
