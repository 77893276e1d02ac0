"""How a worker's phone is answered: the mode that holds, the time that it takes, what a reply means."""

import pytest

from chalicelib.config.answering import AT_ONCE, MODES, Answer, known_mode, mode_of
from chalicelib.config.schema import Activities, Queue

KEY = Answer(mode="key")


def test_a_file_that_says_nothing_joins_at_once_as_older_versions_did() -> None:
    assert Queue().answering == AT_ONCE and AT_ONCE.mode == "at-once" and AT_ONCE.whisper == ("crm",)


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_goes_before_the_queue(mode: str) -> None:
    assert mode_of(KEY, known_mode(mode), "+14155550111") == mode
    assert mode_of(KEY, None, "+14155550111") == "key"


@pytest.mark.parametrize(
    ("mode", "contact_uri", "holds"),
    [
        ("detect", "client:bea", "key"),
        ("key+detect", "client:bea", "key"),
        ("at-once", "client:bea", "at-once"),
        ("detect", "sip:bea@example.com", "detect"),
    ],
)
def test_twilio_detects_nothing_on_a_clients_leg(mode: str, contact_uri: str, holds: str) -> None:
    assert mode_of(KEY, known_mode(mode), contact_uri) == holds


@pytest.mark.parametrize("value", [None, "", "KEY", "keys", 1, [], {}, True])
def test_what_is_no_mode_is_none(value: object) -> None:
    assert known_mode(value) is None


def test_who_cannot_be_told_is_asked_in_the_time_for_it() -> None:
    assert {mode: KEY.seconds(mode) for mode in MODES} == {"key": 12, "detect": 18, "key+detect": 12, "at-once": 0}


@pytest.mark.parametrize(("characters", "seconds"), [(0, 6), (14, 5), (15, 4), (28, 4), (43, 3), (400, 3)])
def test_what_is_said_is_a_part_of_the_time_and_a_key_has_three_seconds_left(characters: int, seconds: int) -> None:
    assert KEY.silence_after("x" * characters) == seconds


def test_each_ask_has_its_part_of_the_time_to_the_half_second() -> None:
    assert Answer(mode="key", ask_seconds=13).silence_after("x" * 7) == 6
    assert Answer(mode="key", ask_seconds=14, asks=3).silence_after("") == 4


@pytest.mark.parametrize(
    ("characters", "asks", "seconds"), [(0, 1, 3), (0, 2, 6), (14, 1, 4), (15, 1, 5), (42, 2, 12), (7, 3, 11)]
)
def test_all_asks_take_the_prompt_and_three_seconds_for_a_key_each(characters: int, asks: int, seconds: int) -> None:
    assert Answer(mode="key", prompt="x" * characters, asks=asks).shortest == seconds


@pytest.mark.parametrize(
    ("speech", "means"),
    [
        ("Yes", "take"),
        ("okay then", "take"),
        ("no", "pass"),
        ("Nope.", "pass"),
        ("I know", ""),  # there is a no in it
        ("nobody, yesterday", ""),
        ("yes and no", ""),
        ("well", ""),
        ("", ""),
    ],
)
def test_a_word_counts_where_it_stands_whole_and_alone(speech: str, means: str) -> None:
    assert KEY.reply("", speech) == means


@pytest.mark.parametrize(("digits", "means"), [("1", "take"), ("2", "pass"), ("3", ""), ("#", ""), ("11", "")])
def test_a_key_goes_before_words(digits: str, means: str) -> None:
    assert KEY.reply(digits, "yes") == means


@pytest.mark.parametrize(("words", "means"), [(4, "take"), (5, "")])
def test_a_reply_is_short(words: int, means: str) -> None:
    assert KEY.reply("", "yes" + " well" * (words - 1)) == means


@pytest.mark.parametrize(("passed", "goes_to"), [(None, "Break"), ("", ""), ("Passed", "Passed")])
def test_who_passed_goes_where_who_is_declined_goes_unless_the_file_says_otherwise(
    passed: str | None, goes_to: str
) -> None:
    assert Activities(declined="Break", passed=passed).of_passed == goes_to
