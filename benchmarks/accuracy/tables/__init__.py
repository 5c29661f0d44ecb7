"""The tables by name; each module declares one."""

from __future__ import annotations

from collections.abc import Callable

from ..declare import Form, Table
from . import controlled, demo, roads, sslkd, uneven

TABLES: dict[str, tuple[Callable[[Form], Table], dict[str, Form]]] = {
    "controlled": (controlled.table, controlled.FORMS),
    "uneven": (uneven.table, uneven.FORMS),
    "sslkd": (sslkd.table, sslkd.FORMS),
    "roads": (roads.table, roads.FORMS),
    "demo": (demo.table, demo.FORMS),
}
