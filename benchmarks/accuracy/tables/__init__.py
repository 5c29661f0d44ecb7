"""The tables by name; each module declares one."""

from __future__ import annotations

from collections.abc import Callable

from ..declare import Form, Table
from . import controlled, demo, going_on, new_class, roads, sslkd, uneven

TABLES: dict[str, tuple[Callable[[Form], Table], dict[str, Form]]] = {
    "controlled": (controlled.table, controlled.FORMS),
    "uneven": (uneven.table, uneven.FORMS),
    "sslkd": (sslkd.table, sslkd.FORMS),
    "roads": (roads.table, roads.FORMS),
    "demo": (demo.table, demo.FORMS),
    "going_on": (going_on.table, going_on.FORMS),
    "new_class": (new_class.table, new_class.FORMS),
}
