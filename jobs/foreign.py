"""ONNX files of other programs: looked over by the engine, described where they say too little, adopted as packages.

The engine keeps an adopted package in its cache; where, is remembered here, so that whoever needs a card has it at
once. A file or description that has changed since is adopted anew.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsSettings

from .environment import ROOT, child_environment, engine_python
from .errors import GeoDistilError
from .packages import ITEM_FILE, is_foreign, package_path
from .text_files import parsed_json, write_text
from .translation import tr

ADOPTED = "geodistil/adopted"
"""Setting: what was adopted (the file and what it was then) -> the package's folder."""

WRITTEN = "geodistil/described"
"""Setting: a description that we wrote beside a model -> a hash of what we wrote."""

PATIENCE_SECONDS = 300
MOST_REMEMBERED = 50


def package_of(text: str) -> Path:
    """The package a person pointed at, also as an ONNX file that was adopted before. Quick, for any thread.

    Raises:
        GeoDistilError: there is nothing, or the ONNX file has not been adopted yet.
    """
    path = package_path(text)
    if not is_foreign(path):
        return path
    folder = adopted(path)
    if folder is None:
        raise GeoDistilError(
            "package",
            tr("{path} has not been tried yet.").format(path=path),
            tr("Run Predict with it once, or choose it in a dialog with the button beside the list of models."),
        )
    return folder


def adopted(model: Path) -> Path | None:
    """The package of an ONNX file where it has been adopted as it is now. Quick, for any thread."""
    folder = Path(_remembered(ADOPTED).get(_state(model)) or "")
    return folder if (folder / ITEM_FILE).is_file() else None


def taken(text: str) -> Path:
    """The package of a model, of an ONNX file too: the engine tries one that is new to it, which takes seconds.

    Raises:
        GeoDistilError: it is no model, or cannot be used.
    """
    path = package_path(text)
    return adopted(path) or adopt(path) if is_foreign(path) else path


def inspect(model: Path) -> dict[str, Any]:
    """What the engine knows of an ONNX file and what is missing; takes seconds, so not for the main thread.

    Raises:
        GeoDistilError: the engine's own sentence.
    """
    return _engine(model)


def adopt(model: Path) -> Path:
    """The package of an ONNX file, made in the engine's cache; takes seconds, so not for the main thread.

    Raises:
        GeoDistilError: the engine's own sentence, such as on what the file does not say of itself.
    """
    state, folder = _state(model), _engine(model, "--adopt")["package"]
    _remember(ADOPTED, {**_remembered(ADOPTED), state: folder})
    return Path(folder)


def describe(model: Path, values: dict[str, Any]) -> Path:
    """Write what a person knows of an ONNX file: beside it, or into the profile where that cannot be.

    A file of the description's name that is not ours stays as it is.

    Args:
        model: the ONNX file.
        values: the keys that ONNX metadata have, see `engine.packages.description`.

    Returns:
        The description's file.

    Raises:
        GeoDistilError: neither can be written.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    beside, kept = model.with_suffix(".json"), _in_profile(model)
    try:
        if not _is_ours(beside):
            return _keep(kept, text)
        write_text(beside, text)
    except OSError:
        return _keep(kept, text)
    _remember(WRITTEN, {**_remembered(WRITTEN), str(beside.resolve()): _digest(beside)})
    kept.unlink(missing_ok=True)
    return beside


def description_of(model: Path) -> Path | None:
    """The file that describes an ONNX file, where there is one: the profile's is newer than the one beside it."""
    return next((path for path in (_in_profile(model), model.with_suffix(".json")) if path.is_file()), None)


def _is_ours(path: Path) -> bool:
    """Whether nothing is lost where a file is written: there is none, or what is there was written by us."""
    return not path.exists() or _remembered(WRITTEN).get(str(path.resolve())) == _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _keep(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise GeoDistilError(
            "output", tr("{destination} cannot be written: {reason}.").format(destination=path, reason=error.strerror)
        ) from error
    return path


def _in_profile(model: Path) -> Path:
    key = hashlib.sha256(str(model.resolve()).encode()).hexdigest()[:12]
    return Path(QgsApplication.qgisSettingsDirPath()) / "geodistil" / "models" / f"{model.stem}-{key}.json"


def _state(model: Path) -> str:
    """The file and its description, as they are now."""
    files = [model, *filter(None, [description_of(model)])]
    return "|".join(f"{path.resolve()}:{path.stat().st_mtime_ns}:{path.stat().st_size}" for path in files)


def _remember(setting: str, values: dict[str, str]) -> None:
    QgsSettings().setValue(setting, json.dumps(dict(list(values.items())[-MOST_REMEMBERED:])))


def _remembered(setting: str) -> dict[str, str]:
    try:
        found = parsed_json(QgsSettings().value(setting) or "{}")
    except (TypeError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _engine(model: Path, *more: str) -> dict[str, Any]:
    """The answer of the engine's `inspect`."""
    described = description_of(model)
    arguments = ["inspect", str(model), "--json", *more, *(["--describe", str(described)] if described else [])]
    quiet: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    try:
        done = subprocess.run(
            [str(engine_python()), "-m", "engine", *arguments],
            cwd=ROOT, env=child_environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
            stdin=subprocess.DEVNULL, **quiet,
        )  # fmt: skip
        answer = parsed_json(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GeoDistilError(
            "engine",
            tr("The engine could not look at {model}.").format(model=model),
            tr("Try it in a shell: python -m engine inspect {model}").format(model=model.name),
            str(error),
        ) from error
    if "error" in answer:
        raise GeoDistilError.from_event(answer["error"], done.stderr)
    return answer
