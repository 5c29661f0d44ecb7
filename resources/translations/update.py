"""Bring the catalogues up to date with the code, then compile them: `make translations`.

Every `tr("...")` and `marked("...")` of the plugin is a message of the one context GeoDistil. Translations that are
there stay, texts that are gone go, new ones are marked unfinished and listed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
PLACES = ("plugin.py", "toolbox", "jobs", "ui")
FUNCTIONS = ("tr", "marked")
CONTEXT = "GeoDistil"


def texts() -> dict[str, str]:
    """Text -> the first file that has it, in the order of files and lines.

    Raises:
        ValueError: a text is not a literal, so nobody can find it.
    """
    found: dict[str, str] = {}
    for place in PLACES:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            for text in _texts_of(file):
                found.setdefault(text, file.relative_to(ROOT).as_posix())
    return found


def _texts_of(file: Path) -> Iterator[str]:
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(call.func, ast.Name) and call.func.id in FUNCTIONS:
            argument = call.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
            elif isinstance(argument, ast.JoinedStr):
                raise ValueError(f"{file}, line {call.lineno}: an f-string cannot be translated; use str.format.")


def translations(catalogue: Path) -> dict[str, str]:
    """Text -> translation of a `.ts` file, unfinished ones left out."""
    messages = ElementTree.parse(catalogue).iter("message")
    pairs = [(message.findtext("source", ""), message.find("translation")) for message in messages]
    return {text: found.text for text, found in pairs if found is not None and not found.get("type") and found.text}


def write(catalogue: Path, language: str, found: dict[str, str], known: dict[str, str]) -> None:
    """Write a `.ts` file, one message a text."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text, file in found.items():
        message = ElementTree.SubElement(context, "message")
        ElementTree.SubElement(message, "location", filename=file)
        ElementTree.SubElement(message, "source").text = text
        translation = ElementTree.SubElement(message, "translation")
        translation.text = known.get(text)
        if text not in known:
            translation.set("type", "unfinished")
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    catalogue.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")


def main(lrelease: str) -> int:
    """Update and compile all catalogues; returns how many texts are without a translation, at most 1."""
    found = texts()
    missing = 0
    for catalogue in sorted(FOLDER.glob("geodistil_*.ts")):
        known = translations(catalogue)
        write(catalogue, catalogue.stem.split("_", 1)[1], found, known)
        for text in [text for text in found if text not in known]:
            print(f"{catalogue.name}: no translation of {text!r}, from {found[text]}")
            missing += 1
        subprocess.run([lrelease, "-silent", str(catalogue)], check=True)
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "lrelease"))
