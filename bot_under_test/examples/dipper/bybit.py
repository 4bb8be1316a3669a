"""The few calls of Bybit's v5 that we need. Signed by hand; pybit brings more than we want."""

import hashlib
import hmac
import json
import logging
import time
from urllib.parse import urlencode

import requests

log = logging.getLogger("bybit")

URL = "https://api.bybit.com"
RECV_WINDOW = "5000"
TIMEOUT = 5
TRIES = 3
BUSY = (10006, 10016)  # too many visits, server error


class BybitError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Bybit:
    def __init__(self, key: str, secret: str) -> None:
        self._key = key
        self._secret = secret.encode()
        self._session = requests.Session()

    def price(self, symbol: str) -> float:
        rows = self._get("/v5/market/tickers", category="linear", symbol=symbol)["list"]
        return float(rows[0]["lastPrice"])

    def position(self, symbol: str) -> dict:
        """Size and avgPrice as numbers; size 0 is none."""
        rows = self._get("/v5/position/list", category="linear", symbol=symbol)["list"]
        row = rows[0] if rows else {"size": "0", "avgPrice": "", "stopLoss": ""}
        return {
            "size": float(row["size"] or 0),
            "avg_price": float(row["avgPrice"] or 0),
            "stop": float(row["stopLoss"] or 0),
        }

    def market(self, symbol: str, side: str, qty: str, reduce_only: bool = False) -> str:
        body = {
            "category": "linear",
            "symbol": symbol,
            "side": side,
            "orderType": "Market",
            "qty": qty,
            "reduceOnly": reduce_only,
        }
        return self._post("/v5/order/create", body)["orderId"]

    def stop_loss(self, symbol: str, price: str) -> None:
        body = {
            "category": "linear",
            "symbol": symbol,
            "stopLoss": price,
            "tpslMode": "Full",
            "positionIdx": 0,
        }
        self._post("/v5/position/trading-stop", body)

    def close(self) -> None:
        self._session.close()

    def _get(self, path: str, **params: str) -> dict:
        query = urlencode(params)
        return self._call("GET", f"{path}?{query}", query, None)

    def _post(self, path: str, body: dict) -> dict:
        text = json.dumps(body, separators=(",", ":"))
        return self._call("POST", path, text, text)

    def _call(self, method: str, path: str, signed: str, body: str | None) -> dict:
        """Tries again when the network or the exchange has hiccups."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, path, signed, body)
            except (requests.ConnectionError, requests.Timeout) as error:
                trouble: Exception = error
            except BybitError as error:
                if error.code not in BUSY:
                    raise
                trouble = error
            log.warning("%s %s, try %d: %s", method, path.partition("?")[0], attempt, trouble)
            if attempt < TRIES:
                time.sleep(attempt)
        raise trouble

    def _once(self, method: str, path: str, signed: str, body: str | None) -> dict:
        now = str(int(time.time() * 1000))
        text = now + self._key + RECV_WINDOW + signed
        headers = {
            "X-BAPI-API-KEY": self._key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": RECV_WINDOW,
            "X-BAPI-SIGN": hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest(),
            "Content-Type": "application/json",
        }
        reply = self._session.request(
            method, URL + path, data=body, headers=headers, timeout=TIMEOUT
        )
        if reply.status_code >= 500:
            raise requests.ConnectionError(f"HTTP {reply.status_code}")
        answer = reply.json()
        if answer["retCode"]:
            raise BybitError(answer["retCode"], answer["retMsg"])
        return answer["result"]
