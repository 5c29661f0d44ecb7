"""Names that Qt 5 and Qt 6 have in different places."""

try:
    from qgis.PyQt.QtGui import QAction, QUndoCommand
except ImportError:  # Qt 5
    from qgis.PyQt.QtWidgets import QAction, QUndoCommand

__all__ = ["QAction", "QUndoCommand"]
