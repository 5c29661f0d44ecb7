"""Reading a model package, folder or zip: data only, never code; a stranger's is looked over before it is unpacked."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import stat
import sys
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..config import Card
from ..config.validation import WORDS, shown
from ..errors import GeoDistilError, OutputError, PackageError, WeightsError, cannot_write
from ..files import MOST_BYTES as MOST_OF_AN_ITEM
from ..files import parse_object, read_object
from ..processes import made_once
from .item import AGAIN, FILES, ITEM_FILE, WEIGHTS_FILE, read_card

if TYPE_CHECKING:
    from ..models import TrainableNetwork


MOST_BYTES = 8 * 2**30
"""Largest unpacked size of an archive."""
MOST_MEMBERS = 1000
MOST_RATIO = 200
"""How much larger than packed a file may be: weights hardly shrink, and pages of text to a tenth."""
FREELY = 2**20
"""Bytes of a file to which that does not apply."""
SPARE_BYTES = 64 * 2**20
"""What is to be left free on the disk."""

Members = dict[str, zipfile.ZipInfo]


def look_over(archive: zipfile.ZipFile, path: Path) -> tuple[Members, Card]:
    """The package's files in an archive, at its root or in its only folder, by their names; and its card.

    Raises:
        PackageError: it holds what no package does, is too large, has two files of a name, or is no package.
    """
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise PackageError(f"{path} holds {len(infos)} files, and a model has at most {len(FILES)}.")
    names = set()
    for info in infos:
        if not _stays_inside(info):
            raise PackageError(f"{path} is not safe to unpack: it holds '{shown(info.filename)}'.")
        if info.filename in names:
            raise PackageError(f"{path} is not safe to unpack: it holds '{shown(info.filename)}' twice.")
        names.add(info.filename)
        if info.file_size > max(FREELY, MOST_RATIO * info.compress_size):
            raise PackageError(
                f"{path} is not safe to unpack: '{shown(info.filename)}' would be over {MOST_RATIO} times as large."
            )
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise PackageError(f"{path} unpacks to more than {MOST_BYTES // 2**30} GB, which no model does.")
    items = [PurePosixPath(info.filename) for info in infos if PurePosixPath(info.filename).name == ITEM_FILE]
    if len(items) != 1:
        count = "no" if not items else f"{len(items)} files"
        raise PackageError(f"{path} is not a model: it has {count} {ITEM_FILE}.")
    inside = {info.filename: info for info in infos}
    wanted = {name: str(items[0].parent / name) for name in FILES}
    members = {name: inside[member] for name, member in wanted.items() if member in inside}
    return members, _card(archive, members[ITEM_FILE], path)


def extract(archive: zipfile.ZipFile, members: Members, folder: Path, path: Path) -> None:
    """Write members into a folder.

    Raises:
        OutputError: the disk has no room for them.
    """
    needed, free = sum(info.file_size for info in members.values()) + SPARE_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{path} needs {needed / 1e9:.1f} GB, and {folder.parents[1]} has {free / 1e9:.1f} GB left.",
            "Make room there, or unpack it yourself.",
        )
    for name, info in members.items():
        with archive.open(info) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _card(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Card:
    if info.file_size > MOST_OF_AN_ITEM:
        raise PackageError(f"{path} is not a model: its {ITEM_FILE} is larger than {MOST_OF_AN_ITEM >> 20} MB.")
    try:
        return read_card(parse_object(archive.read(info)), str(path))
    except ValueError as error:
        raise PackageError(f"The {ITEM_FILE} of {path} is unreadable: {error}.") from error


def _stays_inside(info: zipfile.ZipInfo) -> bool:
    """Whether a member is no link and its path, on any system, is below the folder it is unpacked to."""
    name = info.filename.replace("\\", "/")
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return not (is_link or name.startswith("/") or ":" in name or ".." in PurePosixPath(name).parts)


BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, NotImplementedError, RuntimeError, EOFError)
"""What a damaged archive raises, or one that is packed in an unknown way or with a password."""


def load_package(path: Path | str) -> tuple[TrainableNetwork, Card]:
    """The network (on the CPU, in eval mode) and the card of a model package.

    Args:
        path: the package's folder or zip, or a run folder with a finished model.

    Raises:
        PackageError: missing, unreadable, of a newer GeoDistil, or its weights do not fit its card.
    """
    from ..models import build_from_card
    from ..models.storage import load_weights, misfit

    folder = package_folder(path)
    card = load_card(folder)
    if card.network is None:
        raise PackageError(f"{path} is a model of another program: it can predict, and nothing else.")
    weights = folder / WEIGHTS_FILE
    try:
        state = load_weights(weights)
        network = build_from_card(card)
    except FileNotFoundError as error:
        raise PackageError(f"{weights} is missing.", "Copy the whole model folder again.") from error
    except (OSError, WeightsError) as error:
        raise PackageError(f"{weights} is unreadable: {shown(error, WORDS)}.", "Copy the model again.") from error
    except Exception as error:  # libraries that build encoders raise whatever a card's names lead to
        reason = error.message if isinstance(error, GeoDistilError) else (str(error).splitlines() or [repr(error)])[0]
        raise PackageError(f"The card of {path} describes no network: {reason.rstrip('.')}.", AGAIN) from error
    if reason := misfit(state, network, card):
        raise PackageError(f"The weights of {path} do not fit the card in its {ITEM_FILE}: {reason}.", AGAIN)
    network.load_state_dict(state)
    return network.eval(), card


def load_card(path: Path | str) -> Card:
    """The card of a model package, without its network.

    Raises:
        PackageError: missing, unreadable, or of a newer GeoDistil.
    """
    item = package_folder(path) / ITEM_FILE
    try:
        return read_card(read_object(item), str(path))
    except (OSError, ValueError) as error:
        raise PackageError(f"{item} is unreadable: {error}.") from error


def package_folder(path: Path | str, description: Path | str | None = None) -> Path:
    """The folder of a package; archives and models of other programs are unpacked into the user's cache, once.

    Args:
        path: the package's folder or zip, a run folder with a finished model, or an ONNX file.
        description: of an ONNX file: a sidecar with what it does not say itself.

    Raises:
        PackageError: there is nothing, it is not a model package, or an ONNX file does not fit.
        OutputError: it cannot be unpacked into the cache.
    """
    path = Path(path)
    if not path.exists():
        raise PackageError(f"There is no model at {path}.")
    if path.is_file() and path.suffix.lower() == ".onnx":
        from .foreign import adopt

        return adopt(path, description, cache_folder())
    if path.is_file():
        return _unpacked(path)
    for folder in (path, path / "model"):
        if (folder / ITEM_FILE).is_file():
            return folder
    raise PackageError(f"{path} is not a model: it has no {ITEM_FILE}.")


def _unpacked(path: Path) -> Path:
    """The folder in the cache that holds this archive's content, named by its hash."""
    try:
        with zipfile.ZipFile(path) as archive:
            members, _ = look_over(archive, path)
            folder = cache_folder() / digest_of(path)[:24]
            return made_once(folder, lambda complete: extract(archive, members, complete, path))
    except BROKEN as error:
        raise PackageError(f"{path} is not a readable model archive: {shown(error, WORDS)}.") from error
    except OSError as error:
        raise cannot_write(f"{path}, unpacked into {cache_folder()},", cache_folder(), error) from error


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(2**20), b""):
            digest.update(part)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where archives are unpacked: `GEODISTIL_CACHE`, or the user's cache folder."""
    if "GEODISTIL_CACHE" in os.environ:
        return Path(os.environ["GEODISTIL_CACHE"])
    homes = {
        "win32": os.environ.get("LOCALAPPDATA", "~/AppData/Local"),
        "darwin": "~/Library/Caches",
    }
    home = homes.get(sys.platform, os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return Path(home).expanduser() / "geodistil" / "models"
