"""The file that a study's results are kept in."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from replay.tuning.store import Store
from replay.tuning.work import written
from simulator.errors import InputError
from tests.tuning.jobs import Number, rows_of

NUMBERS = [Number(number) for number in range(7)]


IDENTITY = {"Python": "3.12", "my_bot's code": "f00d" * 16}


def opened(folder: Path, study: str = "delays", identity: Mapping[str, str] = IDENTITY) -> Store:
    return Store(folder / "study.db", study=study, identity=identity)


def test_the_table_is_in_the_order_asked_for_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for item in reversed(NUMBERS):
            store.add(item, written(rows_of, item))
        table = store.rows([NUMBERS[4], NUMBERS[1], NUMBERS[4]])
    assert list(table.columns) == ["number", "third", "even", "digest"]
    assert list(table["number"]) == [4, -4, 1, -1]
    assert table["third"][0] == 4 / 3  # to the last bit
    assert table["even"][0] is True
    assert table["even"][1] is None
    assert table["digest"][1] == "é\n\x00"


def test_more_items_than_one_question_can_name_come_in_their_order(tmp_path: Path) -> None:
    many = [Number(number) for number in range(1_234, 0, -1)]
    with opened(tmp_path) as store:
        for item in many:
            store.add(item, f'[{{"number":{item.number}}}]')
        assert list(store.rows(many)["number"]) == list(range(1_234, 0, -1))


def test_an_item_is_counted_once(tmp_path: Path) -> None:
    item = NUMBERS[3]
    with opened(tmp_path) as store:
        assert store.add(item, '[{"a":1}]')
        assert not store.add(item, '[{"a":2}]')
        assert store.rows_of(item.key) == ({"a": 1},)
        assert len(store) == 1


def test_what_was_added_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.add(NUMBERS[2], '[{"a":1}]')
        store.set_aside(NUMBERS[5], 3, "its worker ended with exit code 7")
    with opened(tmp_path) as store:
        assert store.rows_of(NUMBERS[2].key) == ({"a": 1},)
        assert [store.knows(item.key) for item in NUMBERS].count(True) == 2
        [aside] = store.all_set_aside()
        assert (aside.title, aside.tries) == (NUMBERS[5].title, 3)
        assert aside.reason == "its worker ended with exit code 7"


def test_what_was_set_aside_can_be_forgotten_and_then_succeed(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.set_aside(NUMBERS[5], 3, "died")
        assert store.knows(NUMBERS[5].key)
        assert store.forget_set_aside() == 1
        assert not store.knows(NUMBERS[5].key)


def test_an_item_is_never_both_counted_and_set_aside(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.set_aside(NUMBERS[5], 3, "died")
        store.add(NUMBERS[5], "[]")
        assert store.all_set_aside() == ()


def test_a_store_of_another_study_is_refused_and_both_are_named(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(InputError, match=r"study\.db: .* of study delays, not of tries; .*--out"):
        opened(tmp_path, "tries")


def test_a_store_of_other_code_is_refused_and_told_what_differs(tmp_path: Path) -> None:
    opened(tmp_path).close()
    others = {**IDENTITY, "my_bot's code": "b00c" * 16}
    told = r"otherwise: my_bot's code is f00df00df00d there and b00cb00cb00c here; .*--out"
    with pytest.raises(InputError, match=told):
        opened(tmp_path, identity=others)
    with pytest.raises(InputError, match=r"otherwise: Python is 3.12 there and 3.13 here; "):
        opened(tmp_path, identity={**IDENTITY, "Python": "3.13"})
    opened(tmp_path).close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("number,third\n1,0.3\n" * 100)
    with pytest.raises(InputError, match=r"study\.db: cannot be used as a store: file is not a"):
        opened(tmp_path)


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "study.db")
    database.execute("CREATE TABLE orders (id TEXT)")
    database.close()
    with pytest.raises(InputError, match=r"study\.db: is a database, but no store"):
        opened(tmp_path)
    database = sqlite3.connect(tmp_path / "study.db")
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
    database.close()


def test_a_store_of_a_later_format_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database = sqlite3.connect(tmp_path / "study.db")
    database.execute("PRAGMA user_version = 3")
    database.close()
    with pytest.raises(InputError, match=r"study\.db: is a store of format 3"):
        opened(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/study\.db: cannot be used as a store: unable"):
        opened(tmp_path / "nowhere")


def test_two_may_write_at_the_same_time(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        assert one.add(NUMBERS[0], '[{"a":1}]')
        assert not other.add(NUMBERS[0], '[{"a":2}]')
        assert other.add(NUMBERS[1], "[]")
        assert len(one) == 2
