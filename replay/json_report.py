"""The result of `replay run` for programs: what `--json FILE` writes.

The document, with `format` counted up whenever a key changes its meaning or goes:

    format      1
    ok          whether every version ran and did what the scenario expects of it
    exit_code   that of the command
    errors      [{scenario, version, type, message}] of what could not be run; the version is
                empty where the scenario could not be read
    runs        one for each version:
      scenario, title, version, seed, command
      digest            SHA-256 of the trace, hexadecimal
      start             ISO 8601 with the scenario's offset
      virtual_s, real_s, speed_up
      ok                whether every finding is as expected
      findings          [{kind, name, held, expected, ok, evidence, time}]
      timeline          [{name, host, text, groups, virtual, production, difference_ms}], where
                        virtual and production are {time, last, count} or null; what repeats is
                        one entry; a count is null where a log only says that there were several
      outcomes          {symbol: how it ended}
      events            [{type, data, correlation_id, severity, created_at}] of the bot's database
      hidden            [{type, message, place, level, logger, count, first_time}]
      profiles          [{venue, name, effective, overruled: [{what, by, partly}]}] below the
                        scenario's rules
      faults_fired      {rule: times}, 0 for a rule that never fired; crashes are rules of `bot`
      signals_lost, unknown_hosts, refusals, unread_log_lines, log_notes
      deterministic     true or false if the version was run twice, else null

Times are ISO 8601 to the microsecond, with the scenario's offset, or null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from replay import timeline
from replay.ci.attempt import Attempt
from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.result import BotEvent, Finding, HiddenException, RunResult
from scenarios.likeness import Likeness

_FORMAT = 1


def document(attempts: Sequence[Attempt], *, exit_code: int) -> dict[str, Any]:
    """The whole document."""
    return {
        "format": _FORMAT,
        "ok": all(each.result is not None and each.result.verdict.ok for each in attempts),
        "exit_code": exit_code,
        "errors": [
            {
                "scenario": each.scenario,
                "version": each.version,
                "type": type(each.error).__name__,
                "message": str(each.error),
            }
            for each in attempts
            if each.error is not None
        ],
        "runs": [
            _run(each.result, each.deterministic) for each in attempts if each.result is not None
        ],
    }


def text(written: Mapping[str, Any]) -> str:
    """A document as it stands in a file, indented."""
    return json.dumps(written, ensure_ascii=False, indent=2) + "\n"


def _run(result: RunResult, deterministic: bool | None) -> dict[str, Any]:
    offset_s = result.utc_offset_s
    return {
        "scenario": result.scenario,
        "title": result.title,
        "version": result.version,
        "seed": result.seed,
        "command": result.command,
        "digest": result.digest,
        "start": _time(result.start_ns, offset_s),
        "virtual_s": result.virtual_ns / NS_PER_S,
        "real_s": result.real_s,
        "speed_up": result.speed_up,
        "ok": result.verdict.ok,
        "findings": [_finding(each, offset_s) for each in result.verdict.findings],
        "timeline": [
            _row(row, offset_s)
            for row in timeline.rows((*result.milestones, *result.venue_moments), result.production)
        ],
        "outcomes": dict(result.outcomes),
        "events": [_event(each) for each in result.events],
        "hidden": [_hidden(each, offset_s) for each in result.hidden],
        "profiles": [_profile(each) for each in result.profiles],
        "faults_fired": dict(result.faults_fired),
        "signals_lost": list(result.signals_lost),
        "unknown_hosts": list(result.unknown_hosts),
        "refusals": list(result.refusals),
        "unread_log_lines": list(result.unread_log_lines),
        "log_notes": list(result.log_notes),
        "deterministic": deterministic,
    }


def _finding(finding: Finding, offset_s: int) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "name": finding.name,
        "held": finding.held,
        "expected": finding.expected,
        "ok": finding.ok,
        "evidence": finding.evidence,
        "time": _time(finding.time_ns, offset_s),
    }


def _event(event: BotEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "data": event.data,
        "correlation_id": event.correlation_id,
        "severity": event.severity,
        "created_at": event.created_at,
    }


def _hidden(hidden: HiddenException, offset_s: int) -> dict[str, Any]:
    return {
        "type": hidden.type,
        "message": hidden.message,
        "place": hidden.place,
        "level": hidden.level,
        "logger": hidden.logger,
        "count": hidden.count,
        "first_time": _time(hidden.first_ns, offset_s),
    }


def _profile(likeness: Likeness) -> dict[str, Any]:
    return {
        "venue": likeness.venue,
        "name": likeness.profile,
        "effective": likeness.effective,
        "overruled": [asdict(each) for each in likeness.overruled],
    }


def _row(row: timeline.Row, offset_s: int) -> dict[str, Any]:
    apart_ns = row.difference_ns
    return {
        "name": row.name,
        "host": row.milestone.host,
        "text": row.milestone.text,
        "groups": dict(row.milestone.groups),
        "virtual": _moment(row.virtual, offset_s),
        "production": _moment(row.production, offset_s),
        "difference_ms": None if apart_ns is None else apart_ns / NS_PER_MS,
    }


def _moment(moment: timeline.Moment | None, offset_s: int) -> dict[str, Any] | None:
    if moment is None:
        return None
    return {
        "time": _time(moment.time_ns, offset_s),
        "last": _time(moment.last_ns, offset_s),
        "count": moment.count if moment.counted else None,
    }


def _time(time_ns: int | None, offset_s: int) -> str | None:
    if time_ns is None:
        return None
    whole_s, rest_ns = divmod(time_ns, NS_PER_S)
    zone = timezone(timedelta(seconds=offset_s)) if offset_s else UTC
    moment = datetime.fromtimestamp(whole_s, zone) + timedelta(microseconds=rest_ns // 1000)
    return moment.isoformat(timespec="microseconds")
