"""Page 3: how the network is trained, and how large it is."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from ...jobs.sources.run_file import recipe_kind
from ...jobs.sources.suggestion import RECIPES, SIZES, SUMMARIES, SUPERVISED, TITLES, size_text, suggest, unavailable
from .advanced import Advanced
from .session import Session
from .words import Hint, Notices, TextScroll


class RecipePage(QWizardPage):
    """Recipes with the suggested one marked, sizes, and the details."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setTitle(self.tr("Recipe"))
        self.setSubTitle(
            self.tr("How the network learns. The suggestion follows from what your imagery is labelled for.")
        )
        self.suggestion = Notices()
        self.recipes: dict[str, QRadioButton] = {}
        self._hints: dict[str, Hint] = {}
        self.student, self.teacher = self._sizes(), self._sizes()
        self.teacher_label = QLabel(self.tr("Size of its &teachers"))
        self.advanced = Advanced()
        self._lay_out()
        self.student.currentIndexChanged.connect(lambda _: self._take_sizes())
        self.teacher.currentIndexChanged.connect(lambda _: self._take_sizes())

    def initializePage(self) -> None:  # noqa: D102
        draft, roles = self._session.draft, self._session.draft.roles()
        if draft.recipe.kind and unavailable(draft.recipe.kind, roles):
            draft.recipe.kind = ""
        suggested, why = suggest(roles)
        self.suggestion.clear()
        self.suggestion.add(
            "information", self.tr("Suggested: {}. {}").format(self.tr(TITLES[suggested]), self.tr(why))
        )
        for kind, button in self.recipes.items():
            reason = unavailable(kind, roles)
            button.setEnabled(not reason)
            self._hints[kind].say(self.tr(SUMMARIES[kind]) + (f" ({self.tr(reason)})" if reason else ""))
            self._hints[kind].setEnabled(not reason)
        self._show()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def _sizes(self) -> QComboBox:
        combo = QComboBox()
        for size in SIZES:
            combo.addItem(size_text(size), size.name)
        return combo

    def _lay_out(self) -> None:
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.addWidget(self.suggestion)
        group = QButtonGroup(self)
        for kind in RECIPES:
            self.recipes[kind] = button = QRadioButton(self.tr(TITLES[kind]))
            group.addButton(button)
            button.clicked.connect(lambda _=False, kind=kind: self._choose(kind))
            self._hints[kind] = hint = Hint()
            hint.setIndent(22)
            choice = QVBoxLayout()
            choice.setSpacing(0)
            choice.addWidget(button)
            choice.addWidget(hint)
            lines.addLayout(choice)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Size of the &network"), self.student)
        form.addRow(self.teacher_label, self.teacher)
        self.teacher_label.setBuddy(self.teacher)
        lines.addSpacing(8)
        lines.addLayout(form)
        lines.addWidget(self.advanced)
        lines.addStretch()
        QVBoxLayout(self).addWidget(TextScroll(inside))

    def _show(self) -> None:
        draft = self._session.draft
        kind = recipe_kind(draft)
        self.recipes[kind].setChecked(True)
        for combo, name in ((self.student, draft.recipe.student), (self.teacher, draft.recipe.teacher)):
            combo.blockSignals(True)
            combo.setCurrentIndex(combo.findData(name))
            combo.blockSignals(False)
        for widget in (self.teacher, self.teacher_label):
            widget.setVisible(kind != SUPERVISED)
        self.advanced.show_draft(draft, kind)

    def _choose(self, kind: str) -> None:
        self._session.draft.recipe.kind = kind
        self._show()

    def _take_sizes(self) -> None:
        recipe = self._session.draft.recipe
        recipe.student, recipe.teacher = self.student.currentData(), self.teacher.currentData()
