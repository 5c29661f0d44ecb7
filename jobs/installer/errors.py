"""What ends an installation."""

from __future__ import annotations

from typing import Any


class InstallError(Exception):
    """Something a person can act on.

    Args:
        code: `disk`, `network`, `proxy`, `certificate`, `policy`, `python`, `hash`, `platform`, `busy` or `error`.
        text: one sentence that names the thing and what is wrong with it, with named placeholders.
        hint: what to do about it.
        details: the tool's own words, for the log.
        values: of the placeholders.
    """

    def __init__(self, code: str, text: str, hint: str = "", details: str = "", **values: Any) -> None:
        self.told = told(text, **values)
        self.code = code
        self.message = self.told["message"]
        self.hint = hint
        self.details = details
        super().__init__(self.message)


def told(text: str, **values: Any) -> dict[str, Any]:
    """A sentence as events have it: in English, and in parts, for the plugin to say it in the user's language."""
    values = {name: str(value) for name, value in values.items()}
    return {"message": text.format(**values), "text": text, "values": values}


def marked(text: str) -> str:
    """The text itself, marked for the translators: the plugin translates it when it reads the event."""
    return text


class Stopped(Exception):
    """A person asked for an end."""
