"""Checkpoints on the disk: two generations, flushed, checked when they are read; and what they belong to.

`last.pt` is the newest, `previous.pt` the one before it. They are zip archives, as PyTorch writes them, so that each
tensor has a checksum; they are read without unpickling anything but tensors and plain values.
"""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch

from ..config import ClassDefinition, Network, Run, Source
from ..data import identity
from ..data.blocks import SPLIT_FILE, places
from ..data.identity import Identity
from ..data.opening import is_raster
from ..data.vectors import Layer
from ..errors import GeoDistilError, OutputError, TrainingError, cannot_write
from ..files import synchronise
from ..models.devices import check_memory
from ..recipes import CHECKPOINTS, Plan, best_weights
from ..types import given

MOST_NAMED = 4
"""Settings that a sentence names."""
WEIGHTS = "model.safetensors"
_ELSEWHERE = {"labels": {"path"}, "area": {"path"}}
"""What may move; the files' content is compared."""


def settings_of_sources(run: Run) -> dict[str, Any]:
    """The settings of a run that decide over its chips, without names, colours and paths."""

    def classes(definitions: list[ClassDefinition]) -> list[dict[str, Any]]:
        return [{"name": each.name, "values": each.label_values()} for each in definitions]

    return {
        "gsd": run.gsd,
        "bands": run.bands,
        "background": run.background,
        "split": run.split.model_dump(),
        "detection_classes": classes(run.detection_classes),
        "segmentation_classes": classes(run.segmentation_classes),
        "sources": [_source(source) for source in run.sources],
    }


def differences(before: Any, now: Any, where: str = "") -> list[str]:
    """What differs between two trees of settings, as `training.batch_size was 4 and is 8`."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*before, *now])
        found = [differences(before.get(key), now.get(key), f"{where}.{key}".lstrip(".")) for key in keys]
        return [each for part in found for each in part]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        found = [differences(*pair, f"{where}.{index}") for index, pair in enumerate(zip(before, now, strict=True))]
        return [each for part in found for each in part]
    if before == now:
        return []
    if isinstance(before, list) and isinstance(now, list) and isinstance((before or now)[0], dict):
        return [f"{where} had {len(before)} and has {len(now)} entries"]
    return [f"{where} was {_spoken(before)} and is {_spoken(now)}"]


def data_of(run: Run, plan: Plan, known: dict[str, Identity] | None = None) -> dict[str, Identity]:
    """The identities of all files that a training reads, by what they are to it.

    Args:
        run: its settings.
        plan: its networks.
        known: earlier ones, whose hashes are used again where nothing has moved.

    Raises:
        RasterError: a raster cannot be opened.
        LabelError: a layer cannot be read.
        TrainingError: the weights of another model cannot be read.
    """
    known, found = known or {}, {}
    for index, source in enumerate(run.sources):
        name = f"sources.{index}"
        found[f"{name}.raster"] = identity.of_raster(source.raster, known.get(f"{name}.raster"), len(run.sources))
        if source.labels is not None:
            found[f"{name}.labels"] = _of_labels(source, known.get(f"{name}.labels"))
        if source.area.kind == "layer":
            area = Layer(given(source.area.path), source.area.layer, None, source.area.where, "labelled area")
            found[f"{name}.area"] = identity.of_layer(area, known.get(f"{name}.area"))
    for name, files in _weights_of(run, plan).items():
        try:
            found[name] = identity.of_files(files, known.get(name))
        except OSError as error:
            raise TrainingError(f"{error.filename} ({name}) cannot be read: {error.strerror}.") from error
    return found


def check_data(before: dict[str, Identity], now: dict[str, Identity], folder: Path) -> None:
    """See that a training goes on with the files that it began with, wherever they lie now.

    Raises:
        TrainingError: a file has another content.
    """
    for name, known in before.items():
        here = now.get(name)
        if here is None:
            continue  # a setting says so
        if how := identity.difference(known, here):
            raise TrainingError(
                f"{here['path'] or known['path']} ({name}) is not what it was when this training began: {how}.",
                f"Put back what it was, or delete the folder {folder / CHECKPOINTS} to train anew.",
            )


def sentence(folder: Path, changed: list[str]) -> str:
    """That settings have changed, and which."""
    more = len(changed) - MOST_NAMED
    named = "; ".join(changed[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return f"The checkpoints in {folder / CHECKPOINTS} belong to other settings than run.json: {named or 'some'}."


def _source(source: Source) -> dict[str, Any]:
    values = source.model_dump(include={"role", "bands", "split", "nodata"})
    for key, moving in _ELSEWHERE.items():
        part = getattr(source, key)
        values[key] = None if part is None else part.model_dump(exclude=moving)
    return values


def _of_labels(source: Source, known: Identity | None) -> Identity:
    labels = given(source.labels)
    if labels.layer is None and is_raster(labels.path):
        return identity.of_raster(labels.path, known)
    return identity.of_layer(Layer(labels.path, labels.layer, labels.field, labels.where), known)


def _weights_of(run: Run, plan: Plan) -> dict[str, list[Path]]:
    """Files of weights that a recipe names."""
    recipe, found = run.recipe, {}
    for name in ("package", "start_from"):
        if folder := getattr(recipe, name, None):
            found[f"recipe.{name}"] = [Path(folder) / WEIGHTS, Path(folder) / "model" / WEIGHTS]
    if start := getattr(recipe, "start_from", None):
        found["recipe.start_from, split"] = [place / SPLIT_FILE for place in places(start)]
    teachers = getattr(recipe, "teachers_from", None)
    if teachers:
        others = [name for name in plan.networks if name != plan.exported]
        folders = teachers if isinstance(teachers, dict) else dict.fromkeys(others, teachers)
        for name, members in folders.items():
            members = [members] if isinstance(members, str) else members
            found[f"recipe.teachers_from.{name}"] = [_member(Path(member), name, plan.exported) for member in members]
    files = {"feature_teacher": getattr(recipe, "feature_teacher", "none")}
    files |= {f"{name}.weights": part.weights for name, part in recipe if isinstance(part, Network)}
    found |= {f"recipe.{name}": [Path(path)] for name, path in files.items() if Path(path).is_file()}
    return {name: [path for path in paths if path.is_file()] for name, paths in found.items()}


def _member(place: Path, name: str, shipped: str) -> Path:
    """The weights of a teacher: of a run, of a package, or a file of them."""
    inside = (best_weights(place, name), best_weights(place, shipped), place / WEIGHTS, place / "model" / WEIGHTS)
    return next((path for path in (place, *inside) if path.is_file()), inside[0])


def _spoken(value: Any) -> str:
    if value is None or isinstance(value, dict):
        return "not set" if value is None else "set"
    return repr(value)


LAST, PREVIOUS = "last.pt", "previous.pt"
UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, UnpicklingError, RuntimeError, NotImplementedError),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError),
)
"""What a file may raise that is not what was written."""

Content = TypeVar("Content")


def atomically(path: Path, write: Callable[[Path], Any], first: Callable[[], Any] = lambda: None) -> Path:
    """Write a file whole or not at all, and have it on the disk.

    Args:
        path: of the file; its folder is made where it is missing.
        write: writes the file that it is given.
        first: done when that is on the disk, before it takes its place.

    Raises:
        OutputError: it cannot be written; the one before stays.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        synchronise(partial)
        first()
        os.replace(partial, path)
        synchronise(path.parent)
    except (OSError, RuntimeError) as error:
        sentence = cannot_write(f"The checkpoint {path}", path, error)
        with contextlib.suppress(OSError):  # the folder is gone or read-only, which the sentence says
            partial.unlink(missing_ok=True)
        raise sentence from error
    except GeoDistilError:  # what was written is not to be
        partial.unlink(missing_ok=True)
        raise
    return path


def write_generation(folder: Path, values: dict[str, Any], check: Callable[[], None] = lambda: None) -> Path:
    """Write tensors and plain values as the newest generation; the newest so far becomes the one before.

    Args:
        folder: where they lie.
        values: to be written.
        check: raises a GeoDistilError where what was written is not to be kept; nothing changes then.

    Raises:
        OutputError: it cannot be written; the generations there are stay.
    """
    path = folder / LAST

    def make_room() -> None:
        check()
        if path.exists():
            os.replace(path, folder / PREVIOUS)

    return atomically(path, lambda partial: _write(values, partial), make_room)


def begun(folder: Path) -> bool:
    """Whether there is a generation, in whatever state."""
    return (folder / LAST).exists() or (folder / PREVIOUS).exists()


def read_generation(
    folder: Path, make: Callable[[dict[str, Any]], Content], warn: Callable[[str], None]
) -> Content | None:
    """The newest generation that is whole, or none where there has never been one.

    A damaged one gives way for good to the one before it, so that this is not what the next write moves out of the way.

    Args:
        folder: where they lie.
        make: makes of the values what is wanted.
        warn: told where the newest cannot be read, and the one before it is used.

    Raises:
        TrainingError: none can be read.
        MemoryError: there is too little memory to read them.
    """
    if not begun(folder):
        return None
    newest, before = folder / LAST, folder / PREVIOUS
    try:
        return make(_read(newest))
    except UNREADABLE as error:
        check_memory(error)
        if not before.exists():
            raise TrainingError(
                f"The checkpoint {newest} cannot be read ({_reason(error)}), and there is none before it.",
                f"Put a copy of it back, or delete the folder {folder} to train anew.",
            ) from error
        damage = _reason(error)
    try:
        content = make(_read(before))
    except UNREADABLE as error:
        check_memory(error)
        raise TrainingError(
            f"The checkpoint {newest} cannot be read ({damage}), nor can {before.name} before it ({_reason(error)}).",
            f"Put a copy of one of them back, or delete the folder {folder} to train anew.",
        ) from error
    warn(
        f"The checkpoint {newest} cannot be read ({damage}); training goes on from the one before it, {before.name}, "
        "and does again what came after."
    )
    try:
        os.replace(before, newest)
        synchronise(folder)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be written: {error.strerror}.") from error
    return content


def packed(values: dict[str, Any]) -> bytes:
    """A generation in memory."""
    torch.save(values, file := io.BytesIO())
    return file.getvalue()


def unpacked(content: bytes) -> dict[str, Any]:
    """What `packed` made bytes of, on the CPU."""
    found: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return found


def _write(values: dict[str, Any], path: Path) -> None:
    with path.open("wb") as file:  # PyTorch's own writer does not say what was wrong with the disk
        torch.save(values, file)


def _read(path: Path) -> dict[str, Any]:
    """What a file holds, once all its checksums are right.

    Raises:
        Exception: one of `UNREADABLE`.
    """
    with zipfile.ZipFile(path) as archive:
        if (damaged := archive.testzip()) is not None:
            raise zipfile.BadZipFile(f"{damaged} does not match its checksum")
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it is damaged"
