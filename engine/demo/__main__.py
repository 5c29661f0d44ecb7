"""`python -m engine.demo FOLDER`: write the demo world."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import GeoDistilError
from .world import generate


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m engine.demo", description="Write a procedural aerial world.")
    parser.add_argument("folder", type=Path, help="where to write it")
    parser.add_argument("--size", type=int, default=1024, help="side of each scene in pixels of 0.25 m (default 1024)")
    parser.add_argument("--seed", type=int, default=0, help="which world (default 0)")
    options = parser.parse_args(arguments)
    if options.size < 128:
        parser.error("--size must be at least 128")
    try:
        world = generate(options.folder, options.size, options.seed)
    except GeoDistilError as error:
        print(error, file=sys.stderr)
        return 1
    for scene in world.scenes():
        print(scene.raster)
    return 0


if __name__ == "__main__":
    sys.exit(main())
