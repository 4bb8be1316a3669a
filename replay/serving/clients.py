"""What client libraries have to be told, so that all they do is done here.

Every production URL of a library is redirected, also those of markets that are not served: such a
request gets the venue's 404 and never leaves the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import ccxt.pro  # here, and so before the scenario's time begins to count

from replay.serving.service import Served

CCXT_CLASSES = {"binance": "binanceusdm", "bybit": "bybit"}
"""By venue."""


def ccxt_settings(served: Served, ca_file: str) -> dict[str, Any]:
    """The constructor's argument, for `ccxt`, `ccxt.async_support` and `ccxt.pro` alike."""
    library: Any = ccxt.pro
    urls = getattr(library, CCXT_CLASSES[served.name])().urls["api"]
    return {
        "apiKey": served.api_key,
        "secret": served.secret,
        "urls": {"api": _redirected(urls, served)},
        "cafile": ca_file,  # the asynchronous clients
        "validateServerSsl": ca_file,  # the synchronous one hands it to `requests` as `verify`
    }


def _redirected(urls: Any, served: Served) -> Any:
    """The same tree with the same paths, at our address.

    ccxt chooses Binance's table of errors by how a URL begins; of the beginnings that it knows,
    `https://demo-fapi` is the one that allows for another host: behind a user's name.
    """
    if isinstance(urls, Mapping):
        return {name: _redirected(each, served) for name, each in urls.items()}
    found = urlsplit(urls)
    if found.scheme == "wss":
        return f"{served.wss}{found.path}"
    if served.name != "binance":
        return f"{served.https}{found.path}"
    section = found.netloc.partition(".")[0]
    return f"https://demo-{section}@{served.address}:{served.https_port}{found.path}"


def python_binance_settings(served: Served) -> dict[str, dict[str, str]]:
    """Class attributes by `module:class`, to be set before a client is made."""
    http, ws = served.http, served.ws
    return {
        "binance.base_client:BaseClient": {
            "API_URL": f"{http}/api",
            "MARGIN_API_URL": f"{http}/sapi",
            "WEBSITE_URL": http,
            "FUTURES_URL": f"{http}/fapi",
            "FUTURES_DATA_URL": f"{http}/futures/data",
            "FUTURES_COIN_URL": f"{http}/dapi",
            "FUTURES_COIN_DATA_URL": f"{http}/futures/data",
            "OPTIONS_URL": f"{http}/eapi",
            "PAPI_URL": f"{http}/papi",
            "WS_API_URL": f"{ws}/ws-api/v3",
            "WS_FUTURES_URL": f"{ws}/ws-fapi/v1",
        },
        "binance.ws.streams:BinanceSocketManager": {
            "STREAM_URL": f"{ws}/",
            "FSTREAM_URL": f"{ws}/",
            "DSTREAM_URL": f"{ws}/",
        },
    }


def pybit_settings(served: Served) -> dict[str, dict[str, str]]:
    """Module attributes by module, to be set before a client is made."""
    return {
        "pybit._http_manager": {"HTTP_URL": served.http},
        "pybit.unified_trading": {
            "PRIVATE_WSS": f"{served.ws}/v5/private",
            "PUBLIC_WSS": f"{served.ws}/v5/public/{{CHANNEL_TYPE}}",
        },
        "pybit._websocket_trading": {"TRADE_WSS": f"{served.ws}/v5/trade"},
    }


def environment(ca_file: str) -> dict[str, str]:
    """Variables by which clients learn of a certificate authority."""
    return {
        "SSL_CERT_FILE": ca_file,  # OpenSSL, and so Python's ssl; Go
        "REQUESTS_CA_BUNDLE": ca_file,
        "WEBSOCKET_CLIENT_CA_BUNDLE": ca_file,
        "NODE_EXTRA_CA_CERTS": ca_file,
    }
