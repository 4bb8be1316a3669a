"""The plots, in plotly's terms: what is drawn; the colours of light and dark are the page's own.

Every point has its text for the hover, and in `customdata` the number of its command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import combinations, pairwise
from typing import Any

from replay.tuning.decision import Candidate, asked_of, label
from replay.tuning.page.axes import Axis, Levels
from replay.tuning.page.compared import Compared, told
from replay.tuning.page.spots import Asked, Spot, Spots, Square, Step
from replay.tuning.statistics import Estimate
from replay.tuning.studying import Findings
from replay.tuning.telling import told_estimate
from scenarios.study import RATES

Json = dict[str, Any]

COLOURS = (
    "#e8590c",
    "#3b82d6",
    "#1f9d6b",
    "#a566d6",
    "#b8860b",
    "#d6498f",
    "#17a2b8",
    "#7c8aa0",
    "#8a5a44",
    "#6b9a1f",
    "#5b6ee1",
)
"""Of the candidates; the first one is the recommended one's. Seen on white and on black."""
_SYMBOLS = ("star", "circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x")
_PALE = "#8b95a3"
_LEGEND_ROW_PX = 21
_TICKS_APART = 0.1
"""Of an axis: nearer values would have their labels on top of each other."""
_BESIDE = 0.0025
"""Of an axis: three pixels or so."""


@dataclass(slots=True)
class Pool:
    """The commands of all points, each once."""

    commands: dict[str, int] = field(default_factory=dict)

    def number(self, command: str) -> int:
        return self.commands.setdefault(command, len(self.commands))


def shown_first(findings: Findings) -> tuple[str, Asked]:
    """What is plotted against circumstances and parameters: success where the study asks for it,
    else its first objective."""
    asked = asked_of(findings.study)
    name = "success" if "success" in asked else label(findings.study.objectives[0])
    return name, asked[name]


class Figures:
    """All plots of a page, as `id: {data, layout}`."""

    def __init__(self, findings: Findings, spots: Spots, compared: Sequence[Compared]) -> None:
        self._findings = findings
        self._spots = spots
        self._compared = compared
        self.pool = Pool()

    def against(self, axis: Axis, lines: Sequence[tuple[Compared, Sequence[Spot]]]) -> Json:
        """A line for each candidate over one circumstance."""
        name, asked = shown_first(self._findings)
        data: list[Json] = []
        for each, spots in lines:
            heads = [f"{axis.title} = {axis.labels[spot.place]}" for spot in spots]
            line = self._line(axis, spots, name, [[each.name, head] for head in heads])
            line["x"] = _beside(axis, line["x"], len(data))
            rest = {"name": _plain(each.name), "legendrank": each.colour + 1}
            data.append(line | rest | _look(each))
        lows = [spot.estimate.low for _, spots in lines for spot in spots]
        y = _y_axis(name, asked, whole=min(lows, default=0.0) < 0.5)
        return _figure(data, _x_axis(axis), y, legend=len(data))

    def parameter(
        self, axis: Axis, spots: Sequence[Spot], across: tuple[float, float] | None
    ) -> Json:
        """Over one parameter; `across` is the range that all of these plots have."""
        name, asked = shown_first(self._findings)
        trace = self._line(axis, spots, name, [[spot.of] for spot in spots])
        trace |= {"line": {"color": COLOURS[1]}, "marker": {"color": COLOURS[1], "size": 8}}
        y = _y_axis(name, asked, whole=False)
        if across is not None:
            y["range"] = list(across)
        return _figure([trace], _x_axis(axis), y, height=300)

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
            z[at[0]][at[1]] = _finite(estimate.value)
            texts[at[0]][at[1]] = _short(name, estimate) + " ✗" * each.violates
            hovers[at[0]][at[1]] = _hover(head, name, estimate)
            numbers[at[0]][at[1]] = self.pool.number(each.spot.command)
        better = asked.sign < 0
        trace = {
            "type": "heatmap",
            "x": [_plain(label) for label in columns.labels],
            "y": [_plain(label) for label in rows.labels],
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
        x = {"title": {"text": _plain(columns.title)}, "type": "category"}
        y = {"title": {"text": _plain(rows.title)}, "type": "category"}
        return _figure([trace], x, y, height=200 + 44 * len(rows.labels))

    def curves(self, lines: Sequence[tuple[Compared, Sequence[Step]]]) -> Json:
        """How the time to protected is distributed, by candidate."""
        data: list[Json] = []
        for each, steps in lines:
            if not steps:
                continue
            hovers = [
                _lines([each.name, f"{step.share:.2%} by {step.seconds:.6g} s", step.run])
                for step in steps
            ]
            look = _look(each)
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": _plain(each.name),
                    "legendrank": each.colour + 1,
                    "x": [step.seconds for step in steps],
                    "y": [step.share for step in steps],
                    "hovertext": hovers,
                    "customdata": [self.pool.number(step.command) for step in steps],
                    "line": look["line"] | {"shape": "hv"},
                    "marker": look["marker"] | {"size": 3},
                }
            )
        times = [at for each in data for at in each["x"]]
        x: Json = {"title": {"text": "time to protected, s"}}
        if times and 50 * min(times) < max(times) < 5_000 * min(times):
            x["type"] = "log"
        y = {"title": {"text": "share of runs"}, "tickformat": ".0%", "range": [-0.02, 1.03]}
        return _figure(data, x, y, legend=len(data))

    def front(self) -> Json | None:
        """The first two objectives of every candidate; None where there is only one."""
        objectives = self._findings.study.objectives[:2]
        if len(objectives) < 2:
            return None
        names = [label(each) for each in objectives]
        decision = self._findings.decision
        groups: dict[str, list[Candidate]] = {
            "violates": [],
            "beaten": [],
            "kept": [],
            "not distinguishable": [],
            "on the front": [],
            "recommended": [],
        }
        for each in decision.candidates:
            groups[standing(self._findings, each)].append(each)
        edge = self._edge(names)
        data: list[Json] = []
        if edge:
            x, y = ([_finite(each.estimates[name].value) for each in edge] for name in names)
            line = {"color": COLOURS[2], "dash": "dot", "width": 2}
            data.append(
                {"type": "scatter", "mode": "lines", "name": "Pareto front", "x": x, "y": y}
                | {"line": line, "hoverinfo": "skip"}
            )
        data += [self._cloud(name, of, names) for name, of in groups.items() if of]
        axes = [
            {
                "title": {"text": f"{name} ({'less' if each.sign > 0 else 'more'} is better)"},
                "tickformat": ".1%" if name in RATES else "",
            }
            for name, each in zip(names, objectives, strict=True)
        ]
        return _figure(data, axes[0], axes[1], legend=len(data))

    def _edge(self, names: Sequence[str]) -> list[Candidate]:
        """Of the front those that are on it by these two objectives alone, for a line through."""
        decision, objectives = self._findings.decision, self._findings.study.objectives
        signs = [each.sign for each in objectives[:2]]
        front = {
            each.number: [
                sign * each.estimates[name].value for sign, name in zip(signs, names, strict=True)
            ]
            for each in decision.candidates
            if each.number in decision.front
        }
        chosen = [
            each
            for each in decision.candidates
            if (own := front.get(each.number))
            and not any(
                one[0] <= own[0] and one[1] <= own[1] and one != own for one in front.values()
            )
        ]
        return sorted(chosen, key=lambda each: front[each.number])

    def _cloud(self, name: str, of: Sequence[Candidate], names: Sequence[str]) -> Json:
        colour, symbol, size, opacity = _CLOUDS[name]
        hovers = [
            _lines(
                [
                    told(each),
                    *(
                        f"{each_name} {told_estimate(each_name, found)}"
                        for each_name, found in each.estimates.items()
                    ),
                    f"{each.runs} runs; {each.why or name}",
                ]
            )
            for each in of
        ]
        trace: Json = {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [_finite(each.estimates[names[0]].value) for each in of],
            "y": [_finite(each.estimates[names[1]].value) for each in of],
            "hovertext": hovers,
            "customdata": [self.pool.number(self._spots.worst_of(each.number)) for each in of],
            "marker": {"color": colour, "symbol": symbol, "size": size},
            "opacity": opacity,
        }
        if opacity == 1:
            for axis, estimated in zip(("error_x", "error_y"), names, strict=True):
                found = [each.estimates[estimated] for each in of]
                trace[axis] = _bars(found) | {"color": colour, "thickness": 1, "width": 3}
        return trace

    def _line(
        self, axis: Axis, spots: Sequence[Spot], name: str, heads: Sequence[list[str]]
    ) -> Json:
        hovers = [
            _hover(head, name, spot.estimate) for head, spot in zip(heads, spots, strict=True)
        ]
        return {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [_at(axis, spot.place) for spot in spots],
            "y": [_finite(spot.estimate.value) for spot in spots],
            "error_y": _bars([spot.estimate for spot in spots]) | {"thickness": 1.2, "width": 4},
            "hovertext": hovers,
            "customdata": [self.pool.number(spot.command) for spot in spots],
        }


_CLOUDS: dict[str, tuple[str, str, int, float]] = {
    "violates": (_PALE, "x", 7, 0.45),
    "beaten": (_PALE, "circle", 8, 0.45),
    "kept": (COLOURS[1], "circle", 8, 0.7),
    "not distinguishable": (COLOURS[1], "diamond", 10, 1),
    "on the front": (COLOURS[2], "circle", 10, 1),
    "recommended": (COLOURS[0], "star", 16, 1),
}


def standing(findings: Findings, candidate: Candidate) -> str:
    """In a few words; the first of them that holds."""
    decision = findings.decision
    if candidate.number == decision.recommended:
        return "recommended"
    if candidate.number in decision.equals:
        return "not distinguishable"
    if candidate.number in decision.front:
        return "on the front"
    return candidate.standing


def pairs_of(levels: dict[str, Levels]) -> Iterator[tuple[str, str]]:
    """Of parameters with more than one value, those with the most values first."""
    names = [name for name, of in levels.items() if len(of.axis.labels) > 1]
    yield from combinations(names, 2)


def _figure(data: list[Json], x: Json, y: Json, *, legend: int = 0, height: int = 380) -> Json:
    layout: Json = {
        "height": height + legend * _LEGEND_ROW_PX,
        "xaxis": {"automargin": True, **x},
        "yaxis": {"automargin": True, **y},
        "showlegend": legend > 0,
        "hovermode": "closest",
        "margin": {"l": 60, "r": 20, "t": 20, "b": 60},
    }
    if legend:
        # Below the plot, one beneath the other: names are long, and pages are narrow.
        plot_px = height - 80
        layout["margin"]["b"] = 60 + legend * _LEGEND_ROW_PX
        layout["legend"] = {"x": 0, "xanchor": "left", "y": -56 / plot_px, "yanchor": "top"}
    return {"data": data, "layout": layout}


def _x_axis(axis: Axis) -> Json:
    if axis.at is None:
        return {
            "title": {"text": _plain(axis.title)},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [_plain(label) for label in axis.labels],
        }
    plain: Json = {"title": {"text": _plain(axis.title)}, "type": "log" if axis.log else "linear"}
    gaps = [after - before for before, after in pairwise(sorted(axis.at))]
    if axis.log or (gaps and min(gaps) < _TICKS_APART * sum(gaps)):
        return plain
    return plain | {"tickvals": list(axis.at), "ticktext": [_plain(label) for label in axis.labels]}


def _y_axis(name: str, asked: Asked, *, whole: bool) -> Json:
    """`whole`: a rate from none to all; else as far as there is something to see."""
    axis: Json = {"title": {"text": name}}
    if asked.metric not in RATES:
        return axis | ({"rangemode": "tozero"} if whole else {})
    return axis | (
        {"tickformat": ".0%", "range": [-0.03, 1.03]} if whole else {"tickformat": ".1%"}
    )


def _at(axis: Axis, place: int) -> Any:
    return _plain(axis.labels[place]) if axis.at is None else axis.at[place]


def _beside(axis: Axis, places: Sequence[Any], line: int) -> list[Any]:
    """A little to the right of the line before, so that equal ones do not hide each other."""
    if axis.at is None:
        return list(places)
    gaps = [after - before for before, after in pairwise(sorted(axis.at))]
    step = min(_BESIDE * sum(gaps), min(gaps) / 12)
    return [_finite(at + line * step) for at in places]


def _look(each: Compared) -> Json:
    colour = COLOURS[each.colour % len(COLOURS)]
    best = each.colour == 0
    symbol = _SYMBOLS[each.colour % len(_SYMBOLS)]
    return {
        "line": {"color": colour, "width": 3.5 if best else 1.8},
        "marker": {"color": colour, "symbol": symbol, "size": 13 if best else 8},
    }


def _bars(found: Sequence[Estimate]) -> Json:
    return {
        "type": "data",
        "symmetric": False,
        "array": [_finite(each.high - each.value) for each in found],
        "arrayminus": [_finite(each.value - each.low) for each in found],
    }


def _hover(heads: Sequence[str], name: str, estimate: Estimate) -> str:
    return _lines([*heads, f"{name} {told_estimate(name, estimate)}", f"{estimate.runs} runs"])


def _lines(texts: Sequence[str]) -> str:
    return "<br>".join(map(_plain, texts))


def _plain(text: str) -> str:
    """Plotly reads a few tags in its texts: none may come from a study."""
    return escape(text, quote=False)


def _short(name: str, estimate: Estimate) -> str:
    return f"{estimate.value:.2%}" if name in RATES else f"{estimate.value:.3g}"


def _finite(value: float) -> float | None:
    """JSON has no other number."""
    return float(f"{value:.10g}") if abs(value) < float("inf") else None
