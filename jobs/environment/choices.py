"""What a person chose about the environment; kept in QGIS's settings under `geodistil/environment`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from qgis.core import QgsSettings

PREFIX = "geodistil/environment/"
TOOLS = ("auto", "uv", "pip")
BUILDS = ("auto", "default", "cpu", "cu126", "cu130")


@dataclass
class Choices:
    """All may stay as they are: the installer then finds its own way.

    Args:
        python: the Python to make the environment from.
        tool: one of `TOOLS`.
        build: the build of torch, one of `BUILDS`.
        wheels: a folder of wheels to install from, for machines without network.
        index: another package index, for example an organisation's mirror.
        folder: where the environment goes.
    """

    python: str = ""
    tool: str = "auto"
    build: str = "auto"
    wheels: str = ""
    index: str = ""
    folder: str = ""

    @classmethod
    def load(cls) -> Choices:
        """From the settings."""
        settings = QgsSettings()
        values = {each.name: settings.value(PREFIX + each.name, each.default, type=str) for each in fields(cls)}
        return cls(**values)

    def save(self) -> None:
        """Into the settings; what is not chosen leaves none."""
        settings = QgsSettings()
        for each in fields(self):
            value = getattr(self, each.name)
            if value == each.default:
                settings.remove(PREFIX + each.name)
            else:
                settings.setValue(PREFIX + each.name, value)

    def for_request(self) -> dict[str, str]:
        """The part that goes into `request.json`: an index may hold a password, so it goes another way."""
        return {key: value for key, value in asdict(self).items() if key not in ("index", "folder")}
