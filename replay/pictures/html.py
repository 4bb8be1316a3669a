"""A run as one page that needs nothing else: no network, no font, no library.

What the page is given, as JSON in an element of its own:

    run         scenario, title, version, seed, command, digest, start_s (epoch), start_ns (rest),
                offset_s, virtual_ns, ok
    lanes       [{host, name, truth, rows}]
    kinds, tones  words that items and arrows name by number
    items       [[kind, lane, row, start, end, span, title, tone, note, sent, arrives, ahead,
                bot_row, detail]], times in ns since the start, or null
    arrows      [[item, kind, start, end]]
    pairs       [{name, text, virtual, production, difference_ns}]
    findings, hidden, profiles, faults, unreached, left_out, wire
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from replay import pages
from replay.clocktime import NS_PER_S, clock_time
from replay.pictures.builder import picture
from replay.pictures.model import ArrowKind, Item, Picture, Shape, Tone
from replay.result import RunResult

_SCRIPTS = ("scale.js", "scene.js", "arrows.js", "canvas.js", "panels.js", "page.js")
_LARGEST = 2**53 - 1  # JavaScript's MAX_SAFE_INTEGER
_TONES = [tone.value for tone in Tone]
_ARROWS = [kind.value for kind in ArrowKind]


def page(result: RunResult) -> str:
    """The whole page. The same result gives the same text."""
    script = "\n".join(_part(name) for name in _SCRIPTS)
    style = pages.style(_part("page.css"))
    title = f"{result.scenario}, bot {result.version}, seed {result.seed}"
    parts = {
        "@HEAD@": pages.head(title, policy=_policy(script, style), style=style),
        "@DATA@": pages.as_script_data(document(result)),
        "@SCRIPT@": script,
    }
    return pages.filled(_part("page.html"), parts)


def document(result: RunResult) -> dict[str, Any]:
    """What the page shows; see the module."""
    drawn = picture(result)
    kinds = list(dict.fromkeys(item.kind for item in drawn.items))
    return {
        "run": _run(result),
        "lanes": [
            {"host": lane.host, "name": lane.name, "truth": lane.truth, "rows": lane.rows}
            for lane in drawn.lanes
        ],
        "kinds": kinds,
        "tones": _TONES,
        "arrow_kinds": _ARROWS,
        "items": [_item(item, kinds) for item in drawn.items],
        "arrows": [
            [arrow.item, _ARROWS.index(arrow.kind.value), arrow.start_ns, arrow.end_ns]
            for arrow in drawn.arrows
        ],
        "pairs": _pairs(drawn),
        "wire": drawn.wire,
        "findings": _findings(result),
        "hidden": [
            {
                "type": one.type,
                "message": one.message,
                "place": one.place,
                "level": one.level,
                "count": one.count,
                "t": one.first_ns - result.start_ns,
            }
            for one in result.hidden
        ],
        "profiles": [each.told for each in result.profiles],
        "faults": dict(result.faults_fired),
        "unreached": [*result.unknown_hosts, *result.refusals, *result.over_budget],
        "left_out": {
            **drawn.left_out,
            **(
                {"lines of the log not understood": n}
                if (n := len(result.unread_log_lines))
                else {}
            ),
        },
    }


def _part(name: str) -> str:
    return files("replay.pictures").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Nothing may be loaded from anywhere, and no script or style but these may run."""
    return (
        f"default-src 'none'; script-src '{pages.digest(script)}'; "
        f"style-src '{pages.digest(style)}'; base-uri 'none'; form-action 'none'"
    )


def _run(result: RunResult) -> dict[str, Any]:
    start_s, start_ns = divmod(result.start_ns, NS_PER_S)
    return {
        "scenario": result.scenario,
        "title": result.title,
        "version": result.version,
        "seed": result.seed,
        "command": result.command_anywhere,
        "digest": result.digest,
        "start_s": start_s,
        "start_ns": start_ns,
        "offset_s": result.utc_offset_s,
        "virtual_ns": result.virtual_ns,
        "ok": result.verdict.ok,
        "outcomes": dict(result.outcomes),
    }


def _item(item: Item, kinds: list[str]) -> list[Any]:
    return [
        kinds.index(item.kind),
        item.lane,
        item.row,
        item.start_ns,
        item.end_ns,
        int(item.shape is Shape.SPAN),
        item.title,
        _TONES.index(item.tone.value),
        item.note,
        item.sent_ns,
        item.arrives_ns,
        item.ahead_ns,
        item.bot_row,
        _exact(item.detail),
    ]


def _exact(value: Any) -> Any:
    """With numbers that a browser would round as text."""
    match value:
        case int() if abs(value) > _LARGEST:
            return str(value)
        case Mapping():
            return {name: _exact(each) for name, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
    return value


def _pairs(drawn: Picture) -> list[dict[str, Any]]:
    return [
        {
            "name": pair.name,
            "text": pair.text,
            "virtual": pair.virtual,
            "production": pair.production,
            "difference_ns": pair.difference_ns,
        }
        for pair in drawn.pairs
    ]


def _findings(result: RunResult) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "name": one.name,
            "held": one.held,
            "expected": one.expected,
            "ok": one.ok,
            "evidence": one.evidence,
            "t": None if one.time_ns is None else one.time_ns - result.start_ns,
            "time": None if one.time_ns is None else clock_time(one.time_ns, result.utc_offset_s),
        }
        for one in result.verdict.findings
    ]
