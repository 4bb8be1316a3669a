"""Stream names and stream URLs, in all the forms that clients use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from simulator.binance.market_data import INTERVALS_NS
from simulator.binance.settings import Settings

_MS = 1_000_000
_DEPTH = re.compile(r"depth(5|10|20)?(?:@(100|250|500)ms)?")
_INDEX = re.compile(r"\d{1,4}")

PUBLIC, MARKET, PRIVATE = "public", "market", "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamName:
    """A market stream. `symbol` is the venue's id, None for all symbols together.

    `pace_ns` is how often it may speak; 0 means at once when something changes.
    """

    text: str
    symbol: str | None
    kind: str
    category: str
    pace_ns: int
    detail: str = ""
    """The candle interval, or the number of levels of a partial book."""


def parse_stream_name(text: str, settings: Settings) -> StreamName | None:
    """None for a name that no stream here has; the venue takes it and stays silent."""
    if text.startswith("!"):
        return _parse_for_all(text, settings)
    symbol, _, what = text.partition("@")
    if symbol != symbol.lower():
        return None
    kind, category, pace_ns, detail = what, MARKET, 0, ""
    if what == "markPrice":
        pace_ns = settings.mark_price_interval_ns
    elif what == "markPrice@1s":
        kind, pace_ns = "markPrice", settings.mark_price_fast_interval_ns
    elif what == "aggTrade":
        pace_ns = settings.agg_trade_interval_ns
    elif what == "trade":
        category, pace_ns = PUBLIC, settings.agg_trade_interval_ns
    elif what in ("ticker", "miniTicker"):
        pace_ns = settings.ticker_interval_ns
    elif what == "bookTicker":
        category = PUBLIC
    elif what.startswith("kline_") and what[6:] in INTERVALS_NS:
        kind, detail, pace_ns = "kline", what[6:], settings.kline_interval_ns
    elif (depth := _DEPTH.fullmatch(what)) is not None:
        kind, category = ("partialDepth" if depth[1] else "depth"), PUBLIC
        detail = depth[1] or ""
        pace_ns = int(depth[2] or 250) * _MS
    else:
        return None
    return StreamName(
        text=text,
        symbol=symbol.upper(),
        kind=kind,
        category=category,
        pace_ns=pace_ns,
        detail=detail,
    )


def _parse_for_all(text: str, settings: Settings) -> StreamName | None:
    kind, category = text[1:].removesuffix("@1s").removesuffix("@arr"), MARKET
    match text:
        case "!markPrice@arr":
            pace_ns = settings.mark_price_interval_ns
        case "!markPrice@arr@1s":
            pace_ns = settings.mark_price_fast_interval_ns
        case "!ticker@arr" | "!miniTicker@arr":
            pace_ns = settings.ticker_all_interval_ns
        case "!bookTicker":
            category, pace_ns = PUBLIC, settings.book_ticker_all_interval_ns
        case _:
            return None
    return StreamName(text=text, symbol=None, kind=kind, category=category, pace_ns=pace_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUrl:
    """What a WebSocket URL asks for. `category` is None on an unrouted one."""

    category: str | None
    combined: bool
    """Messages are wrapped as `{"stream": name, "data": ...}`."""
    names: tuple[str, ...] = ()
    listen_keys: tuple[tuple[str, frozenset[str]], ...] = ()
    """Each with the events it is confined to; none named means all."""


def parse_stream_url(path: str, query: str, *, routed: bool) -> StreamUrl | None:
    """None for a path that is no stream endpoint: `/ws`, `/stream`, with or without a route.

    A last part that is a small number is ccxt's own stream index and means nothing.
    """
    parts = path.split("/")[1:]
    category = None
    if routed and parts and parts[0] in (PUBLIC, MARKET, PRIVATE):
        category = parts.pop(0)
    if not parts or parts[0] not in ("ws", "stream") or "" in parts:
        return None
    combined = parts[0] == "stream"
    names = [unquote(part) for part in parts[1:] if not _INDEX.fullmatch(part)]
    keys: list[tuple[str, frozenset[str]]] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "streams" and combined:
            names += [each for each in value.split("/") if each]
        elif name == "listenKey":
            keys.append((value, frozenset()))
        elif name == "events" and keys:
            keys[-1] = (keys[-1][0], frozenset(value.split("/")))
    # Whatever is no stream name is a listen key: `/ws/<listenKey>`.
    keys += [(name, frozenset()) for name in names if "@" not in name and name[0] != "!"]
    names = [name for name in names if "@" in name or name[0] == "!"]
    return StreamUrl(
        category=category, combined=combined, names=tuple(names), listen_keys=tuple(keys)
    )
