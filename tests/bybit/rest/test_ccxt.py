"""The unmodified ccxt client on the REST part, its HTTP answered by the service directly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest
import requests
from requests.adapters import BaseAdapter

from simulator.bybit.security import HEARD
from tests.bybit.rest.conftest import API_KEY, MS, SECRET, START_MS, S, Venue, make_venue
from tests.bybit.rest.test_orders import moving

SYMBOL = "BTC/USDT:USDT"


class Wire(BaseAdapter):
    """Hands a request to the service instead of the network."""

    def __init__(self, venue: Venue) -> None:
        super().__init__()
        self._venue = venue

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        body = request.body or ""
        answer = self._venue.send(
            request.method or "",
            str(url.path),
            query=str(url.query),
            body=body if isinstance(body, str) else body.decode(),
            headers={
                name.lower(): str(value)
                for name, value in request.headers.items()
                if name.lower().encode() in HEARD
            },
        )
        response = requests.Response()
        response.status_code = answer.status
        response.reason = ""
        response._content = answer.text.encode()
        response.headers.update(answer.headers)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        pass


class Bybit(ccxt.bybit):  # type: ignore[misc]
    """At the venue's time."""

    venue: Venue

    def milliseconds(self) -> int:
        return int(self.venue.env.now) // MS


def client_of(venue: Venue) -> Any:
    client = Bybit({"apiKey": API_KEY, "secret": SECRET, "enableRateLimit": False})
    client.venue = venue
    client.session.mount("https://", Wire(venue))
    return client


@pytest.fixture
def client(venue: Venue) -> Any:
    return client_of(venue)


def test_markets_are_loaded_with_keys(client: Any) -> None:
    markets = client.load_markets()
    assert set(markets) == {
        "BTC/USDT",
        "BTC/USDT:USDT",
        "HNT/USDT:USDT",
        "SKL/USDT:USDT",
    }
    market = markets[SYMBOL]
    assert market["linear"]
    assert market["precision"] == {"amount": 0.001, "price": 0.1}
    assert market["limits"]["cost"]["min"] == 5
    assert "BTC" in client.currencies


def test_the_time_is_the_venue_s(client: Any) -> None:
    assert client.fetch_time() == START_MS


def test_a_position_is_opened_protected_and_closed(client: Any) -> None:
    balance = client.fetch_balance()
    assert balance["USDT"] == {"free": 10_000, "used": 0, "total": 10_000, "debt": 0}
    client.set_leverage(20, SYMBOL)
    with pytest.raises(ccxt.BadRequest, match="110043"):
        client.set_leverage(20, SYMBOL)
    made = client.create_order(SYMBOL, "market", "buy", 0.01)
    assert made["status"] is None
    order = client.fetch_order(made["id"], SYMBOL, {"acknowledged": True})
    assert (order["status"], order["filled"], order["average"]) == ("closed", 0.01, 100000.1)
    assert order["fee"] == {"cost": 0.55000055, "currency": "USDT"}
    assert order["symbol"] == SYMBOL
    client.private_post_v5_position_trading_stop(
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "tpslMode": "Full",
            "positionIdx": 0,
            "stopLoss": "95000",
        }
    )
    (position,) = client.fetch_positions([SYMBOL])
    assert (position["side"], position["contracts"]) == ("long", 0.01)
    assert (position["entryPrice"], position["stopLossPrice"]) == (100000.1, 95000)
    assert position["leverage"] == 20
    client.create_order(SYMBOL, "market", "sell", 0.01, None, {"reduceOnly": True})
    assert client.fetch_positions() == []
    assert [trade["side"] for trade in client.fetch_my_trades(SYMBOL)] == ["buy", "sell"]


def test_orders_are_listed_and_cancelled(client: Any, venue: Venue) -> None:
    first = client.create_order(SYMBOL, "limit", "buy", 0.01, 95000, {"clientOrderId": "mine"})
    assert first["clientOrderId"] == "mine"
    stop = client.create_order(SYMBOL, "market", "sell", 0.01, None, {"stopLossPrice": 94000})
    trigger = {"triggerPrice": 101000, "triggerDirection": "ascending", "reduceOnly": True}
    other = client.create_order(SYMBOL, "limit", "buy", 0.01, 100500, trigger)
    ids = {first["id"], stop["id"], other["id"]}
    assert {order["id"] for order in client.fetch_open_orders(SYMBOL)} == ids
    assert {order["id"] for order in client.fetch_open_orders()} == ids
    shown = client.fetch_order(stop["id"], SYMBOL, {"acknowledged": True})
    assert (shown["status"], shown["triggerPrice"], shown["reduceOnly"]) == ("open", 94000, True)
    assert client.cancel_order(first["id"], SYMBOL)["id"] == first["id"]
    with pytest.raises(ccxt.OrderNotFound, match="110001"):
        client.cancel_order(first["id"], SYMBOL)
    assert {each["id"] for each in client.cancel_all_orders(SYMBOL)} == ids - {first["id"]}
    with pytest.raises(ccxt.OrderNotFound):
        client.fetch_order("00000000-0000-0000-0000-000000000007", SYMBOL, {"acknowledged": True})
    assert client.fetch_closed_orders(SYMBOL) == []
    assert len(client.fetch_canceled_orders(SYMBOL)) == 1
    client.create_order(SYMBOL, "market", "buy", 0.01)
    assert [order["status"] for order in client.fetch_closed_orders(SYMBOL)] == ["closed"]


def test_a_batch_reports_failures_as_rejected(client: Any) -> None:
    order = {"symbol": SYMBOL, "type": "market", "side": "buy", "amount": 0.01}
    made = client.create_orders([order, order | {"amount": 100}])
    assert [each["status"] for each in made] == [None, "rejected"]


def test_market_data_is_parsed(client: Any) -> None:
    ticker = client.fetch_ticker(SYMBOL)
    assert (ticker["symbol"], ticker["last"], ticker["ask"]) == (SYMBOL, 100000, 100000.1)
    assert ticker["markPrice"] == 100000
    assert SYMBOL in client.fetch_tickers()
    candles = client.fetch_ohlcv(SYMBOL, "1h", limit=3)
    assert [each[0] for each in candles] == sorted(each[0] for each in candles)
    since = START_MS - 10 * 3_600_000
    candles = client.fetch_ohlcv(SYMBOL, "1h", since=since, limit=3)
    hour = 3_600_000
    assert candles[0][0] == -(-since // hour) * hour
    book = client.fetch_order_book(SYMBOL, limit=2)
    assert book["bids"] == [[100000, 5], [99999.9, 6]]
    assert client.fetch_trades(SYMBOL, limit=2)[0]["symbol"] == SYMBOL
    assert client.fetch_funding_rate(SYMBOL)["fundingRate"] == 0.0001


def test_account_data_is_parsed(client: Any) -> None:
    fee = client.fetch_trading_fee(SYMBOL)
    assert (fee["taker"], fee["maker"]) == (0.00055, 0.0002)
    tiers = client.fetch_leverage_tiers([SYMBOL])
    assert tiers[SYMBOL][0]["maxLeverage"] == 100
    assert tiers[SYMBOL][0]["maintenanceMarginRate"] == 0.005
    assert client.fetch_leverage(SYMBOL)["longLeverage"] == 10
    assert client.fetch_status()["status"] == "ok"
    assert client.set_position_mode(False)["retCode"] == 0
    with pytest.raises(ccxt.NoChange):
        client.set_position_mode(False, SYMBOL)
    client.create_order(SYMBOL, "market", "buy", 0.01)
    assert client.fetch_ledger("USDT")[0]["type"] == "trade"


def test_a_closed_position_is_in_the_history() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "101000")})
    client = client_of(venue)
    client.create_order(SYMBOL, "market", "buy", 0.01)
    venue.advance(1 * S)
    client.create_order(SYMBOL, "market", "sell", 0.01, None, {"reduceOnly": True})
    (closed,) = client.fetch_positions_history([SYMBOL])
    assert closed["side"] == "long"
    assert Decimal(str(closed["realizedPnl"])) == Decimal("8.89349945")


@pytest.mark.parametrize(
    ("amount", "params", "error"),
    [
        (2, {}, ccxt.InsufficientFunds),
        (0.01, {"reduceOnly": True}, ccxt.InvalidOrder),
        (0.01, {"triggerPrice": 99000, "triggerDirection": "above"}, ccxt.InvalidOrder),
        (0.01, {"positionIdx": 1}, ccxt.BadRequest),
    ],
)
def test_refusals_become_ccxt_s_own_errors(
    client: Any, amount: float, params: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.create_order(SYMBOL, "market", "buy", amount, None, params)


def test_limits_and_bad_credentials_become_ccxt_s_own_errors(client: Any, venue: Venue) -> None:
    client.load_markets()
    venue.advance(1 * S)
    for _ in range(5):
        client.fetch_trading_fee(SYMBOL)
    with pytest.raises(ccxt.RateLimitExceeded, match="10006"):
        client.fetch_trading_fee(SYMBOL)
    client.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="10004"):
        client.fetch_balance()
    for _ in range(600):
        venue.send("GET", "/v5/market/time")
    with pytest.raises(ccxt.RateLimitExceeded, match="403"):
        client.fetch_time()
