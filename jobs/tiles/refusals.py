"""What a service says no with, and what that means for a fetch: wait, stop, or ground without imagery."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from ..errors import GeoDistilError
from ..progress import duration
from ..translation import tr

ABSENT = (204, 404, 410)
"""There is no imagery here."""

PASSING = (408, 429, 500, 502, 503, 504)
"""May pass by itself."""

REFUSED = (401, 403, 407, 418, 451)
"""It knows us, and says no; asking again makes it worse."""

CHARACTERS = 300
"""Of a service's own words that are told."""


def refused(host: str, code: int) -> GeoDistilError:
    """It says no."""
    return GeoDistilError(
        "service",
        tr("The service at {host} refuses to give its imagery (HTTP {code}).").format(host=host, code=code),
        tr("Look at its terms of use, and at the authentication of the layer's connection; do not simply try again."),
    )


def failed(host: str, code: int) -> GeoDistilError:
    """It answers with an error that will not pass."""
    return GeoDistilError(
        "service",
        tr("The service at {host} cannot answer (HTTP {code}).").format(host=host, code=code),
        tr("Look at the layer on the map at the same place and scale."),
    )


def silent(host: str, seconds: float, tries: int) -> GeoDistilError:
    """Nothing came, again and again."""
    return GeoDistilError(
        "service",
        tr("The service at {host} does not answer: nothing came for {time}, {tries} times.").format(
            host=host, time=duration(seconds), tries=tries
        ),
        tr("Try again later: what has come is kept."),
    )


def slow(host: str, seconds: float) -> GeoDistilError:
    """Something comes, but as good as nothing."""
    return broken(host, tr("one picture took more than {time}").format(time=duration(seconds)))


def broken(host: str, reason: str) -> GeoDistilError:
    """It could not be reached, or broke off, again and again."""
    return GeoDistilError(
        "service",
        tr("The service at {host} does not answer: {reason}.").format(host=host, reason=reason.strip().rstrip(".")),
        tr("Try again later: what has come is kept."),
    )


def busy(host: str, seconds: float) -> GeoDistilError:
    """It wants longer to be left alone than a person waits."""
    return GeoDistilError(
        "service",
        tr("The service at {host} asks to be left alone for {time}.").format(host=host, time=duration(seconds)),
        tr("Try again then: what has come is kept."),
    )


def no_picture(host: str, content: bytes) -> GeoDistilError:
    """It answers with something else, such as a page or an exception in XML."""
    words = " ".join(content[: 4 * CHARACTERS].decode("utf-8", "replace").split())[:CHARACTERS]
    return GeoDistilError(
        "service",
        tr("The service at {host} answers with something else than a picture.").format(host=host),
        tr("Look at the layer on the map at the same place and scale."),
        words,
    )


def empty(name: str) -> GeoDistilError:
    """All of it is ground without imagery."""
    return GeoDistilError(
        "raster",
        tr("The layer {layer} has no imagery of this extent at this pixel size.").format(layer=name),
        tr("Choose larger pixels, or another extent."),
    )


def seconds_of(header: str) -> float:
    """What `Retry-After` says, in seconds from now; 0 where it says nothing that is known."""
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return 0.0
