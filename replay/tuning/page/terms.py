"""What all plots have in common, in plotly's terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

from replay.tuning.page.axes import Axis
from replay.tuning.page.spots import Asked
from replay.tuning.statistics import Estimate
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
_LEGEND_ROW_PX = 21
_TICKS_APART = 0.1
"""Of an axis: nearer values would have their labels on top of each other."""
_TICK_LETTERS = 7
_BESIDE = 0.0025
"""Of an axis: three pixels or so."""


@dataclass(slots=True)
class Pool:
    """The commands of all points, each once."""

    commands: dict[str, int] = field(default_factory=dict)

    def number(self, command: str) -> int:
        """By which the page finds it."""
        return self.commands.setdefault(command, len(self.commands))


def figure(data: list[Json], x: Json, y: Json, *, legend: int = 0, height: int = 380) -> Json:
    """Traces with their axes; `legend` is how many lines it has, `height` is without these."""
    for axis in (x, y):
        axis["title"]["standoff"] = 12  # from the ticks' labels, however long these are
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


def x_axis(axis: Axis) -> Json:
    """With a tick at each value where there is room for their labels."""
    if axis.at is None:
        return {
            "title": {"text": plain(axis.title)},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [plain(label) for label in axis.labels],
        }
    found: Json = {"title": {"text": plain(axis.title)}, "type": "log" if axis.log else "linear"}
    gaps = [after - before for before, after in pairwise(sorted(axis.at))]
    long = max(map(len, axis.labels)) > _TICK_LETTERS
    if axis.log or long or (gaps and min(gaps) < _TICKS_APART * sum(gaps)):
        return found
    return found | {"tickvals": list(axis.at), "ticktext": [plain(label) for label in axis.labels]}


def y_axis(name: str, asked: Asked, *, whole: bool) -> Json:
    """`whole`: a rate from none to all; else as far as there is something to see."""
    axis: Json = {"title": {"text": name}}
    if asked.metric not in RATES:
        return axis | ({"rangemode": "tozero"} if whole else {})
    return axis | (
        {"tickformat": ".0%", "range": [-0.03, 1.03]} if whole else {"tickformat": ".1%"}
    )


def place_on(axis: Axis, place: int) -> Any:
    """Where one of its values is."""
    return plain(axis.labels[place]) if axis.at is None else axis.at[place]


def beside(axis: Axis, places: Sequence[Any], line: int) -> list[Any]:
    """A little to the right of the line before, so that equal ones do not hide each other."""
    if axis.at is None:
        return list(places)
    gaps = [after - before for before, after in pairwise(sorted(axis.at))]
    step = min(_BESIDE * sum(gaps), min(gaps) / 12)
    return [finite(at + line * step) for at in places]


def bars(found: Sequence[Estimate]) -> Json:
    """The intervals, as plotly's error bars."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [finite(each.high - each.value) for each in found],
        "arrayminus": [finite(each.value - each.low) for each in found],
    }


def lines_of(texts: Sequence[str]) -> str:
    """A text for the hover."""
    return "<br>".join(map(plain, texts))


def said(name: str, estimate: Estimate) -> str:
    """`success 99.4% [98.1%, 99.8%]`; a time that no run ever had is none."""
    if math.isnan(estimate.value):
        return f"{name}: not in every run"
    return f"{name} {told_estimate(name, estimate)}"


def plain(text: str) -> str:
    """Plotly reads a few tags in its texts: none may come from a study."""
    return escape(text, quote=False)


def finite(value: float) -> float | None:
    """JSON has no other number."""
    return float(f"{value:.10g}") if abs(value) < float("inf") else None
