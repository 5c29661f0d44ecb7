"""All model packages that are known: registered ones, those of runs, and those in folders that a person named."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import GeoDistilError, file_errors
from ..folders import BROKEN, content_of
from ..foreign import package_of
from ..package_registry import forget, known, looks_like_package, own_names, register, set_own_name
from ..packages import ITEM_FILE, is_foreign, read_card
from ..runs import files
from ..runs.files import MODEL_FOLDER, find_runs
from ..stored import store, stored
from ..text_files import parsed_json, read_json, texts, write_text
from ..translation import tr

FOLDERS = "geodistil/modelFolders"
"""Folders whose packages are listed."""

REGISTERED, OF_RUN, IN_FOLDER = tr("registered"), tr("of a run"), tr("in a folder")
LICENCE, SOURCE = "license", "geodistil:source"
"""Keys of an item's properties; the first is STAC's."""

PREVIEW = "preview.png"
MOST_PREVIEW = 16 << 20
DEPTH = 2
"""Levels of a folder that are searched."""

MOST_IN_FOLDER = 1000


@dataclass(frozen=True)
class Model:
    """A package, and what its files say.

    Args:
        path: its folder or zip, or an ONNX file of another program.
        name: what a person called it, else its card's name.
        origin: why it is known.
        card: its card; empty where it cannot be read.
        problem: why it cannot be read, as a sentence.
        properties: of its item.
        bytes: of its files.
        preview: a PNG picture; empty without one.
    """

    path: Path
    name: str
    origin: str
    card: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    bytes: int = 0
    preview: builtins.bytes = b""

    @property
    def licence(self) -> str:
        """Of its weights, as its item says."""
        return _text(self.properties.get(LICENCE))

    @property
    def source(self) -> str:
        """Where it comes from, as its item says."""
        return _text(self.properties.get(SOURCE))

    @property
    def editable(self) -> bool:
        """Whether licence and source can be written: into a folder, not into a zip."""
        return not self.problem and self.path.is_dir()


def models(cancelled: Callable[[], bool]) -> list[Model]:
    """All of them, each once, in the order registered, of runs, in folders. For workers: it opens files of each.

    Args:
        cancelled: whether nobody waits any more.
    """
    found: dict[Path, Model] = {}
    for path, origin in _places():
        if cancelled():
            break
        if (place := _resolved(path)) not in found:
            found[place] = look(path, origin)
    return list(found.values())


def look(path: Path, origin: str) -> Model:
    """What a package's files say; one that is gone or broken has a sentence."""
    name = own_names().get(path, "")
    try:
        package = package_of(str(path))
        card = read_card(package)
    except GeoDistilError as error:
        return Model(path, name or path.stem, origin, problem=str(error))
    usual = path.stem if is_foreign(path) else card["name"]
    return Model(path, name or usual, origin, card, "", _properties(package), _bytes(path), _preview(package))


def folders() -> list[Path]:
    """The folders whose packages are listed."""
    return [Path(text) for text in texts(stored(FOLDERS))]


def set_folders(chosen: list[Path]) -> None:
    """List the packages of these folders."""
    store(FOLDERS, [str(path) for path in chosen])


def rename(model: Model, name: str) -> None:
    """Call a model otherwise here; its files stay as they are. An empty name is its card's own."""
    if model.origin != REGISTERED and name:
        register(str(model.path))
    set_own_name(model.path, "" if name == model.card.get("name") else name)


def forget_model(model: Model) -> None:
    """Know a registered model no longer; nothing is deleted."""
    set_own_name(model.path, "")
    forget(model.path)


def describe(model: Model, licence: str, source: str) -> None:
    """Write licence and source into a package's item.

    Raises:
        GeoDistilError: it cannot be written.
    """
    path = model.path / ITEM_FILE
    with file_errors():
        item = read_json(path)
        for key, text in ((LICENCE, licence), (SOURCE, source)):
            if text:
                item["properties"][key] = text
            else:
                item["properties"].pop(key, None)
        write_text(path, json.dumps(item, indent=2) + "\n")


def _places() -> Iterator[tuple[Path, str]]:
    for _, path in known():
        yield path, REGISTERED
    runs = [run for folder in files.run_folders() for run in find_runs(folder)]
    for run in [*files.known_runs(), *runs]:
        if (run / MODEL_FOLDER / ITEM_FILE).is_file():
            yield run / MODEL_FOLDER, OF_RUN
    for folder in folders():
        for path in packages_in(folder):
            yield path, IN_FOLDER


def packages_in(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Packages in a folder: folders, zips and ONNX files; a package is not searched for others."""
    try:
        inside = sorted(folder.iterdir())[:MOST_IN_FOLDER]
    except OSError:  # gone, or not ours to read
        return
    for path in inside:
        likely = path.is_dir() or path.suffix.lower() in (".zip", ".onnx")
        if likely and not path.name.startswith(".") and looks_like_package(str(path)):
            yield path / MODEL_FOLDER if (path / MODEL_FOLDER / ITEM_FILE).is_file() else path
        elif path.is_dir() and depth > 1:
            yield from packages_in(path, depth - 1)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _properties(package: Path) -> dict[str, Any]:
    try:
        values = parsed_json(content_of(package, ITEM_FILE))["properties"]
    except (OSError, KeyError, TypeError, ValueError, *BROKEN):
        return {}
    return values if isinstance(values, dict) else {}


def _preview(package: Path) -> bytes:
    try:
        return content_of(package, PREVIEW, MOST_PREVIEW)
    except (OSError, KeyError, GeoDistilError, *BROKEN):
        return b""


def _bytes(path: Path) -> int:
    try:
        return sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else path.stat().st_size
    except OSError:
        return 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
