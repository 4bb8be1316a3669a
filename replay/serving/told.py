"""What is told of venues that serve: for people as text, for programs as JSON.

The document, with `format` counted up whenever a key changes its meaning or goes:

    format        1
    scenario      its name, or null
    seed          what every draw follows from
    pid           the process to send SIGTERM to
    ca_file       the certificate to trust, PEM
    environment   {variable: value} by which clients learn of it
    left_out      what else the scenario has, in words
    venues        {name: {profile, instruments, https, wss, http, ws, api_key, secret}}
    clients       what libraries have to be told:
      ccxt             {class: the argument of its constructor}
      python_binance   {"module:class": {attribute: value}}
      pybit            {"module": {attribute: value}}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

from replay.serving import clients
from replay.serving.plan import Plan
from replay.serving.service import Served

_FORMAT = 1
READY = "ready: stop with Ctrl-C or SIGTERM"
"""The last line before the venues serve."""

_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a client needs."""

    plan: Plan
    served: Sequence[Served]
    ca_file: Path

    def document(self) -> dict[str, Any]:
        """As the module describes it."""
        ca_file = str(self.ca_file)
        return {
            "format": _FORMAT,
            "scenario": self.plan.scenario,
            "seed": self.plan.seed,
            "pid": os.getpid(),
            "ca_file": ca_file,
            "environment": clients.environment(ca_file),
            "left_out": list(self.plan.left_out),
            "venues": {each.name: _venue(each) for each in self.served},
            "clients": self._clients(),
        }

    def _clients(self) -> dict[str, Any]:
        served = {each.name: each for each in self.served}
        told: dict[str, Any] = {
            "ccxt": {
                clients.CCXT_CLASSES[name]: clients.ccxt_settings(each, str(self.ca_file))
                for name, each in served.items()
                if name in clients.CCXT_CLASSES
            }
        }
        if "binance" in served:
            told["python_binance"] = clients.python_binance_settings(served["binance"])
        if "bybit" in served:
            told["pybit"] = clients.pybit_settings(served["bybit"])
        return told

    def lines(self) -> Iterator[str]:
        """For people to read and to copy from."""
        document = self.document()
        yield f"{self.plan.scenario or 'the default venues'}, seed {self.plan.seed}, in real time"
        for name, venue in document["venues"].items():
            yield ""
            yield f"{name}, profile {venue['profile']}: {', '.join(venue['instruments'])}"
            yield f"    {venue['https']}  {venue['wss']}"
            yield f"    {venue['http']}  {venue['ws']}"
            yield f"    API key  {venue['api_key']}"
            yield f"    secret   {venue['secret']}"
        yield ""
        yield "To trust its certificate"
        yield from (f"    export {name}={value}" for name, value in document["environment"].items())
        yield from _client_lines(document["clients"])
        if self.plan.left_out:
            yield ""
            yield f"Not served, for it needs the bot in the world: {', '.join(self.plan.left_out)}"


def _venue(served: Served) -> dict[str, Any]:
    return {
        "profile": served.profile,
        "instruments": list(served.instruments),
        "https": served.https,
        "wss": served.wss,
        "http": served.http,
        "ws": served.ws,
        "api_key": served.api_key,
        "secret": served.secret,
    }


def _client_lines(told: dict[str, Any]) -> Iterator[str]:
    """As Python that can be copied."""
    for name, settings in told["ccxt"].items():
        yield ""
        shown = pformat(settings, width=_WIDTH, sort_dicts=False)
        yield f"ccxt.{name}({shown})"
    for library in ("python_binance", "pybit"):
        for place, attributes in told.get(library, {}).items():
            module, _, name = place.partition(":")
            owner, _, last = module.rpartition(".")
            yield ""
            yield f"from {module} import {name}" if name else f"from {owner} import {last}"
            for attribute, value in attributes.items():
                yield f"{name or last}.{attribute} = {value!r}"


def document_text(told: Told) -> str:
    """What `--json FILE` writes."""
    return json.dumps(told.document(), indent=2, ensure_ascii=False) + "\n"
