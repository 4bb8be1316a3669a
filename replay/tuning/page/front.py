"""The Pareto front: the first two objectives of every candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence

from replay.tuning.decision import Candidate, label
from replay.tuning.page.compared import told
from replay.tuning.page.spots import Spots
from replay.tuning.page.terms import COLOURS, Json, Pool, bars, figure, finite, lines_of, said
from replay.tuning.studying import Findings
from scenarios.study import RATES

_PALE = "#8b95a3"
_CLOUDS: dict[str, tuple[str, str, int, float]] = {
    "violates": (_PALE, "x", 7, 0.45),
    "beaten": (_PALE, "circle", 8, 0.45),
    "kept": (COLOURS[1], "circle", 8, 0.7),
    "not distinguishable": (COLOURS[1], "diamond", 10, 1),
    "on the front": (COLOURS[2], "circle", 10, 1),
    "recommended": (COLOURS[0], "star", 16, 1),
}
"""By standing: colour, symbol, size, opacity; the last ones are drawn over the others."""


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


def measured(findings: Findings) -> list[Candidate]:
    """Those that have a mean in the first two objectives: with a run that never had such a time
    there is none."""
    names = [label(each) for each in findings.study.objectives[:2]]
    return [
        each
        for each in findings.decision.candidates
        if not any(math.isnan(each.estimates[name].value) for name in names)
    ]


def front(findings: Findings, spots: Spots, pool: Pool) -> Json | None:
    """Those that are `measured`, by their standing; None where there is only one objective."""
    objectives = findings.study.objectives[:2]
    if len(objectives) < 2:
        return None
    names = [label(each) for each in objectives]
    groups: dict[str, list[Candidate]] = {name: [] for name in _CLOUDS}
    for each in measured(findings):
        groups[standing(findings, each)].append(each)
    edge = _edge(findings, names)
    data: list[Json] = []
    if len(edge) > 1:
        x, y = ([finite(each.estimates[name].value) for each in edge] for name in names)
        line = {"color": COLOURS[2], "dash": "dot", "width": 2}
        data.append(
            {"type": "scatter", "mode": "lines", "name": "Pareto front", "x": x, "y": y}
            | {"line": line, "hoverinfo": "skip"}
        )
    data += [_cloud(name, of, names, spots, pool) for name, of in groups.items() if of]
    axes = [
        {
            "title": {"text": f"{name} ({'less' if each.sign > 0 else 'more'} is better)"},
            "tickformat": ".1%" if name in RATES else "",
        }
        for name, each in zip(names, objectives, strict=True)
    ]
    return figure(data, axes[0], axes[1], legend=len(data))


def _edge(findings: Findings, names: Sequence[str]) -> list[Candidate]:
    """Of the front those that are on it by these two objectives alone, for a line through."""
    decision, objectives = findings.decision, findings.study.objectives
    signs = [each.sign for each in objectives[:2]]
    costs = {
        each.number: [
            sign * each.estimates[name].value for sign, name in zip(signs, names, strict=True)
        ]
        for each in measured(findings)
        if each.number in decision.front
    }
    chosen = [
        each
        for each in measured(findings)
        if (own := costs.get(each.number))
        and not any(one[0] <= own[0] and one[1] <= own[1] and one != own for one in costs.values())
    ]
    return sorted(chosen, key=lambda each: costs[each.number])


def _cloud(
    name: str, of: Sequence[Candidate], names: Sequence[str], spots: Spots, pool: Pool
) -> Json:
    colour, symbol, size, opacity = _CLOUDS[name]
    hovers = [
        lines_of(
            [
                told(each),
                *(said(asked, found) for asked, found in each.estimates.items()),
                f"{each.runs} runs; {each.why or name}",
            ]
        )
        for each in of
    ]
    trace: Json = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [finite(each.estimates[names[0]].value) for each in of],
        "y": [finite(each.estimates[names[1]].value) for each in of],
        "hovertext": hovers,
        "customdata": [pool.number(spots.worst_of(each.number)) for each in of],
        "marker": {"color": colour, "symbol": symbol, "size": size},
        "opacity": opacity,
    }
    if opacity == 1:
        for axis, estimated in zip(("error_x", "error_y"), names, strict=True):
            found = [each.estimates[estimated] for each in of]
            trace[axis] = bars(found) | {"color": colour, "thickness": 1, "width": 3}
    return trace
