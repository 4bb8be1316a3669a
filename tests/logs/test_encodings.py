"""Text that was decoded wrongly. The wrong forms are made by Python's own codecs."""

from __future__ import annotations

import pytest

from replay.logs.encodings import Repairs, decoded

LINES = (
    "22:34:12.246 - 📊 [USER] Position update: SKLUSDT amount=308.0",
    "22:34:11.898 - ✅ Leverage set to 1x",
    "22:34:11.543 - ⚙️ Atomic operation started",
    "01:34:14.200 - filled=27.0/27.0  <-- ИСПОЛНЕН!",
    "opened: 2/5 → ZENTUSDT  (не увеличился!)",
)


def misread(text: str, codec: str) -> str:
    """UTF-8 as somebody's editor shows it: Windows-1252 has gaps, which editors fill."""
    shown = ""
    for byte in text.encode():
        try:
            shown += bytes([byte]).decode(codec)
        except UnicodeDecodeError:
            shown += chr(byte)
    return shown


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("codec", "told"),
    [
        ("mac_roman", "Mac Roman"),
        ("cp1252", "Windows-1252"),
        ("cp1251", "Windows-1251"),
        ("latin-1", "Latin-1"),
    ],
)
def test_what_was_read_with_a_wrong_codec_is_put_right_and_counted(
    line: str, codec: str, told: str
) -> None:
    wrong = misread(line, codec)
    assert wrong != line
    repairs = Repairs()
    assert decoded(f"first\n{wrong}\nlast".encode(), repairs) == f"first\n{line}\nlast"
    assert repairs.wrong_codecs == {told: 1}
    assert repairs.notes() == [f"1 line was UTF-8 that had been read as {told}, and was put right"]


def test_the_check_mark_that_was_seen_in_a_real_log() -> None:
    assert decoded("22:34:11.898 - ‚úÖ Leverage set".encode(), Repairs()) == (
        "22:34:11.898 - ✅ Leverage set"
    )


@pytest.mark.parametrize("text", ["«Всё»: ещё не ПОДТВЕРЖДЁН!", "Её №5 – твоё…", "Съёмка, моё»"])
def test_words_of_a_cyrillic_log_stay_as_they_are(text: str) -> None:
    repairs = Repairs()
    assert decoded(text.encode(), repairs) == text
    assert repairs.notes() == []


def test_two_letters_alone_are_put_right_below_lines_that_were_certainly_misread() -> None:
    certain, alone = misread("✅ Leverage set", "cp1252"), misread("naïve", "cp1252")
    repairs = Repairs()
    assert decoded(f"{alone}\n{certain}\n{alone}".encode(), repairs) == (
        f"{alone}\n✅ Leverage set\nnaïve"
    )
    assert repairs.wrong_codecs == {"Windows-1252": 2}


def test_what_was_misread_twice_is_put_right() -> None:
    wrong = misread(misread("✅ Leverage set", "cp1252"), "mac_roman")
    assert decoded(wrong.encode(), Repairs()) == "✅ Leverage set"


def test_a_right_remark_on_a_wrong_line_stays_right() -> None:
    wrong = f"{misread('✅ Leverage set', 'mac_roman')}  <-- и ещё раз"
    assert decoded(wrong.encode(), Repairs()) == "✅ Leverage set  <-- и ещё раз"


@pytest.mark.parametrize(
    "text",
    [
        *LINES,
        "√π is 1.77",
        "price ± 3 → “5” — “6”…",
        "§ 5, 20 °C, 10 µs, naïve café",
        "価格 5",
        "Größe: 5 €",
    ],
)
def test_what_is_right_stays_as_it_is(text: str) -> None:
    repairs = Repairs()
    assert decoded(text.encode(), repairs) == text
    assert repairs.notes() == []


def test_bytes_that_are_no_utf_8_are_shown_and_their_lines_counted() -> None:
    repairs = Repairs()
    text = decoded(b"one\ncaf\xe9\ntwo \xf0\x9f\x93\x8a\n", repairs)
    assert text == "one\ncaf\\xe9\ntwo 📊\n"
    assert repairs.not_utf8 == 1
    assert repairs.notes() == ["1 line has bytes that are no UTF-8, shown as \\xNN"]
