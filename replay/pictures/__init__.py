"""Pictures of a run: a page to look at in a browser, and a trace for the Perfetto viewer."""

from replay.pictures.builder import picture
from replay.pictures.html import page
from replay.pictures.model import Arrow, ArrowKind, Item, Lane, Pair, Picture
from replay.pictures.perfetto import perfetto_trace

__all__ = [
    "Arrow",
    "ArrowKind",
    "Item",
    "Lane",
    "Pair",
    "Picture",
    "page",
    "perfetto_trace",
    "picture",
]
