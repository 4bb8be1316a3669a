"""What the page says without its plots: the answer, and every plot's numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from replay.tuning.decision import Candidate, circumstances_of, label
from replay.tuning.page.axes import Axis
from replay.tuning.page.compared import Compared, in_order, told
from replay.tuning.page.front import standing
from replay.tuning.page.spots import Asked, Spot, Spots, Square
from replay.tuning.statistics import Estimate, Numbers
from replay.tuning.studying import Findings
from replay.tuning.telling import answer, recommended, told_estimate

_SET_ASIDE = 50
"""Lines of what was set aside; of the others there is the number."""
_SHARES = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A cell of a table: its text, and what it is sorted by."""

    html: str
    value: Any = None
    kind: str = ""


def _text(said: object, kind: str = "") -> Field:
    """As it is."""
    return Field(html=escape(str(said)), kind=kind)


def _number(value: float, said: str | None = None) -> Field:
    """Right-aligned; a value that is none stays empty."""
    if math.isnan(value):
        return Field(html="", value="", kind="number")
    return Field(html=escape(said or f"{value:g}"), value=f"{value:.12g}", kind="number")


def _estimated(name: str, found: Estimate) -> Field:
    """With its interval in a fainter type."""
    if math.isnan(found.value):
        return Field(html="not in every run", value="", kind="number interval")
    value, interval = told_estimate(name, found).split(" ", 1)
    html = f"{escape(value)} <small>{escape(interval)}</small>"
    return Field(html=html, value=f"{found.value:.12g}", kind="number interval")


def _run_of(about: str, command: str) -> Field:
    """A command, folded away."""
    summary = f'<summary data-about="{escape(about)}">worst run</summary>'
    code = f"<code>{escape(command)}</code>"
    return Field(html=f'<details class="run">{summary}{code}</details>')


def _table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Field]],
    *,
    classes: Iterable[str] | None = None,
    sortable: bool = False,
) -> str:
    """`classes` are the rows' own."""
    lines = list(rows)
    kinds = [field.kind for field in lines[0]] if lines else [""] * len(headings)
    head = "".join(
        f"<th{_class('number' * kind.startswith('number'))}{' data-sort' * sortable}>"
        f"{escape(heading)}</th>"
        for heading, kind in zip(headings, kinds, strict=True)
    )
    body = "\n".join(
        f"<tr{_class(own)}>{''.join(map(_cell, line))}</tr>"
        for line, own in zip(lines, classes or [""] * len(lines), strict=True)
    )
    kind = ' class="sortable"' if sortable else ""
    return (
        f'<div class="wide"><table{kind}>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def folded(what: str, html: str) -> str:
    """A plot's numbers, for who cannot see it or wants to copy them."""
    return f'<details class="numbers"><summary>{escape(what)}</summary>{html}</details>'


def head(findings: Findings) -> str:
    """The answer, and what it comes from."""
    study, decision = findings.study, findings.decision
    seeds = "none"
    if len(findings.rows):
        seeds = f"{findings.rows['seed'].min()} to {findings.rows['seed'].max()}"
    facts = {
        "runs": f"{len(findings.rows):,}",
        "candidates": len(decision.candidates),
        "rounds": findings.rounds,
        "seeds": seeds,
        "circumstances": sum(1 for _ in study.box()),
        "scenarios": ", ".join(study.scenarios),
        **({"profiles": ", ".join(study.profiles)} if study.profiles else {}),
        "bot": study.bot,
        "confidence": f"{float(study.confidence):.4g}",
        "study": study.name,
    }
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in facts.items()
    )
    none = " none" if decision.recommended is None else ""
    return (
        f'<p class="said{none}">{escape(answer(findings))}</p>\n'
        f'<p class="description">{escape(study.description.strip())}</p>\n'
        f'<dl class="facts">{listed}</dl>\n{_set_aside(findings)}{_notes(findings)}'
    )


def _set_aside(findings: Findings) -> str:
    found = findings.set_aside
    if not found:
        return '<p class="quiet">Nothing had to be set aside.</p>'
    lines = "".join(f"<li>{escape(each)}</li>" for each in found[:_SET_ASIDE])
    more = f"<li>and {len(found) - _SET_ASIDE} more</li>" if len(found) > _SET_ASIDE else ""
    return (
        f'<div class="aside">Set aside, and in none of the numbers below: {len(found)} '
        f"item{'s' * (len(found) != 1)}<ul>{lines}{more}</ul></div>"
    )


def _notes(findings: Findings) -> str:
    if not findings.notes:
        return ""
    lines = "".join(f"<li>{escape(each)}</li>" for each in findings.notes)
    return f'\n<div class="aside">Of the profiles<ul>{lines}</ul></div>'


def against(axis: Axis, name: str, lines: Sequence[tuple[Compared, Sequence[Spot]]]) -> str:
    """A row for each candidate, a column for each value of the circumstance."""
    rows = []
    for each, spots in lines:
        at = {spot.place: spot.estimate for spot in spots}
        cells = [
            _estimated(name, at[place]) if place in at else _text("no runs")
            for place in range(len(axis.labels))
        ]
        rows.append([_text(each.name, "who"), *cells])
    return _table(["candidate", *axis.labels], rows)


def parameter(axis: Axis, name: str, spots: Sequence[Spot]) -> str:
    """A row for each value."""
    rows = [
        [
            _text(axis.labels[spot.place]),
            _estimated(name, spot.estimate),
            _number(spot.estimate.runs, f"{spot.estimate.runs:,}"),
            _run_of(spot.of, spot.command),
        ]
        for spot in spots
    ]
    return _table([axis.title, name, "runs", ""], rows)


def heat(columns: Axis, rows: Axis, squares: Sequence[Square], asked: Asked) -> str:
    """As the heat map is: the first parameter to the right, the second one upwards."""
    at = {(each.row, each.column): each for each in squares}
    name = label(asked)
    lines = []
    for row in reversed(range(len(rows.labels))):
        cells = []
        for column in range(len(columns.labels)):
            each = at.get((row, column))
            cells.append(_text("") if each is None else _estimated(name, each.spot.estimate))
        lines.append([_text(rows.labels[row]), *cells])
    return _table([f"{rows.title} \\ {columns.title}", *columns.labels], lines)


def times(spots: Spots, compared: Sequence[Compared]) -> str:
    """Quantiles over all runs; where so many were never protected, there is none."""
    rows = []
    for each in compared:
        found = spots.times(each.number)
        never = int(np.isinf(found).sum())
        rows.append(
            [
                _text(each.name, "who"),
                _number(len(found), f"{len(found):,}"),
                _number(never, f"{never:,}"),
                *(_quantile(found, share) for share in _SHARES),
                _seconds(found[len(found) - never - 1] if never < len(found) else math.inf),
            ]
        )
    shares = [f"{share:.4g}" for share in _SHARES]
    headings = ["candidate", "runs", "never", *(f"at {share}, s" for share in shares), "latest, s"]
    return _table(headings, rows)


def candidates(findings: Findings, spots: Spots) -> str:
    """All of them, the best first."""
    study = findings.study
    order = in_order(study, findings.decision)
    names = list(order[0].estimates) if order else []
    rows = [
        [
            _number(each.number, f"#{each.number}"),
            _text(_standing(findings, each)),
            *(_value(value) for value in each.values.values()),
            _number(each.runs, f"{each.runs:,}"),
            *(_estimated(name, each.estimates[name]) for name in names),
            _text(each.why, "why"),
            _run_of(told(each), spots.worst_of(each.number)),
        ]
        for each in order
    ]
    headings = ["#", "standing", *study.parameters, "runs", *names, "why", "replay"]
    classes = [
        "recommended" if each.number == findings.decision.recommended else each.standing
        for each in order
    ]
    return _table(headings, rows, classes=classes, sortable=True)


def fragile(findings: Findings, spots: Spots) -> str:
    """The circumstances in which the recommended one keeps not all that is demanded."""
    best, decision = recommended(findings.decision), findings.decision
    if best is None:
        return "<p>No candidate is recommended.</p>"
    if decision.broken_share is None:
        return "<p>The study demands nothing that could break: it has no constraints.</p>"
    broken = decision.broken[~decision.broken["kept"].astype(bool)]
    share = f"{len(broken)} of {len(decision.broken)} circumstances ({decision.broken_share:.0%})"
    if not len(broken):
        return f"<p>Nowhere: it keeps every constraint in all {len(decision.broken)}.</p>"
    where = circumstances_of(findings.study)
    wanted = {label(each): each for each in findings.study.constraints}
    bounds = {
        name: f"{name} ({'at most' if each.sign > 0 else 'at least'} {each.limit:g})"
        for name, each in wanted.items()
    }
    rows = []
    for cell in broken.to_dict("records"):
        place = {name: cell[name] for name in where}
        about = f"{told(best)} at " + ", ".join(f"{name}={place[name]}" for name in where)
        rows.append(
            [
                *(_value(cell[name]) for name in where),
                *(_number(float(cell[name]), f"{cell[name]:.4g}") for name in bounds),
                _number(cell["runs"]),
                _run_of(about, spots.worst_in(best.number, place)),
            ]
        )
    headings = [*where, *bounds.values(), "runs", "replay"]
    return f"<p>In {share}:</p>" + _table(headings, rows, sortable=True)


def _standing(findings: Findings, candidate: Candidate) -> str:
    said = standing(findings, candidate)
    front = candidate.number in findings.decision.front and said != "on the front"
    return f"{said}, on the front" if front else said


def _value(value: Any) -> Field:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(float(value), f"{value:g}")
    return _text(value)


def _quantile(found: Numbers, share: float) -> Field:
    """The least time that so large a share of the runs was protected by."""
    return _seconds(found[min(len(found) - 1, math.ceil(share * len(found)) - 1)])


def _seconds(value: float) -> Field:
    if math.isinf(value):
        return Field(html="never", value="", kind="number")
    return _number(float(value), f"{value:.4g}")


def _cell(field: Field) -> str:
    value = "" if field.value is None else f' data-value="{escape(str(field.value))}"'
    return f"<td{_class(field.kind)}{value}>{field.html}</td>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
