"""The plots, in plotly's terms: what is drawn; the colours of light and dark are the page's own.

Every point has its text for the hover, and in `customdata` the number of its command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from replay.tuning.decision import asked_of, label
from replay.tuning.page.axes import Axis, Levels
from replay.tuning.page.compared import Compared
from replay.tuning.page.spots import Asked, Spot, Square, Step
from replay.tuning.page.terms import (
    COLOURS,
    Json,
    Pool,
    bars,
    beside,
    figure,
    finite,
    lines_of,
    place_on,
    plain,
    said,
    x_axis,
    y_axis,
)
from replay.tuning.statistics import Estimate
from replay.tuning.studying import Findings
from scenarios.study import RATES

_SYMBOLS = ("star", "circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x")


def shown_first(findings: Findings) -> tuple[str, Asked]:
    """What is plotted against circumstances and parameters: success where the study asks for it,
    else its first objective."""
    asked = asked_of(findings.study)
    name = "success" if "success" in asked else label(findings.study.objectives[0])
    return name, asked[name]


class Figures:
    """Each as `{data, layout}`; their commands go into the pool."""

    def __init__(self, findings: Findings, pool: Pool) -> None:
        self._findings = findings
        self._pool = pool

    def against(self, axis: Axis, lines: Sequence[tuple[Compared, Sequence[Spot]]]) -> Json:
        """A line for each candidate over one circumstance."""
        name, asked = shown_first(self._findings)
        data: list[Json] = []
        for each, spots in lines:
            heads = [f"{axis.title} = {axis.labels[spot.place]}" for spot in spots]
            line = self._line(axis, spots, name, [[each.name, head] for head in heads])
            line["x"] = beside(axis, line["x"], len(data))
            rest = {"name": plain(each.name), "legendrank": each.colour + 1}
            data.append(line | rest | _look(each))
        lows = [spot.estimate.low for _, spots in lines for spot in spots]
        y = y_axis(name, asked, whole=min(lows, default=0.0) < 0.5)
        return figure(data, x_axis(axis), y, legend=len(data))

    def parameter(
        self, axis: Axis, spots: Sequence[Spot], across: tuple[float, float] | None
    ) -> Json:
        """Over one parameter; `across` is the range that all of these plots have."""
        name, asked = shown_first(self._findings)
        trace = self._line(axis, spots, name, [[spot.of] for spot in spots])
        trace |= {"line": {"color": COLOURS[1]}, "marker": {"color": COLOURS[1], "size": 8}}
        y = y_axis(name, asked, whole=False)
        if across is not None:
            y["range"] = list(across)
        return figure([trace], x_axis(axis), y, height=300)

    def heat(self, columns: Axis, rows: Axis, squares: Sequence[Square], asked: Asked) -> Json:
        """The best over all other parameters, for each pair of values."""
        empty = [[None] * len(columns.labels) for _ in rows.labels]
        z: list[list[Any]] = [list(line) for line in empty]
        texts: list[list[Any]] = [["" for _ in line] for line in empty]
        hovers: list[list[Any]] = [["" for _ in line] for line in empty]
        numbers: list[list[Any]] = [list(line) for line in empty]
        name = label(asked)
        for each in squares:
            estimate = each.spot.estimate
            head = [each.spot.of, "violates a constraint"] if each.violates else [each.spot.of]
            at = each.row, each.column
            z[at[0]][at[1]] = finite(estimate.value)
            texts[at[0]][at[1]] = _short(name, estimate) + " ✗" * each.violates
            hovers[at[0]][at[1]] = _hover(head, name, estimate)
            numbers[at[0]][at[1]] = self._pool.number(each.spot.command)
        better = asked.sign < 0
        trace = {
            "type": "heatmap",
            "x": [plain(label) for label in columns.labels],
            "y": [plain(label) for label in rows.labels],
            "z": z,
            "text": texts,
            "texttemplate": "%{text}",
            "hovertext": hovers,
            "customdata": numbers,
            "colorscale": "Cividis",
            "reversescale": not better,
            "xgap": 2,
            "ygap": 2,
            "hoverongaps": False,
            "colorbar": {
                "title": {"text": name, "side": "right"},
                "tickformat": ".0%" if name in RATES else "",
                "thickness": 14,
            },
        }
        x = {"title": {"text": plain(columns.title)}, "type": "category", "showgrid": False}
        y = {"title": {"text": plain(rows.title)}, "type": "category", "showgrid": False}
        return figure([trace], x, y, height=200 + 44 * len(rows.labels))

    def curves(self, lines: Sequence[tuple[Compared, Sequence[Step]]]) -> Json:
        """How the time to protected is distributed, by candidate."""
        data: list[Json] = []
        for each, steps in lines:
            if not steps:
                continue
            hovers = [
                lines_of([each.name, f"{step.share:.2%} by {step.seconds:.6g} s", step.run])
                for step in steps
            ]
            look = _look(each)
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": plain(each.name),
                    "legendrank": each.colour + 1,
                    "x": [step.seconds for step in steps],
                    "y": [step.share for step in steps],
                    "hovertext": hovers,
                    "customdata": [self._pool.number(step.command) for step in steps],
                    "line": look["line"] | {"shape": "hv"},
                    "marker": look["marker"] | {"size": 3},
                }
            )
        times = [at for each in data for at in each["x"]]
        x: Json = {"title": {"text": "time to protected, s"}}
        if times and 50 * min(times) < max(times) < 5_000 * min(times):
            x["type"] = "log"
        y = {"title": {"text": "share of runs"}, "tickformat": ".0%", "range": [-0.02, 1.03]}
        return figure(data, x, y, legend=len(data))

    def _line(
        self, axis: Axis, spots: Sequence[Spot], name: str, heads: Sequence[list[str]]
    ) -> Json:
        hovers = [
            _hover(head, name, spot.estimate) for head, spot in zip(heads, spots, strict=True)
        ]
        return {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [place_on(axis, spot.place) for spot in spots],
            "y": [finite(spot.estimate.value) for spot in spots],
            "error_y": bars([spot.estimate for spot in spots]) | {"thickness": 1.2, "width": 4},
            "hovertext": hovers,
            "customdata": [self._pool.number(spot.command) for spot in spots],
        }


def pairs_of(levels: dict[str, Levels]) -> Iterator[tuple[str, str]]:
    """Of parameters with more than one value, those with the most values first."""
    names = [name for name, of in levels.items() if len(of.axis.labels) > 1]
    yield from combinations(names, 2)


def _look(each: Compared) -> Json:
    colour = COLOURS[each.colour % len(COLOURS)]
    best = each.colour == 0
    symbol = _SYMBOLS[each.colour % len(_SYMBOLS)]
    return {
        "line": {"color": colour, "width": 3.5 if best else 1.8},
        "marker": {"color": colour, "symbol": symbol, "size": 13 if best else 8},
    }


def _hover(heads: Sequence[str], name: str, estimate: Estimate) -> str:
    return lines_of([*heads, said(name, estimate), f"{estimate.runs} runs"])


def _short(name: str, estimate: Estimate) -> str:
    return f"{estimate.value:.2%}" if name in RATES else f"{estimate.value:.3g}"
