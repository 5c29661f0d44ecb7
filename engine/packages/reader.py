"""Reading a model package, folder or zip: data only, never code."""

from __future__ import annotations

import hashlib
import lzma
import os
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Card
from ..config.problems import WORDS, shown
from ..errors import GeoDistilError, PackageError, WeightsError, cannot_write
from ..text_files import read_object
from .archives import extract, look_over
from .item import AGAIN, ITEM_FILE, WEIGHTS_FILE, read_card
from .made_once import made_once

if TYPE_CHECKING:
    from ..models import TrainableNetwork

    pass

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
    from ..models.storage import load_weights
    from ..models.tensors import misfit

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
