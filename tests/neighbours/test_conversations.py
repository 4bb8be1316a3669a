"""Who owes whom a reply: message by message, as the protocols' documentations describe it."""

from __future__ import annotations

import struct

import pytest

from simulator.neighbours.conversation import Conversation, conversation_of
from simulator.neighbours.other import OtherConversation
from simulator.neighbours.postgres import PostgresConversation
from simulator.neighbours.redis import RedisConversation
from simulator.neighbours.watched import asks_for_more, ends_reply


def message(kind: str, body: bytes = b"") -> bytes:
    """A message of Postgres: its type, its length with the four bytes that tell it, its body."""
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


STARTUP = struct.pack("!ii", 27, 196_608) + b"user\0bot\0database\0"[:18] + b"\0"
READY = message("Z", b"I")
AUTHENTICATED = message("R", struct.pack("!i", 0))


def ready_connection() -> PostgresConversation:
    talk = PostgresConversation()
    talk.sent(STARTUP)
    talk.received(AUTHENTICATED + READY)
    assert not talk.owed
    return talk


def test_the_first_bytes_tell_the_protocol() -> None:
    assert isinstance(conversation_of(STARTUP), PostgresConversation)
    assert isinstance(conversation_of(struct.pack("!ii", 8, 80_877_103)), PostgresConversation)
    assert isinstance(conversation_of(b"*1\r\n$4\r\nPING\r\n"), RedisConversation)
    assert isinstance(conversation_of(b"GET / HTTP/1.1\r\n"), OtherConversation)


def test_a_start_is_answered_when_the_server_is_ready() -> None:
    talk = PostgresConversation()
    talk.sent(STARTUP)
    assert talk.owed
    talk.received(AUTHENTICATED)
    assert talk.owed
    talk.received(READY)
    assert not talk.owed


@pytest.mark.parametrize("request_code", [3, 5, 10, 11])
def test_a_server_that_asks_for_a_password_owes_nothing_until_it_has_one(request_code: int) -> None:
    talk = PostgresConversation()
    talk.sent(STARTUP)
    talk.received(message("R", struct.pack("!i", request_code)))
    assert not talk.owed
    talk.sent(message("p", b"password\0"))
    assert talk.owed
    talk.received(AUTHENTICATED + READY)
    assert not talk.owed


def test_a_query_is_owed_up_to_ready_for_query_whatever_the_pieces() -> None:
    talk = ready_connection()
    talk.sent(message("Q", b"SELECT 1\0"))
    reply = message("T", b"..") + message("D", b"Z\0\0\0\5I") + message("C", b"SELECT 1\0") + READY
    for at in range(len(reply)):
        assert talk.owed, at
        talk.received(reply[at : at + 1])
    assert not talk.owed


def test_a_flush_is_owed_until_each_message_before_it_has_its_reply() -> None:
    talk = ready_connection()
    talk.sent(message("P", b"s\0SELECT 1\0\0\0") + message("D", b"Ss\0"))
    assert not talk.owed  # the server may keep back what it has to say
    talk.sent(message("H"))
    assert talk.owed
    talk.received(message("1") + message("t", b"\0\0"))
    assert talk.owed
    talk.received(message("T", b"\0\0"))
    assert not talk.owed


def test_after_an_error_the_server_passes_over_everything_up_to_the_sync() -> None:
    talk = ready_connection()
    talk.sent(message("P", b"\0nonsense\0\0\0") + message("D", b"S\0") + message("H"))
    talk.received(message("E", b"SERROR\0\0"))
    assert not talk.owed
    talk.sent(message("B", b"\0\0\0\0") + message("E", b"\0\0\0\0\0") + message("H"))
    assert not talk.owed
    talk.sent(message("S"))
    assert talk.owed
    talk.received(READY)
    assert not talk.owed


def test_a_pipeline_is_owed_until_the_last_sync_is_answered() -> None:
    talk = ready_connection()
    talk.sent((message("B", b"\0\0") + message("E", b"\0") + message("S")) * 3)
    for left in (2, 1, 0):
        talk.received(message("2") + message("C", b"SELECT 1\0") + READY)
        assert talk.owed == (left > 0)


@pytest.mark.parametrize("ahead", [True, False])
def test_rows_to_copy_are_the_guests_turn(ahead: bool) -> None:
    talk = ready_connection()
    talk.sent(message("Q", b"COPY t FROM STDIN\0"))
    rows = message("d", b"1\n") + message("c")
    if ahead:
        talk.sent(rows)
        talk.received(message("G", b"\0\0\0"))
    else:
        talk.received(message("G", b"\0\0\0"))
        assert not talk.owed
        talk.sent(rows)
    assert talk.owed
    talk.received(message("C", b"COPY 1\0") + READY)
    assert not talk.owed


def test_who_says_goodbye_waits_until_the_server_hangs_up() -> None:
    talk = ready_connection()
    talk.sent(message("X"))
    assert talk.owed
    assert talk.ending


def test_a_notification_is_owed_by_nobody_but_looked_out_for() -> None:
    talk = ready_connection()
    assert not talk.listening
    talk.sent(message("Q", b'Listen "news"\0'))
    talk.received(message("C", b"LISTEN\0") + READY)
    assert talk.listening
    assert not talk.owed
    talk.received(message("A", b"\0\0\0\1news\0hello\0"))
    assert not talk.owed


def test_where_a_reply_lies_unread_its_end_is_seen() -> None:
    rows = message("D", b"x" * 100) + message("C", b"SELECT 1\0")
    assert ends_reply(rows + READY)
    assert ends_reply(rows + READY + message("A", b"\0\0\0\1news\0hello\0"))
    assert not ends_reply(rows)
    assert not ends_reply(rows + READY + message("T", b"..."))
    assert not ends_reply(rows + READY[:-1])
    assert asks_for_more(message("R", struct.pack("!i", 10)))
    assert not asks_for_more(AUTHENTICATED)


def command(*words: str) -> bytes:
    """A command of Redis: an array of bulk strings."""
    parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    return f"*{len(words)}\r\n{parts}".encode()


@pytest.mark.parametrize(
    "reply",
    [
        b"+OK\r\n",
        b"-ERR unknown\r\n",
        b":1000\r\n",
        b"$5\r\nhe\r\nl\r\n",
        b"$-1\r\n",
        b"$0\r\n\r\n",
        b"*-1\r\n",
        b"*2\r\n*1\r\n:1\r\n$3\r\nfoo\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",3.14\r\n",
        b"(3492890328409238509324850943850943825024385\r\n",
        b"=7\r\ntxt:foo\r\n",
        b"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
        b"~2\r\n+a\r\n+b\r\n",
        b"|1\r\n+ttl\r\n:3600\r\n+value\r\n",
    ],
)
def test_a_command_has_one_reply_of_any_type_whatever_the_pieces(reply: bytes) -> None:
    talk = RedisConversation()
    talk.sent(command("GET", "key"))
    for at in range(len(reply)):
        assert talk.owed, at
        talk.received(reply[at : at + 1])
    assert not talk.owed


def test_each_command_of_a_pipeline_has_its_reply() -> None:
    talk = RedisConversation()
    whole = command("MULTI") + command("SET", "a", "1") + command("EXEC")
    talk.sent(whole[:20])
    talk.sent(whole[20:])
    talk.received(b"+OK\r\n+QUEUED\r\n")
    assert talk.owed
    talk.received(b"*1\r\n+OK\r\n")
    assert not talk.owed


@pytest.mark.parametrize("sign", ["*", ">"])
def test_a_subscription_has_a_confirmation_for_each_channel_and_pushes_are_not_owed(
    sign: str,
) -> None:
    def told(kind: str, channel: str, rest: str) -> bytes:
        return (
            f"{sign}3\r\n${len(kind)}\r\n{kind}\r\n${len(channel)}\r\n{channel}\r\n{rest}".encode()
        )

    talk = RedisConversation()
    talk.sent(command("SUBSCRIBE", "a", "b"))
    talk.received(told("subscribe", "a", ":1\r\n"))
    assert talk.owed
    talk.received(told("subscribe", "b", ":2\r\n"))
    assert not talk.owed
    assert talk.listening
    talk.sent(command("UNSUBSCRIBE"))
    assert talk.owed
    talk.received(told("message", "a", "$2\r\nhi\r\n"))
    talk.received(told("unsubscribe", "a", ":1\r\n"))
    assert talk.owed
    talk.received(told("unsubscribe", "b", ":0\r\n"))
    assert not talk.owed
    assert not talk.listening


def test_a_command_that_blocks_lets_time_pass_and_is_looked_out_for() -> None:
    talk = RedisConversation()
    talk.sent(command("BLPOP", "queue", "0"))
    assert not talk.owed
    assert talk.listening
    talk.received(b"*2\r\n$5\r\nqueue\r\n$1\r\nv\r\n")
    assert not talk.listening
    talk.sent(command("XREAD", "BLOCK", "0", "STREAMS", "s", "$"))
    assert not talk.owed
    talk.received(b"*-1\r\n")
    talk.sent(command("XREAD", "STREAMS", "s", "0"))
    assert talk.owed


def test_of_another_protocol_silence_ends_a_reply_and_not_its_absence() -> None:
    talk: Conversation = OtherConversation()
    talk.sent(b"hello")
    assert talk.owed
    assert not talk.quiet()
    assert talk.owed
    talk.received(b"hel")
    assert talk.owed
    assert talk.quiet()
    assert not talk.owed
