"""What strangers call things does not break a report."""

from xml.etree import ElementTree

import pytest

from engine.report.markup import STYLE, table, text


@pytest.mark.parametrize("name", ["a\x01b", "\x00", "\x7f\x9f", "\ud800", "\uffff", "<b>&'\"", "tab\tend\n"])
def test_any_text_is_valid_markup(name):
    page = table("t", ["name"], [[name]]).replace('tabindex="0"', "")
    page.encode("utf-8")
    ElementTree.fromstring(page)
    assert text("a\x01b\tc\n") == "a\N{REPLACEMENT CHARACTER}b\tc\n" and text("<&>") == "&lt;&amp;&gt;"


def test_names_are_no_formulas():
    import matplotlib
    from matplotlib import pyplot

    with matplotlib.rc_context(STYLE):
        figure, axes = pyplot.subplots()
        axes.set_title(r"$\frac$ roof $")
        figure.canvas.draw()
        pyplot.close(figure)
