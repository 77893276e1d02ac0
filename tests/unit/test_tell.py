"""What people are told: whether, in which words, and how many more there were in an hour."""

from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.crm.exchange import Answer
from chalicelib.links.model import OF_WORKERS, Notice, What
from chalicelib.tell import limit, mail, outbox
from tests.support.caches import forget_everything

CALL, AT = "CA" + "a" * 32, 1795230000.0  # 2026-11-21 03:00 UTC
PLACE = "on line support at 2026-11-21 03:00 UTC"
MORE = "More such calls on this line make no further mail for ten minutes."
LINE = 'default_line = "support"\n[lines.support]\ngreeting = "Hello."\n'
TEAM: tuple[What, ...] = ("voicemail", "led-out", "no-worker", "callback", "left-undone", "digest", "more")


def notice(what: What, **known: Any) -> Notice:
    return Notice(**{"what": what, "about": CALL, "line": "support", "at": AT, "caller": "…71", **known})


# --- The words


@pytest.mark.parametrize(
    ("told", "subject", "words", "commands"),
    [
        (notice("voicemail", seconds=1), "Voicemail on line support", f"…71 left a message of 1 s {PLACE}.", 2),
        (
            notice("voicemail", worker="Bea", caller=""),
            "Voicemail on line support",
            f"A caller without a number left a message for Bea {PLACE}.",
            2,
        ),
        (
            notice("led-out"),
            "Nobody took a call on line support",
            f"…71 was led out of the queue of line support at 2026-11-21 03:00 UTC: nobody took the call. {MORE}",
            3,
        ),
        (
            notice("no-worker", seconds=61),
            "Nobody is available on line support",
            "…71 has waited on line support for 61 s at 2026-11-21 03:00 UTC,"
            f" and no worker of the queue is in an activity that takes calls. {MORE}",
            3,
        ),
        (
            notice("callback", seconds=7379),
            "Callback is given up on line support",
            "…71 asked to be called back on line support, and was not reached: the callback is given up at"
            " 2026-11-21 03:00 UTC, 122 minutes after the call.",
            1,
        ),
        (
            notice("left-undone", line="case", seconds=7379, worker="Bea"),
            "Work is left undone of the kind case",
            "Work of the kind case was taken by Bea, and is not done 122 minutes later, at 2026-11-21 03:00 UTC:"
            " it is offered to nobody any more.",
            1,
        ),
        (
            notice("left-undone", line="case", seconds=120),
            "Work is left undone of the kind case",
            "Work of the kind case was taken by a worker, and is not done 2 minutes later, at 2026-11-21 03:00 UTC:"
            " it is offered to nobody any more.",
            1,
        ),
    ],
    ids=lambda value: value.what if isinstance(value, Notice) else "",
)
def test_a_mail_says_what_happened_and_what_to_do(told: Notice, subject: str, words: str, commands: int) -> None:
    written = mail.of(told, "dev")
    first, blank, *shown = written.text.splitlines()
    assert (written.subject, first, blank, len(shown)) == (subject, words, "", commands)
    assert shown[0] == f"./cordboard calls show {CALL} --stage dev" and written.text.endswith("\n")
    assert all(one.startswith("./cordboard ") and one.endswith(" --stage dev") for one in shown)
    assert mail.short(told) == words and mail.short(told, "https://x.example") == f"{words} https://x.example"


def test_a_mail_has_the_text_and_the_link_of_a_message_where_there_are_any() -> None:
    written = mail.of(notice("voicemail"), "", "https://x.example/m/1", "Call me\nback.")
    assert written.text.splitlines()[1:] == [
        "",
        "As text:",
        "Call meback.",
        "",
        "Whoever has this link can listen, for seven days:",
        "https://x.example/m/1",
        "",
        f"./cordboard calls show {CALL}",
        "./cordboard voicemail list",
    ]


@pytest.mark.parametrize(("line", "letters"), [("x" * 64, 64), ("x" * 65, 64)])
def test_a_name_is_as_long_as_a_mail_shows_it(line: str, letters: int) -> None:
    assert mail.of(notice("led-out", line=line), "").subject == f"Nobody took a call on line {'x' * letters}"


# --- Whether they are told


def tells(monkeypatch: pytest.MonkeyPatch, rules: str = "", topic: str = "arn:aws:sns:eu-west-1:1:alarms") -> set[str]:
    """Of what the team is told by these rules, or its workers."""
    monkeypatch.setenv("MAIL_TOPIC_ARN", topic)
    forget_everything()
    center = callcenter.parse(LINE + rules)
    monkeypatch.setattr(callcenter, "current", lambda: center)
    return {what for what in (*TEAM, *OF_WORKERS) if outbox.is_on(what)}


TOLD = set(TEAM) - {"digest"}
DELIVER = '[tell]\ndeliver = ["https://desk.example.com/told"]\n'


@pytest.mark.parametrize(
    ("rules", "topic", "told"),
    [
        ("", "arn", TOLD),
        ("", "", set()),
        (DELIVER, "", TOLD),
        ("[tell]\nvoicemail = false\n", "arn", TOLD - {"voicemail"}),
        ("[tell]\ncallback = false\n", "arn", TOLD - {"callback"}),
        ("[tell]\nleft_undone = false\n", "arn", TOLD - {"left-undone"}),
        ("[tell]\nnobody_available = false\n", "arn", {"voicemail", "callback", "left-undone"}),
        ('[reports]\ndigest = "08:00"\n', "arn", set(TEAM)),
        ('[reports]\ndigest = "08:00"\n', "", set()),
    ],
)
def test_the_team_is_told_what_its_file_says_if_anybody_is_there(
    environment: pytest.MonkeyPatch, rules: str, topic: str, told: set[str]
) -> None:
    assert tells(environment, rules, topic) == told


@pytest.mark.parametrize(
    ("staff", "told"),
    [
        ('numbers = ["+14155550105"]', {"set-off", "after-talk", "reminder"}),
        ('numbers = ["+14155550105"]\nadmins = ["Ann"]', set(OF_WORKERS)),
    ],
)
def test_workers_are_told_of_themselves_and_admins_of_phones_whoever_gets_mails(
    environment: pytest.MonkeyPatch, staff: str, told: set[str]
) -> None:
    assert tells(environment, f"[staff]\n{staff}\n", "") == told
    assert tells(environment, f"[staff]\n{staff}\n", "arn") == TOLD | told


@pytest.mark.parametrize(("status", "is_yes"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_an_endpoint_takes_it_with_any_2xx(status: int, is_yes: bool) -> None:
    assert Answer(status, b"").is_yes is is_yes


# --- How many more there were


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("count", "told"), [(1, "1"), (979, "979"), (980, "980 or"), (981, "981 or")])
def test_what_is_told_after_the_hour(count: int, told: str) -> None:
    more = Notice(what="more", at=AT + 60, target="mail")  # of the hour from 02:00 on
    said = f"And {told} more from 2026-11-21 02:00 to 03:00 UTC, too many to be told one by one."
    assert limit.said(count, more) == said
    assert mail.of_more(said, "dev").text == f"{said}\n\n./cordboard calls list --stage dev\n"
    assert mail.of_more(said, "").text == f"{said}\n\n./cordboard calls list\n"
