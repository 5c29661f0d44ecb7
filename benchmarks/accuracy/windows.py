"""A network trained on chips of 256 px, in windows of 256, 512 and 1,024 px: what other windows cost, or bring.

    python -m benchmarks.accuracy.windows [--rows ROW ...] [--steps 160] [--output build/windows]

The vanilla student of the demo table, on that table's ground, scored on held-out scenes of both cities.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.packages import load_package, write_package

from .__main__ import chosen
from .declare import Row
from .methods import VANILLA
from .running import carry_out, slug
from .scoring import predict, score
from .tables.demo import FORMS, ground, table

CHIP = 256
WINDOWS = (256, 512, 1024)


def main() -> None:
    """Train where it is not done, predict and print a line a window."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=[VANILLA], help="rows of the demo table")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("build/windows"))
    options = parser.parse_args()
    print("| network | window, px | areas mean IoU | vehicle AP50 |\n|---|---|---|---|")
    for row in chosen(table(FORMS["small"]), options.rows):
        if row.name in options.rows:
            measure(row, options.steps, options.seed, options.output.resolve())


def measure(row: Row, steps: int, seed: int, output: Path) -> None:
    """One network in all windows, a line each."""
    form = replace(FORMS["small"], chip_size=CHIP, batch_size=2)
    row = replace(row, steps=steps)
    places = ground(Path(), output / f"ground-{seed}", seed)
    folder = output / f"seed-{seed}" / slug(row.name)
    carry_out(row, form, places, seed, folder.parent)
    tests = places.tests_of(row)
    for window in WINDOWS:
        model = with_windows(folder / "model", window)
        predict(model, tests, folder / f"predictions-{window}")
        scores = score(model, tests, folder / f"predictions-{window}")
        areas, boxes = scores["segmentation"]["mean_iou_classes"], scores["detection"]["ap50"]
        print(f"| {row.name} | {window} | {areas:.3f} | {boxes:.3f} |", flush=True)


def with_windows(model: Path, side: int) -> Path:
    """The same network in a package whose card, and graph, have windows of that side."""
    network, card = load_package(model)
    return write_package(model.with_name(f"model-{side}"), network, card.model_copy(update={"tile_size": side}))


if __name__ == "__main__":
    main()
