"""The URL forms that the documentation and the clients use."""

from __future__ import annotations

import pytest

from simulator.binance.settings import Settings
from simulator.binance.stream_names import StreamUrl, parse_stream_name, parse_stream_url

KEY = "k" * 64


def parse(path: str, query: str = "", routed: bool = True) -> StreamUrl | None:
    return parse_stream_url(path, query, routed=routed)


EVERY: frozenset[str] = frozenset()
TWO_EVENTS = frozenset({"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"})
ONE_KEY = f"listenKey={KEY}"


@pytest.mark.parametrize(
    ("path", "query", "category", "names"),
    [
        ("/public/ws/a@depth/b@depth", "", "public", ("a@depth", "b@depth")),
        ("/market/stream", "streams=a@kline_1m/!t@arr", "market", ("a@kline_1m", "!t@arr")),
        ("/stream", "streams=btcusdt@bookTicker", None, ("btcusdt@bookTicker",)),
        ("/public/ws/0", "", "public", ()),
        ("/market/ws/17", "", "market", ()),
        ("/ws", "", None, ()),
    ],
)
def test_market_urls_name_streams(
    path: str, query: str, category: str | None, names: tuple[str, ...]
) -> None:
    url = parse(path, query)
    assert url is not None
    assert (url.category, url.names, url.listen_keys) == (category, names, ())
    assert url.combined is path.endswith("/stream")


@pytest.mark.parametrize(
    ("path", "query", "category", "keys"),
    [
        ("/private/ws/" + KEY, "", "private", ((KEY, EVERY),)),
        ("/private/ws", ONE_KEY, "private", ((KEY, EVERY),)),
        ("/ws/" + KEY, "", None, ((KEY, EVERY),)),
        (
            "/private/ws",
            ONE_KEY + "&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE",
            "private",
            ((KEY, TWO_EVENTS),),
        ),
        (
            "/private/stream",
            ONE_KEY + "&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE&listenKey=other",
            "private",
            ((KEY, TWO_EVENTS), ("other", EVERY)),
        ),
    ],
)
def test_private_urls_name_listen_keys(
    path: str, query: str, category: str | None, keys: tuple[tuple[str, frozenset[str]], ...]
) -> None:
    url = parse(path, query)
    assert url is not None
    assert (url.category, url.names, url.listen_keys) == (category, (), keys)


@pytest.mark.parametrize("path", ["/", "/ws/", "/stream/", "/wss", "/other/ws", "/public"])
def test_other_paths_are_no_streams(path: str) -> None:
    assert parse(path) is None


def test_routes_do_not_exist_before_they_were_introduced() -> None:
    assert parse("/private/ws", "listenKey=x", routed=False) is None


@pytest.mark.parametrize(
    ("text", "kind", "category", "pace_ms"),
    [
        ("btcusdt@markPrice", "markPrice", "market", 3000),
        ("btcusdt@markPrice@1s", "markPrice", "market", 1000),
        ("!markPrice@arr@1s", "markPrice", "market", 1000),
        ("btcusdt@bookTicker", "bookTicker", "public", 0),
        ("btcusdt@depth", "depth", "public", 250),
        ("btcusdt@depth@100ms", "depth", "public", 100),
        ("btcusdt@depth20@500ms", "partialDepth", "public", 500),
        ("btcusdt@aggTrade", "aggTrade", "market", 100),
        ("btcusdt@trade", "trade", "public", 100),
        ("btcusdt@kline_15m", "kline", "market", 250),
        ("btcusdt@ticker", "ticker", "market", 2000),
        ("!miniTicker@arr", "miniTicker", "market", 1000),
        ("!bookTicker", "bookTicker", "public", 5000),
    ],
)
def test_stream_names_have_their_documented_pace(
    text: str, kind: str, category: str, pace_ms: int
) -> None:
    name = parse_stream_name(text, Settings())
    assert name is not None
    assert (name.kind, name.category, name.pace_ns) == (kind, category, pace_ms * 1_000_000)


@pytest.mark.parametrize("text", ["BTCUSDT@markPrice", "btcusdt@depth7", "btcusdt@kline_7m"])
def test_names_no_stream_has_are_unknown(text: str) -> None:
    assert parse_stream_name(text, Settings()) is None
