"""A model zoo: a static STAC catalogue of the packages in a folder, for any server of files or a shared disk."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..config import Card
from ..config.validation import WORDS, shown
from ..errors import PackageError, on_disk
from ..files import parse_object, read_object, write_text
from ..processes import scratch
from .item import FILES, ITEM_FILE, PREVIEW_FILE, REPORT_FILE, read_card
from .reader import BROKEN, digest_of, look_over

CATALOGUE, ITEMS = "catalog.json", "items"
"""STAC's own name, and the folder of an item for each package."""
FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
DEPTH = 2
"""Levels of a folder that are searched."""
_MULTIHASH = "1220"
"""Of SHA-256 with 32 bytes, before its digits: the file extension's checksums are multihashes."""
_KINDS = {".json": "application/geo+json", ".png": "image/png", ".html": "text/html"}
_ROLES = {ITEM_FILE: ["metadata"], PREVIEW_FILE: ["thumbnail"], REPORT_FILE: ["metadata"]}


def write_zoo(folder: Path, title: str = "") -> tuple[Path, list[Card]]:
    """Write the catalogue of a folder's packages into it, or anew.

    Args:
        folder: with packages: folders, zips, and runs that have a model; two levels are searched.
        title: of the catalogue; empty for the folder's name.

    Returns:
        The catalogue's file, and the packages' cards.

    Raises:
        PackageError: there is no package, or one is broken.
        OutputError: the folder cannot be written.
    """
    if not folder.is_dir():
        raise PackageError(f"{folder} is not a folder.", "Choose a folder with model packages.")
    packages = list(_packages(folder, DEPTH))
    if not packages:
        raise PackageError(f"{folder} holds no model package.", "Put packages (folders or zips) into it.")
    cards, links = [], []
    with on_disk(f"The catalogue of {folder}", folder), scratch(folder) as temporary:
        items = temporary / ITEMS
        items.mkdir()
        for path in packages:
            name = _name(path, folder)
            item, card = _item(path)
            item["assets"] = _assets(path, items / f"{name}.png", item)
            item["id"] = name
            item["stac_extensions"] = sorted({*item.get("stac_extensions", []), FILE_EXTENSION})
            item["links"] = [
                {"rel": rel, "href": f"../{CATALOGUE}", "type": "application/json"} for rel in ("root", "parent")
            ]
            write_text(items / f"{name}.json", json.dumps(item, indent=2) + "\n")
            href = f"./{ITEMS}/{name}.json"
            links.append({"rel": "item", "href": href, "type": "application/geo+json", "title": card.name})
            cards.append(card)
        _put(items, folder / ITEMS)
        write_text(folder / CATALOGUE, json.dumps(_catalogue(title or folder.resolve().name, links), indent=2) + "\n")
    return folder / CATALOGUE, cards


def _catalogue(title: str, links: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": re.sub(r"[^\w-]+", "-", title).strip("-") or "zoo",
        "title": title,
        "description": "Model packages for GeoDistil.",
        "links": [{"rel": "root", "href": f"./{CATALOGUE}", "type": "application/json"}, *links],
    }


def _packages(folder: Path, depth: int) -> Iterator[Path]:
    """Packages in a folder; one is not searched for others."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            own = next((each for each in (path, path / "model") if (each / ITEM_FILE).is_file()), None)
            if own is not None:
                yield own
            elif depth > 1:
                yield from _packages(path, depth - 1)
        elif path.suffix.lower() == ".zip":
            yield path


def _name(path: Path, folder: Path) -> str:
    """A name that no other package there has: its path, as the item's id and file."""
    return re.sub(r"[^\w-]+", "-", path.relative_to(folder).as_posix()).strip("-")


def _item(path: Path) -> tuple[dict[str, Any], Card]:
    """A package's item and its card, whatever it is packed in."""
    try:
        if path.is_dir():
            item = read_object(path / ITEM_FILE)
        else:
            with zipfile.ZipFile(path) as archive:
                members, _ = look_over(archive, path)
                item = parse_object(archive.read(members[ITEM_FILE]))
    except (OSError, *BROKEN) as error:
        raise PackageError(f"{path} is not a readable model package: {shown(error, WORDS)}.", "Remove it.") from error
    return item, read_card(item, str(path))


def _assets(path: Path, preview: Path, item: dict[str, Any]) -> dict[str, Any]:
    """The files to get, each with its size and checksum; of a zip the picture lies beside the item."""
    if path.is_dir():
        files = [path / name for name in FILES if (path / name).is_file()]
        known = item["assets"] if isinstance(item.get("assets"), dict) else {}
        keys = {file: file.name.replace(".", "-") for file in files}
        return {key: known.get(key, {}) | _asset(file, _from_items(file, preview)) for file, key in keys.items()}
    package = _asset(path, _from_items(path, preview)) | {"title": "Model package", "type": "application/zip"}
    bands = item["properties"].get("bands", [])  # STAC 1.1 allows an item bands only where an asset has them
    found = {"package": package | {"roles": ["mlm:model"], "bands": bands}}
    with zipfile.ZipFile(path) as archive:
        members, _ = look_over(archive, path)
        if PREVIEW_FILE in members:
            with archive.open(members[PREVIEW_FILE]) as source, preview.open("wb") as target:
                shutil.copyfileobj(source, target)
            found["thumbnail"] = _asset(preview, f"./{preview.name}") | _kind(PREVIEW_FILE)
    return found


def _asset(file: Path, href: str) -> dict[str, Any]:
    checksum = _MULTIHASH + digest_of(file)
    return {"href": href, "file:size": file.stat().st_size, "file:checksum": checksum, **_kind(file.name)}


def _kind(name: str) -> dict[str, Any]:
    kind = _KINDS.get(Path(name).suffix, "application/octet-stream")
    return {"title": name, "type": kind, "roles": _ROLES.get(name, ["mlm:model"])}


def _from_items(file: Path, preview: Path) -> str:
    """The way from the folder of items to a file beside it."""
    folder = preview.parents[2]  # of the catalogue: items are written in a folder of ours there first
    return f"../{quote(file.relative_to(folder).as_posix())}"


def _put(items: Path, place: Path) -> None:
    """Items of ours in the place of former ones; whatever else lies there stays."""
    place.mkdir(exist_ok=True)
    former = [path for path in place.glob("*.json") if not (items / path.name).exists()]
    for path in items.iterdir():
        path.replace(place / path.name)
    for path in former:
        path.unlink()
