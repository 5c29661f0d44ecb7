"""The engine's look at a run before it trains, in a child that QGIS does not wait for, and what it found as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QObject, QProcess, QTimer, pyqtSignal

from .environment import ROOT, engine_python, qt_environment
from .errors import GeoDistilError
from .progress import headed, spoken
from .translation import local, local_brief, tr


def check_page(title: str, findings: dict[str, Any]) -> str:
    """Warnings, sources, label counts and band statistics as HTML.

    Args:
        title: of the page.
        findings: of `python -m engine check`.
    """
    parts = [f"<h3>{escape(title)}</h3>", *_warnings(findings), *_sources(findings), *_labels(findings)]
    return f"<html><meta charset='utf-8'><body>{''.join([*parts, *_bands(findings)])}</body></html>\n"


def _warnings(findings: dict[str, Any]) -> Iterable[str]:
    warnings = "".join(f"<p>⚠ {escape(warning)}</p>" for warning in findings["warnings"])
    yield warnings or f"<p>{tr('Nothing to warn of.')}</p>"


def _sources(findings: dict[str, Any]) -> Iterable[str]:
    rows = [(source["name"], spoken(source["role"]), source["raster"]) for source in findings["sources"]]
    yield _table((tr("Source"), tr("Role"), tr("Raster")), rows)
    text = tr("{gsd} m per pixel; {area} m² of ground train.")
    yield f"<p>{text.format(gsd=local(findings['gsd_m'], 3), area=local(findings['train_area_m2']))}</p>"


def _labels(findings: dict[str, Any]) -> Iterable[str]:
    for role, counts in findings["label_counts"].items():
        yield _table(
            (headed(tr("{role} class").format(role=spoken(role))), tr("Labels")),
            [(name, local(count)) for name, count in counts.items()],
        )


def _bands(findings: dict[str, Any]) -> Iterable[str]:
    values = zip(findings["bands"], findings["mean"], findings["std"])
    yield _table(
        (tr("Band ({dtype})").format(dtype=findings["dtype"]), tr("Mean"), tr("Standard deviation")),
        [(str(band), local_brief(mean, 4), local_brief(std, 4)) for band, mean, std in values],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag} align='left'>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(head, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table><br>"


class EngineCheck(QObject):
    """`python -m engine check RUN --json`.

    Args:
        folder: the run folder.
        python: the engine's Python; none finds it.
        root: the folder that holds the package `engine`.
        probe: whether to time a few steps too, which takes a while.

    Raises:
        GeoDistilError: there is no Python for the engine.
    """

    passed = pyqtSignal(dict)
    """With the engine's description of the run."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`: the engine's own sentence."""

    def __init__(self, folder: Path, python: Path | None = None, root: Path = ROOT, probe: bool = False) -> None:
        super().__init__()
        self._ended = False
        self._process = QProcess()
        self._process.setProgram(str(python or engine_python()))
        self._process.setArguments(["-m", "engine", "check", str(folder), "--json", *["--probe"] * probe])
        self._process.setWorkingDirectory(str(root))
        self._process.setProcessEnvironment(qt_environment())
        # Told a moment later: whoever hears of the end may let go of this object, and with it of the process.
        self._process.finished.connect(lambda code, status: QTimer.singleShot(0, lambda: self._finish(code)))
        self._process.errorOccurred.connect(lambda error: QTimer.singleShot(0, lambda: self._not_started(error)))

    def start(self) -> None:
        """Begin; `passed` or `failed` follows."""
        self._process.start()

    def cancel(self) -> None:
        """End the child; no signal follows."""
        self._ended = True
        self._process.kill()
        self._process.waitForFinished(1000)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._ended:
            name = self._process.program()
            self._fail(
                GeoDistilError("environment", tr("The engine's Python {name} cannot be started.").format(name=name))
            )

    def _finish(self, code: int) -> None:
        if self._ended:
            return
        output = bytes(self._process.readAllStandardOutput()).decode("utf-8", "replace")
        details = bytes(self._process.readAllStandardError()).decode("utf-8", "replace").strip()
        try:
            answer = json.loads(output)
        except ValueError:
            self._fail(_silent_death(code, details))
            return
        if "error" in answer:
            self._fail(GeoDistilError.from_event(answer["error"], details))
        else:
            self._ended = True
            self.passed.emit(answer)

    def _fail(self, error: GeoDistilError) -> None:
        self._ended = True
        self.failed.emit(error)


def _silent_death(code: int, details: str) -> GeoDistilError:
    last = details.splitlines()[-1] if details else ""
    return GeoDistilError(
        "engine",
        tr("The engine ended with exit code {code} and no answer. {last}").format(code=code, last=last).strip(),
        "",
        details,
    )
