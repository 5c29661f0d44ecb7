"""The installer's sentences in the user's language: it runs outside QGIS and writes them in parts."""

from __future__ import annotations

from typing import Any

from ..translation import tr


def sentence(told: dict[str, Any]) -> str:
    """What a `failed` or `warning` event, or `InstallError.told`, says."""
    text, hint = told.get("text"), told.get("hint")
    message = _filled(text, told.get("values")) if text else told.get("message") or ""
    return f"{message} {tr(hint)}" if hint else message


def _filled(text: str, values: Any) -> str:
    """A text with its values; as it is where the event that has both is damaged."""
    try:
        return tr(text).format(**values)
    except (TypeError, LookupError, ValueError, AttributeError):
        return str(text)
