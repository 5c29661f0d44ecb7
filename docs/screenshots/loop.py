"""The map maker's loop in a real QGIS window, on Banepa: draw, learn, review what is suggested, learn on: `make loop`.

    .venv/bin/python docs/screenshots/loop.py

In a fresh profile, with no label layer at the start, clicks and keys draw `--buildings` areas, learn from them for
`--minutes` from a pretrained encoder, ask where to label next, and there accept, reject and draw until three cells are
complete; then they learn on for as long. Whoever clicks knows the truth, as a person does who looks at the imagery: a
suggestion that overlaps with buildings by an IoU of 0.6 is accepted, others are rejected and drawn by hand. Both
rounds' models are scored on the eight test tiles, which no label touches. Prints the guide's table; all screens go to
`--output`, with `--guide` also the film strip to the guide.
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

import rasterio.shutil
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from desktop.profile import Desktop, Unfinished  # noqa: E402

from benchmarks.accuracy.banepa import ROWS, TEST_COLUMN, Banepa, among, make_banepa, tile  # noqa: E402

STRIP = ROOT / "docs" / "user-guide" / "images" / "loop.jpg"
WALK = Path(__file__).with_name("loop_walk.py")
FRAMES = {
    "drawn": "1  Areas are drawn, cells called complete",
    "learned": "2  A round of learning",
    "suggested": "3  Suggestions, where to label next",
    "reviewed": "4  The cell after review",
    "again": "5  The second round",
    "found": "6  What it finds elsewhere",
}
"""Pictures of the walk that the strip shows, and what is written below each."""
FRAME_WIDTH, COLUMNS = 540, 2
LIMIT = 7200


def main() -> int:
    """Play the loop; returns the exit code."""
    options = arguments()
    output = options.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="geodistil_loop_") as scratch:
        banepa = make_banepa(options.data.resolve(), Path(scratch))
        raster = Path(scratch) / "banepa.tif"
        rasterio.shutil.copy(banepa.train, raster, driver="GTiff", compress="deflate", tiled=True)
        values = {"raster": str(raster), "truth": str(banepa.buildings), "pictures": str(output)}
        values |= {"buildings": options.buildings, "minutes": options.minutes, "cells": options.cells}
        try:
            found = Desktop(Path(scratch) / "qgis").link().run(WALK, "loop", LIMIT, **values)
        except Unfinished as error:
            print(error, file=sys.stderr)
            return 1
        for one in found["rounds"]:
            one["test"] = score(Path(one["model"]), banepa, Path(scratch) / "test")
    (output / "found.json").write_text(json.dumps(found, indent=2) + "\n")
    if options.guide:
        draw_strip(output, STRIP)
    print(table(found))
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "loop")
    parser.add_argument("--guide", action="store_true", help="renew the guide's film strip")
    parser.add_argument("--buildings", type=int, default=30, help="drawn before the first round, at least")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each round")
    parser.add_argument("--cells", type=int, default=3, help="reviewed between the rounds")
    return parser.parse_args()


def score(model: Path, banepa: Banepa, folder: Path) -> dict[str, Any]:
    """IoU of buildings on the test tiles."""
    shutil.rmtree(folder, ignore_errors=True)
    engine("predict", model, banepa.test, "--output", folder, "--allow-remote")
    where = among([tile(TEST_COLUMN, row) for row in ROWS])
    truth = ["--truth", banepa.buildings, "--area", banepa.tiles, "--area-where", where]
    (classes,) = folder.rglob("*classes.tif")
    said = engine("evaluate", classes, "--json", "--task", "segmentation", "--model", model, *truth)
    return json.loads(said)


def engine(*words: object) -> str:
    """What the engine's command says."""
    command = [sys.executable, "-m", "engine", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def draw_strip(pictures: Path, output: Path) -> None:
    """The walk's pictures beside each other, small."""
    font = ImageFont.load_default(16)
    frames = [Image.open(next(pictures.glob(f"*-{name}.png"))).convert("RGB") for name in FRAMES]
    height = round(FRAME_WIDTH * frames[0].height / frames[0].width)
    rows = -(-len(frames) // COLUMNS)
    strip = Image.new("RGB", (COLUMNS * FRAME_WIDTH + 10, rows * (height + 34)), "white")
    pen = ImageDraw.Draw(strip)
    for place, (frame, words) in enumerate(zip(frames, FRAMES.values(), strict=True)):
        left, top = place % COLUMNS * (FRAME_WIDTH + 10), place // COLUMNS * (height + 34)
        strip.paste(frame.resize((FRAME_WIDTH, height), Image.Resampling.LANCZOS), (left, top))
        pen.text((left + 2, top + height + 4), words, "black", font)
    strip.save(output, quality=60, optimize=True, progressive=True)


def table(found: dict[str, Any]) -> str:
    """In Markdown."""
    lines = ["| | labels | drawn | accepted | minutes | building IoU, test tiles |", "|---|---|---|---|---|---|"]
    for number, one in enumerate(found["rounds"], 1):
        iou = one["test"]["classes"]["building"]["iou"]
        facts = (one["labels"], one["drawn"], one["accepted"], f"{one['minutes']:.1f}", f"{iou:.3f}")
        lines.append(f"| round {number} | {' | '.join(map(str, facts))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
