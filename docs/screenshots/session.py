"""A new user's session in a real QGIS window, from the first start to predictions on the map: `make session`.

    .venv/bin/python docs/screenshots/session.py

A fresh profile gets a copy of the plugin; then clicks and keys point the environment page at `--python` (with `--full`
they set up a whole environment, some 5 GB), load the demo world, fill in the wizard, train, watch the runs dock and
predict. It ends with 0 only if all of that was done, the layers are styled, no heavy module is in QGIS, and nothing on
the way was cut off or had a scroll bar that it should not have. `--guide` renews the guide's pictures; all screens go
to `--output`. `--scale 2` is a screen of 200 %.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from desktop.profile import Desktop, Unfinished  # noqa: E402

GUIDE = ROOT / "docs" / "user-guide" / "images"
WALK = Path(__file__).with_name("walk.py")
LIMIT = 5400
LARGE = 100_000
"""Bytes of a picture that has fewer colours."""
PHOTOS = {"view", "swipe"}
"""Pictures that are mostly imagery."""


def main() -> int:
    """Play the session; returns the exit code."""
    options = arguments()
    begun, started = time.monotonic(), time.time()
    output = options.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="geodistil_session_") as scratch:
        world = Path(scratch) / "world"
        generate = [str(options.python), "-m", "engine.demo", str(world), "--size", str(options.size)]
        subprocess.run(generate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        desktop = Desktop(Path(scratch) / "qgis", scale=options.scale).install()
        values = {"world": str(world), "steps": options.steps, "pictures": str(output)}
        values["python"] = "" if options.full else str(options.python.absolute())
        values["guide"] = str(GUIDE) if options.guide else ""
        try:
            found = desktop.run(WALK, "session", LIMIT, **values)
        except Unfinished as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            for picture in GUIDE.glob("*.png"):
                if picture.stat().st_mtime > started:  # the others are as small as they get
                    shrink(picture)
    print(f"Layers: {', '.join(found['layers'])}; {(time.monotonic() - begun) / 60:.1f} minutes; screens in {output}")
    return judge(found)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv" / "bin" / "python", help="the engine's Python")
    parser.add_argument("--full", action="store_true", help="set up the engine's environment anew, from the network")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "session")
    parser.add_argument("--guide", action="store_true", help="renew the guide's pictures")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--steps", type=int, default=240, help="of the training, all stages together")
    parser.add_argument("--size", type=int, default=512, help="side of the demo world's scenes, in pixels")
    return parser.parse_args()


def shrink(picture: Path) -> None:
    """Leave a picture the colours that suit it best, small dots' too; imagery becomes a JPEG. All are in the zip."""
    image = Image.open(picture).convert("RGB")
    if picture.stem in PHOTOS:
        image.save(picture.with_suffix(".jpg"), quality=55, optimize=True, progressive=True)
        picture.unlink()
        return
    for colours in (256, 64):
        small = io.BytesIO()
        image.quantize(colours, kmeans=3, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() < picture.stat().st_size:
            picture.write_bytes(small.getvalue())
        if small.tell() < LARGE:
            return


def judge(found: dict) -> int:
    """Say what is wrong; 0 where nothing is."""
    wrong = [f"{name} is in QGIS's process" for name in found["heavy"]]
    wrong += [f"{picture}: {text}" for picture, texts in found["complaints"].items() for text in texts]
    if len(found["layers"]) != 4:
        wrong.append(f"only these layers came back with a style: {found['layers']}")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
