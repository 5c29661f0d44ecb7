"""Servers as the user guide shows them: `.venv/bin/python docs/screenshots/servers.py`.

Writes `docs/user-guide/images/servers*.png` from a real QGIS window that trains on a real sshd on this machine
(Debian's openssh-server); it fails where that does not work. `--output FOLDER` and `--scale 2` are for looking at it in
other circumstances.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

from desktop.loopback import Loopback, described  # noqa: E402
from desktop.profile import Desktop, end, wait_for  # noqa: E402
from session import shrink  # noqa: E402

IMAGES = ROOT / "docs" / "user-guide" / "images"
SESSION = ROOT / "tests" / "end_to_end" / "servers_session.py"
LIMIT = 900
STARTER = '#!/bin/sh\ncd "{root}" && exec .venv/bin/python "$@"\n'


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=IMAGES)
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    scratch = Path(tempfile.gettempdir()) / "geodistil"  # the pictures show it
    scratch.mkdir()
    server = Loopback(scratch / "sshd")
    server.start()
    try:
        photograph(server, scratch, options.output.resolve(), options.scale)
    finally:
        server.stop()
        shutil.rmtree(scratch)
    for picture in options.output.glob("servers*.png"):
        shrink(picture)


def photograph(server: Loopback, scratch: Path, output: Path, scale: int) -> None:
    """Play the session up to the training, which goes on until its server is gone."""
    starter = scratch / "gpu-box" / "python"
    starter.parent.mkdir()
    starter.write_text(STARTER.format(root=ROOT))
    starter.chmod(0o755)
    (scratch / "runs").mkdir()
    fields = {**described(server, starter.parent), "name": "gpu-box", "python": starter}
    values = {"server": {name: str(value) for name, value in fields.items()}, "pictures": str(output)}
    values |= {"template": str(template(scratch)), "runs": str(scratch / "runs"), "name": "harbour"}
    desktop, following = Desktop(scratch / "qgis", scale=scale).link(), scratch / "following"
    process, result = desktop.start(SESSION, "begin", **values, following=str(following))
    try:
        wait_for(lambda: following.exists() or result.exists(), LIMIT)
        if result.exists():
            desktop.outcome(result)
        training = next((starter.parent / "runs").iterdir())
        (training / "stop").touch()
        wait_for(lambda: '"stopped"' in (training / "events.jsonl").read_text(), LIMIT)
    finally:
        end(process)


def template(scratch: Path) -> Path:
    """A run that counts cars in the demo's world."""
    world, folder = scratch / "world", scratch / "harbour"
    command = [sys.executable, "-m", "engine.demo", str(world), "--size", "384"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    labels = {"path": str(world / "north_train_cars.gpkg"), "field": "class"}
    colors = {"car": "#e6773a", "truck": "#3b8ed0"}
    values: dict[str, Any] = {
        "version": 2,
        "name": "harbour",
        "sources": [{"raster": str(world / "north_train.tif"), "role": "detection", "labels": labels}],
        "detection_classes": [{"name": name, "color": color, "values": [name]} for name, color in colors.items()],
        "recipe": {"kind": "supervised", "network": {"size": "small"}},
        "training": {"budget": {"steps": 150}, "chip_size": 128, "batch_size": 2},
    }
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(values))
    return folder


if __name__ == "__main__":
    main()
