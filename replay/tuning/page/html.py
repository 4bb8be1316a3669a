"""A study as one page that needs nothing else: plotly comes along, and nothing may be loaded.

What its script is given, as JSON in an element of its own:

    commands    of all points of all plots, each once; points name them by number
    figures     {id of an element: {data, layout}}
    pairs       the heat map's figures, one for each pair of parameters
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from replay import pages
from replay.tuning.decision import label
from replay.tuning.page import texts
from replay.tuning.page.axes import Levels
from replay.tuning.page.compared import EQUALS, OTHERS, compared
from replay.tuning.page.figures import Figures, pairs_of, shown_first
from replay.tuning.page.front import front, measured
from replay.tuning.page.spots import Spot, Spots
from replay.tuning.page.terms import Json, Pool
from replay.tuning.studying import Findings
from simulator.errors import InputError


def write_page(findings: Findings, file: Path) -> None:
    """Raises InputError where it cannot be written, or plotly is not there."""
    text = page(findings)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from error


def page(findings: Findings) -> str:
    """The whole page. The same findings give the same text. Raises InputError without plotly."""
    parts = _Parts(findings)
    script, plotly = _part("page.js"), _plotly()
    places = {
        "@HEAD@": pages.head(
            findings.study.title,
            policy=_policy(script, plotly),
            style=pages.style(_part("page.css")),
        ),
        "@HEADING@": escape(findings.study.title),
        **parts.html,
        "@DATA@": pages.as_script_data(parts.data),
        "@PLOTLY@": plotly,
        "@SCRIPT@": script,
    }
    return pages.filled(_part("page.html"), places)


class _Parts:
    """The page's own parts, in its order, and the data of its plots."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.html = {"@ANSWER@": texts.head(findings)}
        self.data: Json = {"commands": [], "figures": {}, "pairs": []}
        first = escape(shown_first(findings)[0].replace("_", " ").capitalize())
        if not len(findings.rows):
            nothing = "<p>There are no runs.</p>"
            names = ("FIRST", "CIRCUMSTANCES", "SECOND", "PARAMETERS", "TIMES", "FRONT")
            self.html |= {f"@{name}@": nothing for name in (*names, "CANDIDATES", "FRAGILE")}
            self.html |= {"@FIRST@": first, "@SECOND@": first}
            return
        self._pool = Pool()
        self._spots = Spots(findings)
        self._compared = compared(findings.study, findings.decision)
        self._figures = Figures(findings, self._pool)
        self.html |= {"@FIRST@": first, "@CIRCUMSTANCES@": self._circumstances()}
        self.html |= {"@SECOND@": first, "@PARAMETERS@": self._parameters()}
        self.html |= {
            "@TIMES@": self._times(),
            "@FRONT@": self._front(),
            "@CANDIDATES@": texts.candidates(findings, self._spots),
            "@FRAGILE@": texts.fragile(findings, self._spots),
        }
        self.data["commands"] = list(self._pool.commands)

    def _circumstances(self) -> str:
        axes = self._spots.circumstances()
        if not axes:
            return "<p>There is only one.</p>"
        name, asked = shown_first(self._findings)
        parts = [self._who()]
        for number, (column, axis) in enumerate(axes.items()):
            lines = [
                (each, self._spots.by_circumstance(each.number, column, axis, asked))
                for each in self._compared
            ]
            figure = self._figures.against(axis, lines)
            parts.append(f"<h3>{escape(column)}</h3>")
            parts.append(self._plot(f"against-{number}", figure))
            parts.append(texts.folded("as a table", texts.against(axis, name, lines)))
        return "\n".join(parts)

    def _who(self) -> str:
        """Which candidates are drawn, and how many are not."""
        decision = self._findings.decision
        hidden = len(decision.equals) - EQUALS
        more = f"; {hidden} more of these are in the table below" if hidden > 0 else ""
        click = "A click on a point shows the command that replays its worst run."
        bars = f"Bars: {float(self._findings.study.confidence):.4g} confidence. {click}"
        if decision.recommended is None:
            return f"<p>The best {OTHERS} by the objectives: none is recommended. {bars}</p>"
        return (
            "<p>→ the recommended setting; ≈ not distinguishable from it by the objectives"
            f"{more}; and up to {OTHERS} others, those on the Pareto front first. {bars}</p>"
        )

    def _parameters(self) -> str:
        name, asked = shown_first(self._findings)
        study = self._findings.study
        levels = {each: self._spots.levels(each) for each in study.parameters}
        spots = {each: self._spots.by_parameter(each, of, asked) for each, of in levels.items()}
        across = _range([one for each in spots.values() for one in each])
        parts = [
            "<p>Over all candidates with a value, by the runs of the first round, which all of "
            "them have. Each point's worst run may be that of any of them.</p>",
            '<div class="plots">',
        ]
        for number, (each, of) in enumerate(levels.items()):
            figure = self._figures.parameter(of.axis, spots[each], across)
            told = texts.folded("as a table", texts.parameter(of.axis, name, spots[each]))
            parts.append(f"<div>{self._plot(f'parameter-{number}', figure)}{told}</div>")
        return "\n".join([*parts, "</div>", self._heat(levels)])

    def _heat(self, levels: dict[str, Levels]) -> str:
        pairs = list(pairs_of(levels))
        if not pairs:
            return "<p>There is no second parameter for a map of two.</p>"
        asked = self._findings.study.objectives[0]
        options, tables = [], []
        for number, (across, up) in enumerate(pairs):
            columns, rows = levels[across], levels[up]
            squares = self._spots.squares(across, columns, up, rows, asked)
            self.data["pairs"].append(self._figures.heat(columns.axis, rows.axis, squares, asked))
            title = escape(f"{across} and {up}")
            options.append(f'<option value="{number}">{title}</option>')
            tables.append(f"<h3>{title}</h3>{texts.heat(columns.axis, rows.axis, squares, asked)}")
        return (
            f'<h3>{escape(label(asked))} by two parameters: <select id="pair" '
            f'aria-label="Which two parameters">{"".join(options)}</select></h3>\n'
            "<p>The best candidate over all other parameters; ✗: even that one violates a "
            'constraint.</p>\n<div id="heat" class="plot"></div>\n'
            + texts.folded("as tables", "".join(tables))
        )

    def _times(self) -> str:
        lines = [(each, list(self._spots.steps(each.number))) for each in self._compared]
        parts = [texts.times(self._spots, self._compared)]
        if any(steps for _, steps in lines):
            parts.insert(0, self._plot("distribution", self._figures.curves(lines)))
            parts.insert(
                0,
                "<p>From the first signal until every position has its stop-loss. A curve that "
                "ends below 100% has runs that never came to that. Each point is one run.</p>",
            )
        return "\n".join(parts)

    def _front(self) -> str:
        figure = front(self._findings, self._spots, self._pool)
        if figure is None:
            return "<p>The study has one objective: the best one is all there is of a front.</p>"
        objectives = self._findings.study.objectives
        rest = ", ".join(label(each) for each in objectives[2:])
        more = (
            f" The line goes through those that are on it by these two alone; further ones are on "
            f"it by {escape(rest)}."
            if rest
            else ""
        )
        missing = len(self._findings.decision.candidates) - len(measured(self._findings))
        if missing:
            more += (
                f" Not in the picture: {missing} candidates, of which some runs never came to be "
                "measured by one of the two."
            )
        said = (
            "<p>Those that no other is better than in one objective and as good in all, by their "
            f"means.{more} The numbers are in the table of all candidates.</p>"
        )
        return said + self._plot("pareto", figure)

    def _plot(self, name: str, figure: dict[str, Any]) -> str:
        self.data["figures"][name] = figure
        return f'<div id="{name}" class="plot"></div>'


def _range(spots: Sequence[Spot]) -> tuple[float, float] | None:
    """The same for all parameters, so that a flat line is seen as flat."""
    if not spots:
        return None
    low = min(each.estimate.low for each in spots)
    high = max(each.estimate.high for each in spots)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin


def _part(name: str) -> str:
    return files("replay.tuning.page").joinpath(name).read_text(encoding="utf-8")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        cure = "pip install 'trading-bot-simulator[tune]'"
        raise InputError(f"the report's plots need plotly, which is not installed; {cure}") from (
            error
        )
    return str(get_plotlyjs())


def _policy(*scripts: str) -> str:
    """Nothing may be loaded from anywhere, and no script but these may run. Plotly writes styles
    of its own, and draws a heat map as an image in the page."""
    digests = " ".join(f"'{pages.digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )
