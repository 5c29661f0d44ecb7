"""The guide is the same in every language: pages, sections, pictures, links, commands, and the words of the windows."""

import difflib
import os
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .test_documents import HEADING, LINK, ROOT, anchor

GUIDE = ROOT / "docs" / "user-guide"
LANGUAGES = sorted(path.name for path in GUIDE.iterdir() if (path / "index.md").exists())
PAGES = sorted(path.name for path in GUIDE.glob("*.md"))
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
EMPHASISED = re.compile(r"\*\*(.+?)\*\*|(?<![*\w])\*([^*]+?)\*(?!\*)", re.DOTALL)
OF_QGIS = {
    "de": {"Plugins": "Erweiterungen", "Settings": "Einstellungen", "Options": "Optionen", "Network": "Netzwerk"}
}
"""QGIS's own menus, as its German catalogue has them."""

OTHER_WORDS = {"source", "network", "labels", "stopped", "options", "a layer of the project", "a new layer"}
"""Emphasised words of the text that happen to be in windows, too."""


def sections(path):
    """{anchor: (heading with its marks, its text without code blocks, its code blocks)}, in the order of the page."""
    text = path.read_text(encoding="utf-8")
    blocks = FENCE.findall(text)
    parts = re.split(r"^(?=#+ )", FENCE.sub("\0", text), flags=re.MULTILINE)
    found = {}
    for part in (each for each in parts if HEADING.match(each)):
        heading, _, body = part.partition("\n")
        found[anchor(HEADING.match(heading)[1])] = (heading, body.replace("\0", ""), blocks[: part.count("\0")])
        del blocks[: part.count("\0")]
    return found


def targets(path, text):
    """Where links and pictures of a page lead, as if it were the English one."""
    found = Counter()
    for each in LINK.finditer(text):
        name, mark, section = each[1].partition("#")
        if name and not re.match(r"\w+:", name):
            place = Path(os.path.normpath(path.parent / name))
            folder = next((GUIDE / each for each in LANGUAGES if GUIDE / each in place.parents), GUIDE)
            name = place.relative_to(folder if folder in place.parents else ROOT).as_posix()
        found[f"the {'picture' if each[0].startswith('!') else 'link to'} {name}{mark}{section}"] += 1
    return found


def contents(path, body, blocks):
    """What a section has besides its words."""
    plain = re.sub(r"\([^()\s]+\)", "", body)
    found = targets(path, body)
    found.update({f"the code `{each.replace(' auf ', ' on ')}`": 1 for each in re.findall(r"`([^`\n]+)`", plain)})
    found.update({f"the block\n{each}": 1 for each in blocks})
    rows = len(re.findall(r"^ *\|", body, re.MULTILINE))
    items = len(re.findall(r"^ *(?:-|\d+\.) ", body, re.MULTILINE))
    return found + Counter({f"{rows} rows of tables": 1, f"{items} items of lists": 1})


def differences(page, language):
    """One sentence for each thing that one page has and the other lacks."""
    english, other = GUIDE / page, GUIDE / language / page
    ours, theirs = sections(english), sections(other)
    names = [[f"{one[0].partition(' ')[0]} {{#{name}}}" for name, one in each.items()] for each in (ours, theirs)]
    said = []
    for line in difflib.ndiff(*names):
        headings, path = (ours, other) if line[0] == "-" else (theirs, english)
        if line[0] in "-+":
            name = line.partition("{#")[2][:-1]
            said.append(f"{path.relative_to(ROOT)} has no section `{headings[name][0]}` ({line[2:]}) at this place")
    for name in (name for name in ours if name in theirs):
        here, there = contents(english, *ours[name][1:]), contents(other, *theirs[name][1:])
        said += [f"{other.relative_to(ROOT)}#{name} lacks {thing}" for thing in here - there]
        said += [f"{english.relative_to(ROOT)}#{name} lacks {thing}" for thing in there - here]
    return said


def plain(text):
    """A text of a window without accelerator, ellipsis and colon, in small letters."""
    return " ".join(re.sub(r"&(\w)", r"\1", text).split()).rstrip("….: ").lower()


def emphasised(text):
    """The menus, buttons and fields that a page names."""
    for strong, slight in EMPHASISED.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))):
        yield from (plain(part) for part in (strong or slight).split(" > "))


def catalogue(language):
    """{English text: its translations}, both as `plain` has them."""
    found = {plain(key): {plain(value)} for key, value in OF_QGIS[language].items()}
    tree = ElementTree.parse(ROOT / "resources" / "translations" / f"geodistil_{language}.ts")
    for message in tree.iter("message"):
        source, translation = message.findtext("source"), "".join(message.find("translation").itertext())
        found.setdefault(plain(source), set()).add(plain(translation))
    return found


def test_there_is_a_german_guide():
    assert "de" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_in_every_language(language):
    assert sorted(path.name for path in (GUIDE / language).glob("*.md")) == PAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_pages_have_the_same_sections_pictures_links_and_commands(page, language):
    said = differences(page, language)
    assert not said, "\n".join(["the guides differ:", *said])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_menus_buttons_and_fields_are_called_as_the_windows_call_them(page, language):
    words, text = catalogue(language), (GUIDE / language / page).read_text(encoding="utf-8")
    named = set(emphasised(text))
    for english in dict.fromkeys(emphasised((GUIDE / page).read_text(encoding="utf-8"))):
        if english in words and english not in OTHER_WORDS:
            shown = " or ".join(sorted(words[english]))
            assert words[english] & named, f"{language}/{page} does not name “{shown}”, which is “{english}” in English"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_section_a_picture_and_a_command_that_one_guide_lacks_are_named(language, tmp_path, monkeypatch):
    """What the messages say, with copies of two pages that were changed."""
    for page in (GUIDE / "models.md", GUIDE / language / "models.md"):
        copy = tmp_path / "docs" / "user-guide" / page.relative_to(GUIDE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = page.read_text(encoding="utf-8")
        if page.parent == GUIDE:
            text += "\n## Tiles\n\nFrom a server.\n"
        else:
            text = text.replace("![", "[", 1).replace("python -m engine zoo", "engine zoo").replace("(runs.md)", "")
        copy.write_text(text, encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.GUIDE", tmp_path / "docs" / "user-guide")
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    said = "\n".join(differences("models.md", language))
    assert f"{language}/models.md has no section `## Tiles` (## {{#tiles}}) at this place" in said
    assert f"{language}/models.md#predict-this-view lacks the picture images/view.jpg" in said
    assert f"{language}/models.md#models lacks the link to runs.md" in said
    assert "models.md#model-zoos lacks the block" in said
