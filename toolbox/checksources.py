"""Imagery and labels looked at before a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingUtils,
)

from ..jobs.checking import check_page
from ..jobs.layers.results import make_folder, write_page
from ..jobs.run_folder import RunFolder, RunSettings
from ..jobs.translation import tr
from .base import NOTHING_TO_LOSE, Parameters, Results, advanced
from .training import AnySources, Integer


class CheckSources(AnySources):
    """The engine's `check`."""

    NAME = "checksources"
    TITLE = tr("Check sources")
    SUMMARY = tr("Says what a training would find wrong with imagery and labels, and what is in them.")
    HELP = tr(
        "Opens every raster and label layer as a training would: coordinate reference systems, bands, resolution, "
        "labelled areas, class values. The labelled area is divided into training and validation blocks, labels are "
        "counted by class, and band statistics are taken.\n\n"
        "Mistakes end it with one sentence that says what to do. Warnings, such as a class without labels in the "
        "validation blocks, are in the log, in the page and in the JSON file."
    )
    ICON = "check"
    STARTS = False
    TAGS = ("check", "validate", "labels", "statistics", "split", "warnings", "CRS")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Sources, what they are read by, findings."""
        self.add_sources()
        self._add_reading()
        self.addParameter(
            advanced(
                QgsProcessingParameterNumber(
                    "CHIP_SIZE", tr("Chip size (pixels)"), Integer, 256, minValue=64, maxValue=2048
                )
            )
        )
        for name, text, files in (
            ("REPORT", tr("Findings"), tr("HTML files (*.html)")),
            ("FINDINGS", tr("Findings as JSON"), tr("JSON files (*.json)")),
        ):
            self.addParameter(QgsProcessingParameterFileDestination(name, text, files, optional=True))
        self.addOutput(QgsProcessingOutputNumber("WARNINGS", tr("Number of warnings")))
        self.addOutput(QgsProcessingOutputNumber("LABELS", tr("Number of labels (of class rasters, pixels)")))

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers; on the main thread, where they live."""
        self._folder = self.job_folder()
        settings = RunSettings(
            name="check",
            gsd=self.parameterAsDouble(parameters, "GSD", context) or None,
            recipe={"kind": "supervised"},
            training={"chip_size": self.parameterAsInt(parameters, "CHIP_SIZE", context)},
        )
        self._run = RunFolder(self._folder, self.sources(parameters, context), settings)

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Write a run folder among temporary files, let the engine look, then show what it found."""
        file = self._file("FINDINGS", "findings.json", parameters, context)
        report = self._file("REPORT", "findings.html", parameters, context)
        for each in (file, report):
            make_folder(each.parent)
        if not self.write_run(feedback):
            return {}
        answer = self._folder / "answer.json"
        self.run_engine(["check", str(self._folder), "--output", str(answer)], self._folder, feedback, NOTHING_TO_LOSE)
        if feedback.isCanceled():
            return {}
        findings = json.loads(answer.read_text(encoding="utf-8"))
        write_page(file, answer.read_text(encoding="utf-8"))
        for warning in findings["warnings"]:
            feedback.pushWarning(warning)
        write_page(report, check_page(tr("Sources"), findings))
        labels = sum(count for counts in findings["label_counts"].values() for count in counts.values())
        warnings = len(findings["warnings"])
        return {"REPORT": str(report), "FINDINGS": str(file), "WARNINGS": warnings, "LABELS": labels}

    def _file(self, output: str, name: str, parameters: Parameters, context: QgsProcessingContext) -> Path:
        chosen = self.parameterAsFileOutput(parameters, output, context)
        return Path(chosen or QgsProcessingUtils.generateTempFilename(name))
