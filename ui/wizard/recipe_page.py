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
from ...jobs.sources.suggestion import (
    DISTIL,
    RECIPES,
    SIZES,
    SUMMARIES,
    SUPERVISED,
    TITLES,
    size_text,
    suggest,
    unavailable,
    weights_text,
)
from ...jobs.sources.teaching import start_problem, teacher_problem
from ...jobs.translation import tr
from ..widgets import Hint, Notices, Problem, TextScroll
from .fields import Advanced, ModelField
from .session import Session


class RecipePage(QWizardPage):
    """Recipes with the suggested one marked, sizes, and the details."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setTitle(tr("Recipe"))
        self.setSubTitle(tr("How the network learns. The suggestion follows from what your imagery is labelled for."))
        self.suggestion = Notices()
        self.recipes: dict[str, QRadioButton] = {}
        self._hints: dict[str, Hint] = {}
        self.student, self.teacher = self._sizes(), self._sizes()
        self.student_weights, self.teacher_weights = Hint(), Hint()
        self.teacher_label = QLabel(tr("Size of its &teachers"))
        self.package, self.package_label = ModelField(), QLabel(tr("&Model that teaches"))
        self.start, self.start_label = ModelField(), QLabel(tr("&Start from a model"))
        self.problem = Problem()
        self.advanced = Advanced()
        self._lay_out()
        self.package.taken.connect(self._take_models)
        self.start.taken.connect(self._take_models)
        self.advanced.changed.connect(self._check)
        self.student.currentIndexChanged.connect(lambda _: self._take_sizes())
        self.teacher.currentIndexChanged.connect(lambda _: self._take_sizes())

    def initializePage(self) -> None:  # noqa: D102
        draft, roles = self._session.draft, self._session.draft.roles()
        draft.recipe.card, draft.recipe.start_card = {}, {}  # read anew: the packages may be others by now
        if draft.recipe.kind and unavailable(draft.recipe.kind, roles):
            draft.recipe.kind = ""
        suggested, why = suggest(roles)
        self.suggestion.clear()
        self.suggestion.add("information", tr("Suggested: {}. {}").format(TITLES[suggested], why))
        for kind, button in self.recipes.items():
            reason = unavailable(kind, roles)
            button.setEnabled(not reason)
            self._hints[kind].say(SUMMARIES[kind] + (f" ({reason})" if reason else ""))
            self._hints[kind].setEnabled(not reason)
        self._show()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def isComplete(self) -> bool:  # noqa: D102
        return not self._problem()

    def _problem(self) -> str:
        draft = self._session.draft
        kind = recipe_kind(draft)
        if kind == DISTIL:
            return teacher_problem(draft, self.package.unread)
        return start_problem(draft, kind, self.start.unread)

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
            self.recipes[kind] = button = QRadioButton(tr(TITLES[kind]))
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
        form.addRow(tr("Si&ze of the network"), self.student)
        form.addRow("", self.student_weights)
        form.addRow(self.teacher_label, self.teacher)
        form.addRow("", self.teacher_weights)
        form.addRow(self.package_label, self.package)
        form.addRow(self.start_label, self.start)
        form.addRow(self.problem)
        self.start.setToolTip(
            tr(
                "Training goes on from what the model knows: classes of the same name are kept, others are learned "
                "anew. Its network, bands and ground sampling distance are taken."
            )
        )
        for label, widget in (
            (self.teacher_label, self.teacher),
            (self.package_label, self.package),
            (self.start_label, self.start),
        ):
            label.setBuddy(widget)
            widget.setAccessibleName(label.text().replace("&", ""))
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
        self._tell_weights()
        for widget in (self.teacher, self.teacher_label, self.teacher_weights):
            widget.setVisible(kind not in (SUPERVISED, DISTIL))
        for widget in (self.package, self.package_label):
            widget.setVisible(kind == DISTIL)
        for widget in (self.start, self.start_label):
            widget.setVisible(kind != DISTIL)
        self.package.show_path(draft.recipe.package, draft.recipe.card)
        self.start.show_path(draft.recipe.start_from, draft.recipe.start_card)
        self.advanced.show_draft(draft, kind)
        self._take_models()

    def _check(self) -> None:
        self.problem.say(self._problem())
        self.completeChanged.emit()

    def _take_models(self) -> None:
        recipe, kind = self._session.draft.recipe, recipe_kind(self._session.draft)
        recipe.package, recipe.card = self.package.path, self.package.card
        recipe.start_from, recipe.start_card = self.start.path, self.start.card
        self.student.setEnabled(kind == DISTIL or not recipe.start_from)  # else it is the model's
        self._check()

    def _choose(self, kind: str) -> None:
        self._session.draft.recipe.kind = kind
        self._show()

    def _take_sizes(self) -> None:
        recipe = self._session.draft.recipe
        recipe.student, recipe.teacher = self.student.currentData(), self.teacher.currentData()
        self._tell_weights()

    def _tell_weights(self) -> None:
        sizes = {size.name: size for size in SIZES}
        for combo, hint in ((self.student, self.student_weights), (self.teacher, self.teacher_weights)):
            hint.setText(weights_text(sizes[combo.currentData()]))
