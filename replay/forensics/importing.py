"""A first scenario from a log alone: drafted, fitted by replaying, and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot_under_test.reference import VERSIONS
from replay import runner
from replay.clocktime import NS_PER_MS
from replay.forensics import document
from replay.forensics.comparison import Comparison
from replay.forensics.draft import Draft, draft
from replay.forensics.fitting import Fit, Fitted, Fitting
from replay.logs.production_log import ProductionLog
from replay.result import RunResult
from scenarios.schema import REFERENCE_BOT, Scenario


def scenario_text(
    log: ProductionLog,
    file: Path,
    utc_offset_s: int,
    *,
    patterns: Sequence[Path] = (),
    versions: Sequence[str] | None = None,
    factory: str = REFERENCE_BOT,
) -> str:
    """The text of a scenario file, for the working directory, that replays the log.

    `patterns` are the files of one's own that the log was read by.
    Of the bot's versions, by default all of the reference bot's, the one is taken that explains the
    log best, the newest of several. Raises InputError for a log that no scenario can be made of.
    """
    drafted = draft(log, document.shown(file), utc_offset_s)
    drafted = replace(drafted, patterns=tuple(map(document.shown, patterns)))
    maker = _Maker(drafted, log, document.stem(file), factory)
    return maker.text(versions or list(VERSIONS))


class _Maker:
    def __init__(self, drafted: Draft, log: ProductionLog, name: str, factory: str) -> None:
        self._draft = drafted
        self._name = name
        self._factory = factory
        self._fitting = Fitting(drafted, log, self._play, document.until_ns(drafted))

    def text(self, versions: Sequence[str]) -> str:
        lacking = {each: self._fitting.lacks(each) for each in versions}
        likely = [each for each in versions if lacking[each] == min(lacking.values())]
        fitted = [self._fitting.version(each) for each in likely]
        best = min(reversed(fitted), key=lambda each: each.score)
        final = self._fitting.finely(best)
        symptoms = document.Symptoms(
            outcomes=final.result.outcomes,
            breaks=_broken(final.result),
            comparison=final.comparison,
            remarks=tuple(_remarks(final, fitted)),
        )
        return self._text(final.fit, symptoms)

    def _text(self, fit: Fit, symptoms: document.Symptoms) -> str:
        return document.text(self._draft, fit, symptoms, name=self._name, factory=self._factory)

    def _play(self, fit: Fit) -> RunResult:
        text = self._text(fit, document.UNKNOWN)
        scenario = runner.load_text(text, f"{self._name}.yaml")
        return runner.play(_without_log(scenario), self._name, version=fit.version)


def _without_log(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"log": None})


def _broken(result: RunResult) -> tuple[str, ...]:
    findings = result.verdict.findings
    return tuple(each.name for each in findings if each.kind == "invariant" and not each.held)


def _remarks(final: Fitted, fitted: Sequence[Fitted]) -> list[str]:
    """What the file says of itself: how well it fits, and why this version."""
    comparison = final.comparison
    faithful = sum(comparison.faithful(pair) for pair in comparison.pairs)
    told = [f"{faithful} of its {len(comparison.pairs)} moments come within 10 ms of it."]
    if len(fitted) > 1:
        against, explained = final.score
        told.append(
            f"Bot {final.fit.version}: {-explained} facts of the log explained, {against} "
            "contradicted; no other version does better."
        )
    return [*told, *_stream_leads(comparison, final.result)]


def _stream_leads(comparison: Comparison, result: RunResult) -> Iterator[str]:
    """How long before an order's reply its position was on the stream, by the replay's clock."""
    replied = {
        each.groups["symbol"]: each.time_ns
        for each in reversed(result.milestones)
        if each.name == "order_placed" and "symbol" in each.groups
    }
    told = set[str]()
    for pair in comparison.pairs:
        symbol = pair.log.milestone.groups.get("symbol", "")
        if pair.name != "ws_position_update" or pair.run is None or symbol in told:
            continue
        told.add(symbol)
        if symbol in replied:
            lead_ns = replied[symbol] - pair.run.time_ns
            side = "before" if lead_ns >= 0 else "after"
            yield (
                f"Line {pair.log.milestone.line}: {symbol} is on the stream "
                f"{abs(lead_ns) / NS_PER_MS:.1f} ms {side} the order's reply, by the replay."
            )
