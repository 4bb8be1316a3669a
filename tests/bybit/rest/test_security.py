from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from simulator.bybit.errors import ApiError
from simulator.bybit.profiles import NOVEMBER_2026, OCTOBER_2025, Profile
from simulator.bybit.security import HEARD, Gatekeeper
from simulator.exchange.behaviour import Behaviour
from tests.bybit.rest.conftest import (
    API_KEY,
    HEDGER,
    MS,
    SECRET,
    START_MS,
    TRADER,
    Venue,
    make_venue,
    signature,
)

WALLET = "/v5/account/wallet-balance"
QUERY = "accountType=UNIFIED"


def asked(venue: Venue, timestamp_ms: int, window: str = "5000") -> tuple[int, str]:
    """retCode and retMsg of a signed query."""
    headers = signature(TRADER, timestamp_ms, QUERY, window)
    body = json.loads(venue.send("GET", WALLET, query=QUERY, headers=headers).text)
    return body["retCode"], body["retMsg"]


def test_every_reply_has_the_same_envelope(venue: Venue) -> None:
    reply = venue.get("/v5/market/time")
    assert reply == {
        "retCode": 0,
        "retMsg": "OK",
        "result": {"timeSecond": "1761676440", "timeNano": "1761676440000000000"},
        "retExtInfo": {},
        "time": 1761676440000,
    }


def test_a_business_error_is_http_200_with_an_empty_result(venue: Venue) -> None:
    answer = venue.signed("GET", "/v5/position/list", query="category=linear&symbol=NONE")
    assert answer.status == 200
    assert json.loads(answer.text) == {
        "retCode": 10001,
        "retMsg": "params error: symbol invalid NONE",
        "result": {},
        "retExtInfo": {},
        "time": START_MS,
    }


def test_a_path_that_does_not_exist_is_404_and_no_json(venue: Venue) -> None:
    answer = venue.send("GET", "/v5/no/such")
    assert answer.status == 404
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


@pytest.mark.parametrize("missing", ["x-bapi-api-key", "x-bapi-timestamp", "x-bapi-sign"])
def test_missing_headers_are_401(venue: Venue, missing: str) -> None:
    headers = signature(TRADER, START_MS, QUERY)
    del headers[missing]
    answer = venue.send("GET", WALLET, query=QUERY, headers=headers)
    assert answer.status == 401
    assert not answer.text.startswith("{")


def test_an_unknown_key_is_10003(venue: Venue) -> None:
    headers = signature(TRADER, START_MS, QUERY) | {"x-bapi-api-key": "nobody"}
    reply = json.loads(venue.send("GET", WALLET, query=QUERY, headers=headers).text)
    assert (reply["retCode"], reply["retMsg"]) == (10003, "API key is invalid.")


def test_a_time_outside_the_window_is_10002_with_the_numbers(venue: Venue) -> None:
    assert asked(venue, START_MS - 5001) == (
        10002,
        "invalid request, please check your server timestamp or recv_window param. "
        f"req_timestamp[{START_MS - 5001}],server_timestamp[{START_MS}],recv_window[5000]",
    )


@pytest.mark.parametrize(
    ("ahead_ms", "window", "code"),
    [
        (-5000, "5000", 0),
        (-5001, "5000", 10002),
        (999, "5000", 0),
        (1000, "5000", 10002),
        (-20_000, "50000", 0),
        (-5001, "", 10002),
        (-5000, "", 0),
    ],
)
def test_the_time_rule_is_half_open(venue: Venue, ahead_ms: int, window: str, code: int) -> None:
    assert asked(venue, START_MS + ahead_ms, window)[0] == code


def test_the_receive_window_without_a_header_is_a_setting() -> None:
    venue = make_venue(behaviour=Behaviour(settings={"recv_window_ms": 60_000}))
    assert asked(venue, START_MS - 50_000, window="")[0] == 0


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (OCTOBER_2025, "error sign! origin_string[{origin}]"),
        (
            NOVEMBER_2026,
            "Error sign, please check your signature generation algorithm: origin_string[{origin}]",
        ),
    ],
    ids=["2025-10", "2026-11"],
)
def test_a_wrong_signature_is_10004_and_shows_no_whole_key(profile: Profile, text: str) -> None:
    venue = make_venue(profile=profile)
    headers = signature(TRADER, START_MS, QUERY) | {"x-bapi-sign": "0" * 64}
    answer = venue.send("GET", WALLET, query=QUERY, headers=headers)
    reply = json.loads(answer.text)
    assert reply["retCode"] == 10004
    assert reply["retMsg"] == text.format(origin=f"{START_MS}{API_KEY[:4]}…5000{QUERY}")
    assert API_KEY not in answer.text
    assert SECRET not in answer.text


def test_the_signature_covers_the_bytes_as_they_were_sent(venue: Venue) -> None:
    # pybit sends JSON with blanks, ccxt without; a body that was written anew would not match.
    body = '{"category": "linear",  "coin":"USDT", "mode":0}'
    headers = signature(TRADER, START_MS, body)
    path = "/v5/position/switch-mode"
    assert json.loads(venue.send("POST", path, body=body, headers=headers).text)["retCode"] == 0
    compact = body.replace(" ", "")
    reply = json.loads(venue.send("POST", path, body=compact, headers=headers).text)
    assert reply["retCode"] == 10004


def test_another_key_sees_its_own_account(venue: Venue) -> None:
    venue.placed()
    answer = venue.signed(
        "GET", "/v5/position/list", query="category=linear&settleCoin=USDT", key=HEDGER
    )
    assert json.loads(answer.text)["result"]["list"] == []


def test_the_account_of_a_call_is_known_before_it_is_checked(venue: Venue) -> None:
    headers = {"x-bapi-api-key": API_KEY}
    call = venue.service.read(
        method="GET", path=WALLET, query="", body="", headers=headers, ip="10.0.0.1"
    )
    assert venue.service.account_of(call) == "trader"


def test_the_venue_reads_these_headers() -> None:
    assert {
        b"x-bapi-api-key",
        b"x-bapi-timestamp",
        b"x-bapi-sign",
        b"x-bapi-recv-window",
    } == HEARD


def test_a_body_that_is_no_json_object_is_10001(venue: Venue) -> None:
    for body in ("", "[]", "{", "null"):
        reply = json.loads(venue.signed("POST", "/v5/order/create", body=body).text)
        assert (reply["retCode"], reply["retMsg"]) == (10001, "Request parameter error.")


def test_numbers_in_a_body_are_taken_as_they_are_written(venue: Venue) -> None:
    body = (
        '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market",'
        '"qty":0.001,"positionIdx":0,"position_idx":0,"reduceOnly":false}'
    )
    reply = json.loads(venue.signed("POST", "/v5/order/create", body=body).text)
    assert reply["retCode"] == 0
    assert venue.position()["size"] == "0.001"


def socket_signature(expires: str) -> str:
    return hmac.new(SECRET.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()


def test_a_socket_is_let_in_with_a_signature_that_has_not_expired() -> None:
    gatekeeper = Gatekeeper((TRADER,), 5000, NOVEMBER_2026)
    expires = str(START_MS + 1000)
    found = gatekeeper.check_socket_auth(API_KEY, expires, socket_signature(expires), START_MS)
    assert found.account == "trader"


@pytest.mark.parametrize(
    ("key", "expires", "signed", "code"),
    [
        ("nobody", START_MS + 1000, START_MS + 1000, 10003),
        (API_KEY, START_MS, START_MS, 10002),
        (API_KEY, START_MS + 1000, START_MS + 1001, 10004),
        (API_KEY, "soon", "soon", 10002),
    ],
)
def test_a_socket_with_bad_credentials_is_refused(
    key: str, expires: object, signed: object, code: int
) -> None:
    gatekeeper = Gatekeeper((TRADER,), 5000, NOVEMBER_2026)
    with pytest.raises(ApiError) as caught:
        gatekeeper.check_socket_auth(key, str(expires), socket_signature(str(signed)), START_MS)
    assert caught.value.code == code


def test_the_clock_of_the_venue_is_the_world_s(venue: Venue) -> None:
    venue.advance(1500 * MS)
    assert venue.get("/v5/market/time")["time"] == START_MS + 1500
