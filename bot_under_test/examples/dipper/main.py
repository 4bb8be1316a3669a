"""Buys the dip on Bybit: a loop, a price, a pause. SIGTERM closes what is open and ends."""

import json
import logging
import os
import signal
import sys
import time
from collections import deque
from pathlib import Path

import requests
from dotenv import load_dotenv

from bybit import Bybit, BybitError

log = logging.getLogger("dipper")

WINDOW = 12
PATIENCE_S = 3.0
TROUBLE = (requests.RequestException, BybitError)


class Dipper:
    def __init__(self, api: Bybit) -> None:
        self.api = api
        self.symbol = os.environ.get("SYMBOL", "ADAUSDT")
        self.qty = os.environ.get("QTY", "200")
        self.dip = float(os.environ.get("DIP_PERCENT", "1.0")) / 100
        self.stop = float(os.environ.get("STOP_PERCENT", "2.0")) / 100
        self.hold_s = float(os.environ.get("HOLD_SECONDS", "300"))
        self.every_s = float(os.environ.get("EVERY_SECONDS", "5"))
        self.file = Path(os.environ.get("STATE", "dipper.json"))
        self.prices: deque[float] = deque(maxlen=WINDOW)
        self.trade: dict | None = None
        self.stopping = False
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGINT, self._told_to_stop)

    def _told_to_stop(self, number: int, frame: object) -> None:
        log.info("%s", signal.Signals(number).name)
        self.stopping = True

    def run(self) -> None:
        self.load()
        while not self.stopping:
            try:
                self.turn()
            except TROUBLE as error:
                log.error("%s", error)
            time.sleep(self.every_s)
        if self.trade is not None:
            self.sell("stopping")

    def turn(self) -> None:
        price = self.api.price(self.symbol)
        if self.trade is not None:
            self.look_after(price)
        elif len(self.prices) == WINDOW:
            mean = sum(self.prices) / WINDOW
            if price <= mean * (1 - self.dip):
                self.buy(price, mean)
        self.prices.append(price)

    def buy(self, price: float, target: float) -> None:
        log.info("buying %s at about %s", self.qty, price)
        order = self.api.market(self.symbol, "Buy", self.qty)
        position = self.wait_for_position()
        if position is None:
            log.warning("order %s was not filled", order)
            return
        stop = position["avg_price"] * (1 - self.stop)
        self.api.stop_loss(self.symbol, f"{stop:.4f}")
        self.trade = {"qty": self.qty, "target": target, "since": time.time(), "order": order}
        self.save()
        log.info("bought at %s, stop at %.4f", position["avg_price"], stop)

    def wait_for_position(self) -> dict | None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            position = self.api.position(self.symbol)
            if position["size"]:
                return position
            time.sleep(0.5)
        return None

    def look_after(self, price: float) -> None:
        if not self.api.position(self.symbol)["size"]:
            log.info("stopped out")
            self.forget()
        elif price >= self.trade["target"]:
            self.sell("target")
        elif time.time() - self.trade["since"] >= self.hold_s:
            self.sell("held long enough")

    def sell(self, why: str) -> None:
        log.info("selling %s: %s", self.trade["qty"], why)
        self.api.market(self.symbol, "Sell", self.trade["qty"], reduce_only=True)
        self.forget()

    def load(self) -> None:
        if self.file.exists():
            self.trade = json.loads(self.file.read_text())
            log.info("holding %s since %s", self.trade["qty"], time.ctime(self.trade["since"]))

    def save(self) -> None:
        self.file.write_text(json.dumps(self.trade))

    def forget(self) -> None:
        self.trade = None
        self.prices.clear()
        self.file.unlink(missing_ok=True)


def main() -> int:
    load_dotenv(override=True)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stdout
    )
    try:
        api = Bybit(os.environ["BYBIT_API_KEY"], os.environ["BYBIT_API_SECRET"])
    except KeyError as error:
        sys.stderr.write(f"{error} is not set\n")
        return 2
    bot = Dipper(api)
    try:
        bot.run()
    finally:
        api.close()
    log.info("bye")
    return 0


if __name__ == "__main__":
    sys.exit(main())
