"""Whether a process works in a folder, as the engine's `owner.json` there says."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from .errors import GeoDistilError
from .runs.alive import is_alive
from .translation import tr

OWNER_FILE = "owner.json"
"""The engine's, as long as it works there; a killed engine leaves it, which means nothing then."""


def refuse_owned(folder: Path) -> None:
    """Leave a folder alone in which the engine works.

    Raises:
        GeoDistilError: it does.
    """
    path = folder / OWNER_FILE
    try:
        owner, touched = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
    except (OSError, ValueError):
        return
    pid, host = (owner.get("pid"), owner.get("host")) if isinstance(owner, dict) else (None, None)
    if not (isinstance(pid, int) and isinstance(host, str)):
        return
    since = owner.get("since")
    begun = float(since) if isinstance(since, (int, float)) else touched
    if is_alive(pid, host, begun if host == socket.gethostname() else touched):
        raise GeoDistilError(
            "output",
            tr("The folder {folder} is in use: process {pid} on {host} works there.").format(
                folder=folder, pid=pid, host=host
            ),
            tr("Let it end, or stop it in the runs dock, then start again."),
        )
