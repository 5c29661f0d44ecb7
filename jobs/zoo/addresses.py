"""Where zoos and their files are: on a disk or on the web, and nowhere else than where a person pointed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from ..errors import GeoDistilError
from ..translation import tr

CATALOGUE = "catalog.json"


def is_web(address: str) -> bool:
    """Whether an address is one of a web server."""
    return urlsplit(address).scheme.lower() in ("http", "https")


def catalogue_at(text: str) -> str:
    """The address of the catalogue that a person means by a folder or an address.

    Raises:
        GeoDistilError: it is neither.
    """
    text = text.strip()
    if is_web(text):
        if not urlsplit(text).netloc:
            raise GeoDistilError("network", tr("{address} is no address on the web.").format(address=text))
        return text if urlsplit(text).path.lower().endswith(".json") else f"{text.rstrip('/')}/{CATALOGUE}"
    if "://" in text:
        raise GeoDistilError(
            "network",
            tr("{address} is no address on the web.").format(address=text),
            tr("Write it with http:// or https://, or choose a folder."),
        )
    path = Path(text)
    if not text or not path.exists():
        raise GeoDistilError(
            "package",
            tr("There is no model zoo at {place}.").format(place=text or tr("an empty place")),
            tr("Choose a folder with models, or the address of a catalogue."),
        )
    return str(path / CATALOGUE if path.is_dir() else path)


def led_to(href: str, base: str, zoo: str) -> str:
    """Where a link leads.

    Args:
        href: as a file says it.
        base: that file's address.
        zoo: the catalogue's address: a zoo's files lie on its host, or in its folder.

    Raises:
        GeoDistilError: it leads elsewhere.
    """
    if is_web(zoo):
        address = urljoin(base, href)
        if urlsplit(address)[:2] == urlsplit(zoo)[:2]:
            return address
    elif "://" not in href:
        path = (Path(base).parent / unquote(href)).resolve()
        if Path(zoo).resolve().parent in path.parents:
            return str(path)
    raise GeoDistilError(
        "package",
        tr("The model zoo {zoo} names a file elsewhere: {href}.").format(zoo=zoo, href=href[:200]),
        tr("Its files must lie on its own host, or in its own folder."),
    )


def file_name(address: str) -> str:
    """The name of the file that an address is of."""
    return unquote(urlsplit(address).path.rpartition("/")[2]) if is_web(address) else Path(address).name
