"""The runs dock as the user guide shows it: `QT_QPA_PLATFORM=offscreen /usr/bin/python3 docs/screenshots/runs.py`.

Writes `docs/user-guide/images/runs.png`, the dock of a window of 1280 x 800. The options are for looking at it in other
circumstances: `--scale 2 --dark --bottom --window --output FILE`. The runs are made up; the dock cannot tell.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from stage import IMAGES, arguments, start_qgis

CLASSES = ("roof", "road", "water")


def main() -> None:
    """Write the picture."""
    options = _arguments()
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as scratch, _engine() as engine:
        _photograph(options, Path(scratch), engine.pid)
        engine.kill()


def _arguments() -> argparse.Namespace:
    parser = arguments(__doc__, IMAGES / "runs.png")
    parser.add_argument("--bottom", action="store_true", help="the dock below the map")
    parser.add_argument("--window", action="store_true", help="the whole window, not the dock alone")
    parser.add_argument("--dock-width", type=int, default=460)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    return parser.parse_args()


def _engine() -> subprocess.Popen:
    """A process that can pass for the engine."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "engine"])


def _photograph(options: argparse.Namespace, scratch: Path, pid: int) -> None:
    application = start_qgis(scratch, options.dark)
    from qgis.core import QgsSettings

    _make_runs(scratch / "runs", pid)
    QgsSettings().setValue("geodistil/runFolders", [str(scratch / "runs")])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    _show(options, scratch)
    application.exitQgis()


def _show(options: argparse.Namespace, scratch: Path) -> None:
    from geodistil.jobs.runs.waiting import WaitingList, list_folder
    from geodistil.ui.runs.dock import RunsDock
    from qgis.gui import QgsMapCanvas, QgsMessageBar
    from qgis.PyQt.QtCore import QEvent, Qt
    from qgis.PyQt.QtWidgets import QApplication, QMainWindow

    class Interface(QMainWindow):
        def mainWindow(self) -> QMainWindow:
            return self

        def messageBar(self) -> QgsMessageBar:
            return QgsMessageBar(self)

    WaitingList(list_folder()).add(scratch / "runs" / "harbour")
    window = Interface()
    window.setCentralWidget(QgsMapCanvas(window))
    dock = RunsDock(window, print)
    area = Qt.DockWidgetArea.BottomDockWidgetArea if options.bottom else Qt.DockWidgetArea.RightDockWidgetArea
    window.addDockWidget(area, dock)
    window.resize(options.width, options.height)
    window.show()
    window.resizeDocks(
        [dock], [options.height // 2 if options.bottom else options.dock_width], _direction(options.bottom)
    )
    dock.start()
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.02)
    (window if options.window else dock).grab().save(str(options.output))
    dock.stop()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _direction(bottom: bool) -> Any:
    from qgis.PyQt.QtCore import Qt

    return Qt.Orientation.Vertical if bottom else Qt.Orientation.Horizontal


def _make_runs(folder: Path, pid: int) -> None:
    """One run under way, one that waits, and four that have ended in different ways."""
    now = time.time()
    _run(
        folder / "old_town",
        "partial_multitask",
        _training(now, pid, ("detection_teacher", "segmentation_teacher", "student"), 0.78),
    )
    _run(folder / "harbour", "supervised", [])
    done = _training(now - 9000, 1, ("segmentation_teacher", "student"), 1.0)
    metrics = {"segmentation/mean_iou": 0.742, "detection/ap50": 0.815}
    _run(folder / "north_bank", "supervised", [*done, _event(now - 8000, "finished", outputs={"metrics": metrics})])
    _run(
        folder / "vineyards",
        "semi_supervised",
        [*_training(now - 20000, 1, ("teachers", "student"), 0.4), _event(now - 19000, "stopped")],
    )
    _run(folder / "airfield", "supervised", _training(now - 90000, 999_999_999, ("training",), 0.6))
    failure = {"code": "device", "message": "The device ran out of memory.", "hint": "Lower training.batch_size."}
    _run(
        folder / "suburbs",
        "supervised",
        [*_training(now - 40000, 1, ("training",), 0.1), _event(now - 39900, "failed", **failure)],
    )
    (folder / "north_bank" / "model").mkdir()
    (folder / "north_bank" / "model" / "item.json").write_text("{}")
    (folder / "north_bank" / "report.html").write_text("")


def _run(folder: Path, recipe: str, events: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    settings = {"version": 1, "name": folder.name, "recipe": {"kind": recipe}, "training": {"device": "auto"}}
    (folder / "run.json").write_text(json.dumps(settings))
    if events:
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def _event(when: float, kind: str, **values: Any) -> dict[str, Any]:
    return {"time": when, "kind": kind, **values}


def _training(end: float, pid: int, stages: tuple[str, ...], fraction: float) -> list[dict[str, Any]]:
    """Events of a training that ends (or stands) at `end`, `fraction` of the whole done."""
    steps, chance = 1000, random.Random(len(stages))
    reached = round(fraction * steps * len(stages))
    device = {"device": "NVIDIA RTX A2000", "host": socket.gethostname()}
    events = [_event(end - reached * 0.5, "started", pid=pid, **device)]
    for done in range(reached + 1):
        index, step = min(done // steps, len(stages) - 1), done % steps or (steps if done == reached else 0)
        when, share = end - (reached - done) * 0.5, step / steps
        name = stages[index]
        if step <= 1 and (not events or events[-1].get("name") != name) and done % steps == 0:
            events.append(_event(when, "stage", name=name, index=index, of=len(stages)))
        if done % 5 == 0 and step:
            left = (steps * len(stages) - done) * 0.5
            events.append(
                _event(
                    when,
                    "progress",
                    stage=name,
                    step=step,
                    of=steps,
                    losses=_losses(name, share, chance),
                    samples_per_second=31.4,
                    eta_seconds=left,
                    fraction=done / steps / len(stages),
                )
            )
        if step and step % 125 == 0:
            events.append(
                _event(when, "metrics", stage=name, network=name, step=step, values=_scores(name, share, chance))
            )
            events.append(_event(when, "checkpoint", path="checkpoints/last.pt", stage=name, step=step))
    events.insert(
        1, _event(events[0]["time"], "warning", message="Class water has only 3 labels in the training blocks.")
    )
    return events


def _losses(name: str, share: float, chance: random.Random) -> dict[str, float]:
    terms = {"detection/classification": 1.1, "detection/box": 0.8, "segmentation/cross_entropy": 1.3}
    if name.startswith(("detection", "segmentation")):
        terms = {term: start for term, start in terms.items() if term.split("/")[0] == name.split("_")[0]}
    return {
        term: start * (0.25 + 0.75 * math.exp(-5 * share)) * chance.uniform(0.75, 1.25) for term, start in terms.items()
    }


def _scores(name: str, share: float, chance: random.Random) -> dict[str, float]:
    def score(best: float) -> float:
        return best * (1 - math.exp(-4 * share)) + chance.uniform(-0.015, 0.015)

    values = {}
    if not name.startswith("segmentation"):
        values |= {
            "detection/ap": score(0.42),
            "detection/ap50": score(0.81),
            "detection/ap50/car": score(0.86),
            "detection/ap50/truck": score(0.75),
            "detection/f1": score(0.79),
        }
    if not name.startswith("detection"):
        each = {f"segmentation/iou/{label}": score(0.85 - 0.1 * index) for index, label in enumerate(CLASSES)}
        values |= {"segmentation/mean_iou": sum(each.values()) / len(each), **each}
    return values


if __name__ == "__main__":
    main()
