"""The report of a run, one self-contained HTML file."""

from .history import VALIDATION_FILE, figure_path
from .page import REPORT_FILE, for_others, write_report
from .preview import Labelling, preview_png

__all__ = ["REPORT_FILE", "VALIDATION_FILE", "Labelling", "figure_path", "for_others", "preview_png", "write_report"]
