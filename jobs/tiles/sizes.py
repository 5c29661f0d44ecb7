"""How many bytes a pixel of a service is: as its tiles were that have come, else as pictures of its format are."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from ..stored import store, stored_by_path
from .service import Service

SIZES = "geodistil/tileSizes"
"""Bytes of a pixel by service, the last measured last."""

MOST = 100
USUAL = {"jpg": 0.3, "jpeg": 0.3, "webp": 0.2, "png": 1.8}
"""Of aerial imagery, by format."""

UNKNOWN = 0.6
"""Of a service that does not say its format; it may be any of them."""


def bytes_per_pixel(service: Service) -> float:
    """About how many bytes come for a pixel."""
    known = stored_by_path(SIZES).get(_key(service))
    if isinstance(known, (int, float)) and known > 0:
        return float(known)
    named = f"{service.format} {urlsplit(service.url).path}".lower()
    return next((size for name, size in USUAL.items() if name in named), UNKNOWN)


def note_size(service: Service, count: int, pixels: int) -> None:
    """Remember how large tiles with imagery were: bytes in all, of so many pixels. On any thread."""
    key = _key(service)
    known = {name: value for name, value in stored_by_path(SIZES).items() if name != key}
    known[key] = round(count / pixels, 4)
    store(SIZES, dict(list(known.items())[-MOST:]))


def _key(service: Service) -> str:
    return sha256(repr((service.url, service.layers, service.styles, service.format)).encode()).hexdigest()[:16]
