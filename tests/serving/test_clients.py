"""Unmodified client libraries in other processes trade against venues on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from importlib import import_module
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from tests.serving.conftest import Serving

PATIENCE_S = 60
"""For a message that comes at once where it comes at all."""


@pytest.mark.parametrize("name", ["binanceusdm", "bybit"])
def test_synchronous_ccxt_opens_and_closes_a_position(served: Serving, name: str) -> None:
    seen = served.client("ccxt_synchronous.py", name)
    # One tick of 0.10 above the price of 60,000 is the best offer.
    assert seen == {
        "markets": ["BTC/USDT:USDT", "ETH/USDT:USDT"],
        "before": 10_000,
        "opened": [["long", 0.01, 60_000.1]],
        "traded": [["buy", 0.01]],
        "closed": [],
        # Of -2019, ccxt's linear table makes this; any other URL, and it is an ExchangeError.
        "too_dear": "InsufficientFunds",
    }


@pytest.mark.parametrize("name", ["binanceusdm", "bybit"])
def test_streaming_ccxt_hears_of_its_orders_over_wss(served: Serving, name: str) -> None:
    seen = served.client("ccxt_streaming.py", name)
    assert seen == {"best": [3_000, 3_000.01], "heard": [True, 2_000]}


def test_pybit_trades_over_http_and_hears_of_it_on_the_private_stream(served: Serving) -> None:
    seen = served.client("pybit_blocking.py")
    assert seen == {
        "opened": ["Sell", "0.5", "3000"],
        "order": "Filled",
        "closed": ["", "0"],
        "left": "0",
    }


def test_python_binance_trades_and_hears_of_its_orders(served: Serving) -> None:
    seen = served.client("python_binance.py")
    assert seen == {"opened": ["-0.500", "3000"], "closed": [], "streamed": [True, "NEW"]}


def texts(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [text for each in tree.values() for text in texts(each)]
    return [tree]


def test_no_url_that_a_library_is_told_leads_off_the_machine(served: Serving) -> None:
    told = served.told["clients"]
    urls = [each for each in texts(told) if "://" in each]
    assert len(urls) > 50
    assert {urlsplit(each).hostname for each in urls} == {"127.0.0.1"}


def test_every_production_url_of_ccxt_is_redirected(served: Serving) -> None:
    ccxt = import_module("ccxt.pro")
    for name, settings in served.told["clients"]["ccxt"].items():
        urls = getattr(ccxt, name)(settings).urls["api"]
        assert {urlsplit(each).hostname for each in texts(urls)} == {"127.0.0.1"}


def signed(secret: str, **parameters: str) -> str:
    """As Binance's documentation has it: HMAC SHA256 of the query, in hex."""
    query = urlencode({**parameters, "timestamp": round(time.time() * 1000)})
    return (
        f"{query}&signature={hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"
    )


@pytest.mark.asyncio
async def test_a_plain_client_trades_over_https_and_http_and_hears_of_both_over_wss(
    served: Serving,
) -> None:
    venue = served.told["venues"]["binance"]
    trust = ssl.create_default_context(cafile=served.told["ca_file"])
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    connector = aiohttp.TCPConnector(ssl=trust)
    headers = {"X-MBX-APIKEY": venue["api_key"]}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        async with session.post(f"{venue['https']}/fapi/v1/listenKey") as reply:
            key = (await reply.json())["listenKey"]
        heard = []
        async with session.ws_connect(f"{venue['wss']}/private/ws/{key}") as stream:
            for side, scheme in (("BUY", "https"), ("SELL", "http")):
                query = signed(venue["secret"], **{**order, "side": side})
                async with session.post(f"{venue[scheme]}/fapi/v1/order?{query}") as reply:
                    assert reply.status == 200
                while True:
                    event = json.loads(await stream.receive_str(timeout=PATIENCE_S))
                    if event["e"] == "ACCOUNT_UPDATE":
                        break
                heard.append([(each["s"], float(each["pa"])) for each in event["a"]["P"]])
    assert heard == [[("BTCUSDT", 0.01)], [("BTCUSDT", 0.0)]]


def get(url: str, trust: ssl.SSLContext | None = None) -> Any:
    """Parsed; whatever proxy the environment names."""
    handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    with urllib.request.build_opener(*handlers).open(url, timeout=PATIENCE_S) as reply:
        return json.load(reply)


def test_a_client_that_does_not_know_the_authority_is_not_served_over_https(
    served: Serving,
) -> None:
    url = f"{served.told['venues']['bybit']['https']}/v5/market/time"
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(url, ssl.create_default_context())
    assert get(url, ssl.create_default_context(cafile=served.told["ca_file"]))["retCode"] == 0


@pytest.mark.parametrize("name", ["localhost", "api.bybit.com", "fapi.binance.com"])
def test_the_certificate_holds_for_the_names_in_production(served: Serving, name: str) -> None:
    port = urlsplit(served.told["venues"]["bybit"]["https"]).port
    trust = ssl.create_default_context(cafile=served.told["ca_file"])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        trust.wrap_socket(plain, server_hostname=name) as secured,
    ):
        assert secured.version() == "TLSv1.3"


def test_the_venues_tell_the_time_of_this_machine(served: Serving) -> None:
    venues = served.told["venues"]
    before_ms = time.time_ns() // 1_000_000
    told_ms = get(f"{venues['binance']['http']}/fapi/v1/time")["serverTime"]
    assert before_ms <= told_ms <= time.time_ns() // 1_000_000
    told_ms = get(f"{venues['bybit']['http']}/v5/market/time")["time"]
    assert before_ms <= told_ms <= time.time_ns() // 1_000_000
