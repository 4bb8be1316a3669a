"""What a study came to, for the terminal: the answer first, then the candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from replay.report import unbroken
from replay.tuning.decision import Candidate, Decision, label
from replay.tuning.statistics import Estimate
from replay.tuning.studying import Findings
from replay.tuning.values import as_typed, same
from scenarios.study import RATES, Study

_SHOWN = 15
"""Candidates in the table; the files have all of them."""
_NAMED = 10
_ANY_WIDTH = 10_000


def tell_round(console: Console, study: Study, decision: Decision) -> None:
    """A line after each round."""
    standing = Counter(each.standing for each in decision.candidates)
    runs = max((each.runs for each in decision.candidates), default=0)
    console.print(
        f"{len(decision.candidates)} candidates, up to {runs} runs each: {standing['kept']} kept, "
        f"{standing['beaten']} beaten, {standing['violates']} not good enough",
        markup=False,
    )


def told(findings: Findings, written: Sequence[Path], retrying: str = "") -> RenderableType:
    """All of it, not to be cropped: some lines are as long as they are. `retrying` is the command
    that tries once more what was set aside."""
    parts: list[RenderableType] = [
        Text(answer(findings), style="bold"),
        Text(),
        _Candidates(findings),
        Text(_LEGEND, style="dim"),
    ]
    rest = len(findings.decision.candidates) - _SHOWN
    if rest > 0:
        parts.append(Text(f"and {rest} more, in the files"))
    parts += _set_aside(findings, retrying)
    parts += [Text(f"note: {each}", style="yellow") for each in findings.notes]
    names = ", ".join(each.name for each in written)
    parts += [Text(), Text(f"written to {written[0].parent}: {names}")]
    return Group(*parts)


def _set_aside(findings: Findings, retrying: str) -> Iterator[Text]:
    """Lines as long as they are: what is broken into several cannot be copied."""
    found = findings.set_aside
    if not found:
        return
    yield Text()
    yield Text(f"set aside, and in none of these numbers: {_items(len(found))}", style="bold")
    for each in found[:_NAMED]:
        yield unbroken(f"  {each}")
    if len(found) > _NAMED:
        yield Text(f"  and {len(found) - _NAMED} more")
    yield unbroken(f"when the cause is gone, try again with  {retrying}")


def _items(count: int) -> str:
    return f"{count} item{'s' * (count != 1)}"


def answer(findings: Findings) -> str:
    """The recommendation, how sure it is, and how fragile."""
    decision, study = findings.decision, findings.study
    best = recommended(decision)
    if best is None:
        wanted = "; ".join(_wanted(each) for each in study.constraints)
        return f"{study.title}: no candidate keeps what is demanded ({wanted})"
    said = [f"{study.title}: {values_told(best.values)}"]
    said += [
        f"  {name} {told_estimate(name, estimate)}" for name, estimate in best.estimates.items()
    ]
    if decision.equals:
        others = [each for each in decision.candidates if each.number in decision.equals]
        shown = "; ".join(values_told(each.values) for each in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        said.append(f"  not distinguishable from it, with {best.runs} runs: {shown}{more}")
    elif decision.clear:
        said.append(f"  clear: no other is as good, at {float(study.confidence):.0%} confidence")
    else:
        said.append("  best by its mean; its interval reaches beyond what is demanded")
    said += (f"  {told}" for told in _reaches(findings, best))
    if decision.broken_share is not None:
        cells = len(decision.broken)
        broken = round(decision.broken_share * cells)
        said.append(f"  fragile in {broken} of {cells} circumstances ({decision.broken_share:.0%})")
    for each in _compared(findings):
        said.append(f"beside it {values_told(each.values)}")
        said += (f"  {name} {told_estimate(name, e)}" for name, e in each.estimates.items())
        said += (f"  {told}" for told in _reaches(findings, each))
    return "\n".join(said)


def _compared(findings: Findings) -> list[Candidate]:
    """The candidates that the study wants to have compared, as far as they are others."""
    best = findings.decision.recommended
    wanted = findings.study.compared
    found = [each for each in findings.decision.candidates if each.values in wanted]
    return [each for each in found if each.number != best]


def _reaches(findings: Findings, candidate: Candidate) -> Iterator[str]:
    """For each of the circumstances that vary, profiles too: up to which value most runs succeed,
    and where they no longer do. Nothing where nobody asked for success."""
    if "success" not in candidate.estimates:
        return
    rows, study = findings.rows, findings.study
    own = rows[rows["candidate"] == candidate.number]
    axes = {"profile": study.profiles}
    axes |= {name: axis.values for name, axis in study.circumstances.items()}
    for name, values in axes.items():
        if len(values) < 2:
            continue
        shown = [as_typed(value) for value in values]
        places = own[name].map(same)
        rates = [float(own[places == same(each)]["success"].mean()) for each in values]
        failing = [value for value, rate in zip(shown, rates, strict=True) if rate < 0.5]
        beyond = shown[shown.index(failing[0]) :] if failing else []
        # A law is neither more nor less than a number: of these nothing is said in order, nor of
        # profiles.
        ordered = name != "profile" and not any(isinstance(value, Mapping) for value in values)
        if not failing:
            yield f"succeeds at every {name}" + (f", up to {shown[-1]}" if ordered else "")
        elif ordered and failing == beyond:
            before = shown[: shown.index(failing[0])]
            up_to = f"up to {name} {before[-1]}" if before else f"at no {name}"
            yield f"succeeds {up_to}, no longer at {failing[0]}"
        else:
            yield f"fails at {name} {', '.join(failing)}"


def recommended(decision: Decision) -> Candidate | None:
    """The chosen one."""
    return next((c for c in decision.candidates if c.number == decision.recommended), None)


def values_told(values: dict[str, Any]) -> str:
    """`tries=5, delay=0.5`."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


def told_estimate(name: str, estimate: Estimate) -> str:
    """`99.41% [98.1, 99.8]`, `1.25 [1.21, 1.30]`."""
    if not estimate.runs:
        return "never"
    if name in RATES:
        low, high = estimate.low * 100, estimate.high * 100
        return f"{estimate.value * 100:.4g}% [{low:.4g}, {high:.4g}]"
    return f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"


def _wanted(constraint: Any) -> str:
    bound = "at most" if constraint.sign > 0 else "at least"
    return f"{label(constraint)} {bound} {constraint.limit:g}"


@dataclass(frozen=True, slots=True)
class _Candidates:
    """A line for each of the first; some lines for each where these do not fit side by side."""

    findings: Findings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        if Measurement.get(console, options.update(width=_ANY_WIDTH), table).maximum <= (
            options.max_width
        ):
            yield table
        else:
            yield from self._blocks()

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        names = self._names()
        for heading in ("", *self.findings.study.parameters, "runs", *names):
            table.add_column(heading, no_wrap=True)
        for each in self._shown():
            table.add_row(
                _mark(each, self.findings.decision),
                *(str(value) for value in each.values.values()),
                str(each.runs),
                *(told_estimate(name, each.estimates[name]) for name in names),
            )
        return table

    def _blocks(self) -> Iterator[RenderableType]:
        names = self._names()
        for each in self._shown():
            mark = _mark(each, self.findings.decision) or " "
            yield Text(f"{mark} {values_told(each.values)}: {each.runs} runs")
            estimates = [f"{name} {told_estimate(name, each.estimates[name])}" for name in names]
            yield Padding(Columns([unbroken(one) for one in estimates], (0, 3)), (0, 0, 0, 6))

    def _names(self) -> list[str]:
        candidates = self.findings.decision.candidates
        return list(candidates[0].estimates) if candidates else []

    def _shown(self) -> list[Candidate]:
        return _in_order(self.findings.decision)[:_SHOWN]


_LEGEND = "→ recommended  ≈ not distinguishable from it  ◦ on the Pareto front  × not good enough"


def _mark(candidate: Candidate, decision: Decision) -> str:
    if candidate.number == decision.recommended:
        return "→"
    if candidate.number in decision.equals:
        return "≈"
    if candidate.number in decision.front:
        return "◦"
    return "×" if candidate.standing == "violates" else ""


def _in_order(decision: Decision) -> list[Candidate]:
    """The recommended one, those like it, those on the front, the others."""
    ranks = {"kept": 3, "beaten": 4, "violates": 5}

    def rank(each: Candidate) -> tuple[int, int]:
        if each.number == decision.recommended:
            return 0, each.number
        if each.number in decision.equals:
            return 1, each.number
        if each.number in decision.front:
            return 2, each.number
        return ranks[each.standing], each.number

    return sorted(decision.candidates, key=rank)
