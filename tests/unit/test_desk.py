"""What the agent desk shows and lets a worker do, by how far their link is, and by what Twilio says of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from msgspec import structs

from chalicelib import jobs
from chalicelib.callers import profile
from chalicelib.config import callcenter, secrets
from chalicelib.config.secrets import Secrets
from chalicelib.console import access, asking_first, cards, giving_away, lines, orders, supervising, workers
from chalicelib.console.answers import Asked, Changed, NotFound, Wrong
from chalicelib.console.session import NotAllowed, Person
from chalicelib.lifecycle import consulting, giving, refusal
from chalicelib.lifecycle import orders as work
from chalicelib.lifecycle import wrap_up as ending
from chalicelib.links import board, caller_leg, consults, reading, steps
from chalicelib.links.model import GIVEN_BACK, LEFT_UNDONE, Call, CallRecord, Key, Link, State
from chalicelib.links.profiles import Profile, Talked
from chalicelib.links.table import ConditionFailed
from chalicelib.staff import lines as staff_lines
from chalicelib.staff import packaged, rota
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, WORKER

NOW = 1795860000.5
PATH = {"subject": CALL, "reservation_sid": RESERVATION}
SECRET = "an API key's secret of 32 letters"
UUID = "12345678-0000-4000-8000-00000000abcd"
RULES = """
default_line = "support"
[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
switch = true
[queues.Support.after_talk]
keys = { "1" = "solved", "2" = "call again" }
[queues.Support.star]
menu = ["queue:Sales", "person", "back"]
[queues.Sales]
attributes = { department = "sales" }
[work.chat]
at = "desk"
say = "A chat."
"""
AT_DESK = Link(
    subject=CALL,
    reservation_sid=RESERVATION,
    mode="desk",
    task_sid=TASK,
    worker_sid=WORKER,
    worker_name="Bea",
    queue="Support",
    caller=CALLER,
    caller_id=SUPPORT,
)
TALK = structs.replace(AT_DESK, state="bridged", bridged_at=NOW - 60, worker_call_sid=LEG, room_sid="CF1")
OVER = structs.replace(TALK, state="closed")
CHAT = structs.replace(AT_DESK, mode="desk-work", work="chat", caller="", subject=TASK)


@pytest.fixture(autouse=True)
def team(environment: pytest.MonkeyPatch) -> None:
    """Bea and Carl have a desk, and an extension, as Dora has."""
    center = callcenter.parse(RULES)
    environment.setattr(callcenter, "current", lambda: center)
    packed = rota.Packaged(
        desks={"bea@example.com": "Bea", "carl@example.com": "Carl"},
        extensions={"21": "Dora", "22": "Carl", "23": "Bea", "24": "Ann"},
    )
    environment.setattr(packaged, "current", lambda: packed)


def asked(mail: str = "bea@example.com", **order: str) -> Asked:
    return Asked(Person(mail, frozenset({"agents"})), {}, PATH, NOW, {"sid": UUID, **order})


def kept(monkeypatch: pytest.MonkeyPatch, link: Link | None, *, call: Call | None = None) -> None:
    """The table has this link."""
    monkeypatch.setattr(reading, "find_link", lambda _key: link)
    monkeypatch.setattr(reading, "of_call", lambda _subject: CallRecord(call, (link,) if link else ()))


def at_twilio(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """Each reservation has this status."""
    monkeypatch.setattr(rest.reservations, "status", lambda _task, _reservation: status)


# --- Who it is


@pytest.mark.parametrize(
    ("path", "name", "is_theirs"),
    [
        (PATH, "Bea", True),
        (PATH, "Ann", False),
        (PATH, "Carl", False),
        ({**PATH, "subject": "STAFF"}, "Bea", False),
        ({**PATH, "reservation_sid": "CALL"}, "Bea", False),
        ({}, "Bea", False),
    ],
)
def test_a_card_is_of_the_worker_whose_reservation_it_is(
    monkeypatch: pytest.MonkeyPatch, path: Mapping[str, str], name: str, is_theirs: bool
) -> None:
    link = structs.replace(AT_DESK, worker_name=name)
    kept(monkeypatch, link)
    asks = asked()._replace(path=path)
    if is_theirs:
        assert access.own_link(asks) == link
    else:
        with pytest.raises(NotFound):
            access.own_link(asks)


def test_an_address_may_be_in_any_case_and_another_one_has_no_desk() -> None:
    assert access.name_of(Person("BEA@Example.com", frozenset())) == "Bea"
    with pytest.raises(NotAllowed, match="has no desk"):
        access.name_of(Person("ann@example.com", frozenset()))


@pytest.mark.parametrize(
    ("name", "identity"), [("Bea", "Bea"), ("Ann-Lee O'Neil 2", "Ann_Lee_O_Neil_2"), ("Zoë", "Zo_")]
)
def test_the_phone_in_a_browser_is_called_by_letters_digits_and_underscores(name: str, identity: str) -> None:
    assert access.identity_of(name) == identity


def test_a_token_holds_for_an_hour_from_now() -> None:
    bearer = access.Bearer("AC1", "WS1", "WK1", "Bea")
    made = access.token(bearer, "SK1", "a secret of thirty-two characters", NOW)
    claims = jwt.decode(
        made, "a secret of thirty-two characters", ["HS256"], {"verify_exp": False, "verify_nbf": False}
    )
    assert (claims["jti"], claims["nbf"], claims["exp"]) == (f"SK1-{int(NOW)}", int(NOW), int(NOW) + 3600)


@pytest.mark.parametrize(
    ("groups", "supervises", "api_url", "is_plain"),
    [
        ({"agents"}, False, "", False),
        ({"supervisors"}, True, "", False),
        ({"agents", "supervisors"}, True, "http://127.0.0.1:8282", True),
        ({"agents"}, False, "https://laptop.example", False),
    ],
)
def test_who_gets_a_token_is_told_where_to_use_it(
    environment: pytest.MonkeyPatch, groups: set[Any], supervises: bool, api_url: str, is_plain: bool
) -> None:
    from tests.support.caches import forget_everything

    environment.setenv("TWILIO_API_URL", api_url)
    forget_everything()
    known = Secrets(("a token",), "SK1", SECRET)
    environment.setattr(secrets, "current", lambda: known)
    bea = rest.workers.Worker(WORKER, "", True, 0.0, "", "Bea")
    environment.setattr(rest.workers, "of_name", lambda _name: bea)
    given = access.give(asked()._replace(person=Person("bea@example.com", frozenset(groups))))
    assert (given["supervises"], given["is_plain"], given["seconds"]) == (supervises, is_plain, 3600)


@pytest.mark.parametrize(("key_sid", "key_secret"), [("", ""), ("SK1", ""), ("", "a secret")])
def test_without_a_whole_api_key_there_is_no_token(
    monkeypatch: pytest.MonkeyPatch, key_sid: str, key_secret: str
) -> None:
    monkeypatch.setattr(secrets, "current", lambda: Secrets(("a token",), key_sid, key_secret))
    with pytest.raises(NotFound, match="api_key_sid"):
        access.give(asked())


# --- Cards


@pytest.mark.parametrize(
    ("link", "standing"),
    [
        (AT_DESK, "asking"),
        (structs.replace(AT_DESK, approved_at=1), "yes"),
        (structs.replace(AT_DESK, mode="crm-first", approved_at=1), "phone"),
        (structs.replace(AT_DESK, mode="work"), "phone"),
        (TALK, "talk"),
        (structs.replace(TALK, mode="crm-first"), "talk"),
        (OVER, "over"),
        (structs.replace(AT_DESK, state="answered"), "asking"),
        (structs.replace(AT_DESK, state="dialing"), "asking"),
    ],
)
def test_a_card_says_how_far_it_is(link: Link, standing: str) -> None:
    assert cards.standing(link) == standing


@pytest.mark.parametrize(
    ("queue", "said", "problem"),
    [
        ("Support", "", ""),
        ("Support", "solved", ""),
        ("Support", "sold", "disposition is one of solved, call again"),
        ("Sales", "", ""),
        ("Sales", "solved", "this queue has no dispositions"),
    ],
)
def test_a_disposition_is_one_of_the_queues(
    monkeypatch: pytest.MonkeyPatch, queue: str, said: str, problem: str
) -> None:
    kept(monkeypatch, structs.replace(OVER, queue=queue))
    monkeypatch.setattr(steps, "wrap_up", lambda _key, _disposition, _note: OVER)
    if problem:
        with pytest.raises(Wrong, match=problem):
            cards.wrap_up(asked(disposition=said))
    else:
        assert cards.wrap_up(asked(disposition=said)) == {"said": "Kept."}


@pytest.mark.parametrize(
    ("link", "status", "said", "ended"),
    [
        (OVER, "completed", "Kept.", False),
        (TALK, "accepted", "Kept. The talk goes on.", False),
        (TALK, "wrapping", "Done.", True),
        (TALK, "zzz", "Kept. The talk goes on.", False),
        (structs.replace(TALK, state="answered"), "wrapping", "Done.", True),
        (structs.replace(TALK, state="dialing"), "wrapping", "Done.", True),
    ],
)
def test_the_task_is_ended_where_the_talk_is_over_and_is_being_wrapped_up(
    monkeypatch: pytest.MonkeyPatch, link: Link, status: str, said: str, ended: bool
) -> None:
    done: list[Link] = []
    kept(monkeypatch, link)
    at_twilio(monkeypatch, status)
    monkeypatch.setattr(ending, "finish_early", lambda link, _now: done.append(link))
    assert (cards.wrap_up(asked()), done) == ({"said": said}, [link] * ended)


@pytest.mark.parametrize(
    ("link", "tells", "is_told"),
    [
        (OVER, True, True),
        (OVER, False, False),
        (structs.replace(OVER, note="a note", disposition="solved"), True, False),
        (structs.replace(OVER, note="a note", disposition="call again"), True, True),
        (structs.replace(OVER, note="another", disposition="solved"), True, True),
        (TALK, True, False),
        (structs.replace(TALK, state="ringing"), True, False),
    ],
)
def test_the_crm_hears_what_is_new_of_a_call_that_is_over(
    monkeypatch: pytest.MonkeyPatch, link: Link, tells: bool, is_told: bool
) -> None:
    center = callcenter.parse(f"{RULES}[crm]\nafter = {str(tells).lower()}\n")
    monkeypatch.setattr(callcenter, "current", lambda: center)
    sent: list[jobs.Job] = []
    monkeypatch.setattr(jobs, "send", sent.append)
    monkeypatch.setattr(steps, "wrap_up", lambda _key, _disposition, _note: link)
    kept(monkeypatch, link)
    at_twilio(monkeypatch, "accepted")
    cards.wrap_up(asked(disposition="solved", note=" a note "))
    assert sent == [jobs.TellCrm(CALL, RESERVATION)] * is_told


def test_a_card_shows_whom_the_caller_talked_to_the_latest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Profile(workers={"sales": Talked("Carl", NOW - 90), "support": Talked("Ann", NOW - 60)})
    monkeypatch.setattr(profile, "of", lambda _caller, _now: known)
    kept(monkeypatch, AT_DESK)
    shown = cards.show(asked())
    assert isinstance(shown, cards.Card)
    assert shown.earlier == (cards.Talk(NOW - 60, "support", "Ann"), cards.Talk(NOW - 90, "sales", "Carl"))
    assert (shown.line, shown.caller, shown.dispositions) == ("support", "…71", ("solved", "call again"))


@pytest.mark.parametrize(
    ("found", "said", "given_back"),
    [
        (structs.replace(AT_DESK, reason="passed"), "The caller is offered to somebody else.", True),
        (structs.replace(AT_DESK, reason="passed", state="closed"), "The caller is offered to somebody else.", False),
        (structs.replace(AT_DESK, reason="passed", state="answered"), "The caller is offered to somebody else.", True),
        (structs.replace(AT_DESK, reason="passed", state="dialing"), "The caller is offered to somebody else.", True),
    ],
)
def test_who_rejects_gives_the_caller_back_once(
    monkeypatch: pytest.MonkeyPatch, found: Link, said: str, given_back: bool
) -> None:
    back: list[Link] = []
    kept(monkeypatch, AT_DESK)
    monkeypatch.setattr(steps, "refuse", lambda *_given: found)
    monkeypatch.setattr(refusal, "give_back", lambda link, _now: back.append(link))
    assert (cards.reject(asked()), back) == ({"said": said}, [found] * given_back)


def as_row(link: Link) -> dict[str, Any]:
    known = {name: value for name, value in structs.asdict(link).items() if value not in ("", 0)}
    return {**known, "call_sid": link.subject, "item": link.reservation_sid}


@pytest.mark.parametrize(("reason", "is_said"), [("passed", True), ("", False), ("no key", False), ("some", False)])
def test_who_rejects_again_hears_the_same_and_who_has_lost_the_caller_hears_that(
    monkeypatch: pytest.MonkeyPatch, reason: str, is_said: bool
) -> None:
    def refuse(*_given: object) -> Link:
        raise ConditionFailed(as_row(structs.replace(AT_DESK, state="closed", reason=reason)))

    kept(monkeypatch, AT_DESK)
    monkeypatch.setattr(steps, "refuse", refuse)
    if is_said:
        assert cards.reject(asked()) == {"said": "The caller is offered to somebody else."}
    else:
        with pytest.raises(Changed, match="not offered to you any more"):
            cards.reject(asked())


# --- Work that is no call


@pytest.mark.parametrize(
    ("state", "status", "is_offered"),
    [
        ("preparing", "pending", True),
        ("preparing", "accepted", False),
        ("preparing", "rejected", False),
        ("closed", "rejected", True),  # what stands is said by the link
        ("answered", "accepted", False),
    ],
)
def test_work_is_offered_while_its_reservation_is_pending(
    monkeypatch: pytest.MonkeyPatch, state: State, status: str, is_offered: bool
) -> None:
    at_twilio(monkeypatch, status)
    link = structs.replace(CHAT, state=state)
    if is_offered:
        orders.check_offered(link)
    else:
        with pytest.raises(Changed, match="not offered to you any more"):
            orders.check_offered(link)


@pytest.mark.parametrize(
    ("state", "reason", "status", "said"),
    [
        ("bridged", "", "accepted", "Done."),
        ("bridged", "", "wrapping", "Done."),
        ("answered", "", "accepted", "Done."),
        ("ringing", GIVEN_BACK, "accepted", "Done."),
        ("closed", "", "completed", "Kept."),
        ("closed", "done", "completed", "Kept."),
    ],
)
def test_work_that_was_taken_is_done(
    monkeypatch: pytest.MonkeyPatch, state: State, reason: str, status: str, said: str
) -> None:
    at_twilio(monkeypatch, status)
    monkeypatch.setattr(work, "finish", lambda _link, _now: "task completed")
    assert orders.finish(structs.replace(CHAT, state=state, reason=reason), NOW) == {"said": said}


@pytest.mark.parametrize(
    ("state", "reason", "status", "said"),
    [
        ("preparing", "", "pending", "take it first"),
        ("preparing", "", "canceled", "it is over: what was written is kept"),
        ("preparing", "", "timeout", "it is over: what was written is kept"),
        ("closed", GIVEN_BACK, "completed", "it goes to somebody else already"),
        ("closed", LEFT_UNDONE, "completed", "it goes to somebody else already"),
    ],
)
def test_work_that_is_not_the_workers_is_not_done_by_them(
    monkeypatch: pytest.MonkeyPatch, state: State, reason: str, status: str, said: str
) -> None:
    at_twilio(monkeypatch, status)
    monkeypatch.setattr(work, "finish", lambda _link, _now: pytest.fail("it is done"))
    with pytest.raises(Changed, match=said):
        orders.finish(structs.replace(CHAT, state=state, reason=reason), NOW)


@pytest.mark.parametrize("does", ["finish", "give_back"])
@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (structs.replace(CHAT, reason=GIVEN_BACK), "it goes to somebody else already"),
        (structs.replace(CHAT, reason=LEFT_UNDONE), "it goes to somebody else already"),
        (structs.replace(CHAT, reason="done"), "it is done already"),
        (None, "it is done already"),
    ],
)
def test_the_first_word_about_work_counts(
    monkeypatch: pytest.MonkeyPatch, does: str, standing: Link | None, said: str
) -> None:
    def fails(_link: Link, _now: float) -> str:
        raise ConditionFailed(as_row(standing) if standing else {})

    monkeypatch.setattr(work, does, fails)
    kept(monkeypatch, CHAT)
    at_twilio(monkeypatch, "accepted")
    with pytest.raises(Changed, match=said):
        orders.finish(CHAT, NOW) if does == "finish" else orders.give_back(asked())


@pytest.mark.parametrize(
    ("link", "status", "did", "problem"),
    [
        (CHAT, "accepted", "passed on", ""),
        (CHAT, "wrapping", "passed on", ""),
        (structs.replace(CHAT, state="answered"), "accepted", "a", ""),
        (structs.replace(CHAT, state="dialing"), "accepted", "z", ""),
        (CHAT, "pending", "", "take it first"),
        (CHAT, "accepted", LEFT_UNDONE, "Twilio takes no further task of it"),
        (structs.replace(CHAT, state="closed", reason=GIVEN_BACK), "completed", "", ""),
        (structs.replace(CHAT, state="closed", reason="done"), "completed", "", "it is over"),
        (structs.replace(CHAT, state="closed", reason="left undone"), "completed", "", "it is over"),
        (structs.replace(CHAT, mode="work"), "accepted", "", "this is not work of the desk"),
    ],
)
def test_work_is_given_back_by_who_has_taken_it(
    monkeypatch: pytest.MonkeyPatch, link: Link, status: str, did: str, problem: str
) -> None:
    kept(monkeypatch, link)
    at_twilio(monkeypatch, status)
    monkeypatch.setattr(work, "give_back", lambda _link, _now: did or pytest.fail("it is given back"))
    if problem:
        with pytest.raises(Changed, match=problem):
            orders.give_back(asked())
    else:
        assert orders.give_back(asked()) == {"said": "It is offered to somebody else."}


# --- Giving away


@pytest.mark.parametrize(
    ("link", "ways"),
    [
        (TALK, ("queue:Sales", "person:Ann", "person:Carl", "person:Dora")),
        (structs.replace(TALK, worker_name="Carl"), ("queue:Sales", "person:Ann", "person:Bea", "person:Dora")),
        (structs.replace(TALK, queue="Sales"), ()),
        (structs.replace(TALK, mode="desk-work"), ()),
        (structs.replace(TALK, mode="work"), ()),
    ],
)
def test_a_caller_may_be_given_where_the_star_menu_leads(link: Link, ways: tuple[str, ...]) -> None:
    assert giving_away.ways(link) == ways


@pytest.mark.parametrize(("to", "name"), [("queue:Sales", "Sales"), ("person:Carl", "Carl"), ("other", "other")])
def test_a_way_is_said_by_its_name(to: str, name: str) -> None:
    assert giving_away.named(to) == name


@pytest.mark.parametrize(
    ("link", "can"),
    [
        (TALK, True),
        (structs.replace(TALK, state="answered"), True),
        (structs.replace(TALK, state="dialing"), True),
        (OVER, False),
        (structs.replace(TALK, worker_call_sid=""), False),
    ],
)
@pytest.mark.parametrize("act", [giving_away.give, asking_first.act])
def test_nobody_is_given_away_before_the_talk_or_after_it(
    monkeypatch: pytest.MonkeyPatch, link: Link, can: bool, act: Callable[[Asked], object]
) -> None:
    """What comes next fails, as Twilio has no conference any more."""

    def over(*_given: object) -> Link:
        raise Changed("the talk is over")

    kept(monkeypatch, link)
    monkeypatch.setattr(giving_away, "with_leg", lambda link: link)
    monkeypatch.setattr(giving, "hold", over)
    monkeypatch.setattr(rest.conferences, "of_task", lambda _task: "")
    with pytest.raises(Changed, match="the talk is over" if can else "there is no talk with this caller now"):
        act(asked(do="ask", to="queue:Sales"))


@pytest.mark.parametrize(
    ("link", "attributes", "is_live", "leg"),
    [
        (TALK, {}, True, LEG),
        (structs.replace(TALK, worker_call_sid=""), {"worker_call_sid": LEG}, True, LEG),
        (structs.replace(TALK, worker_call_sid=""), {"worker_call_sid": LEG}, False, ""),
        (structs.replace(TALK, worker_call_sid=""), {"worker_call_sid": "x"}, True, ""),
        (structs.replace(TALK, worker_call_sid=""), None, True, ""),
    ],
)
def test_the_workers_leg_is_the_one_that_twilio_names_and_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, link: Link, attributes: dict[str, Any] | None, is_live: bool, leg: str
) -> None:
    class Task:
        def __init__(self) -> None:
            self.attributes = attributes

    monkeypatch.setattr(rest.tasks, "fetch", lambda _sid: None if attributes is None else Task())
    monkeypatch.setattr(rest.calls, "is_live", lambda _sid: is_live)
    monkeypatch.setattr(steps, "record_leg", lambda _key, leg: structs.replace(link, worker_call_sid=leg))
    assert giving_away.with_leg(link).worker_call_sid == leg


@pytest.mark.parametrize(("round_", "led"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_caller_who_waits_in_their_new_place_is_led_out_no_more(
    monkeypatch: pytest.MonkeyPatch, round_: int, led: int
) -> None:
    held = structs.replace(TALK, held_at=NOW - 1, next_round=2)
    given = structs.replace(held, transferred_to="queue:Sales")
    done: list[Link] = []

    def lead_on(link: Link, _now: float) -> bool:
        done.append(link)
        return True

    kept(monkeypatch, TALK, call=Call(call_sid=CALL, round=round_))
    monkeypatch.setattr(giving, "hold", lambda *_given: held)
    monkeypatch.setattr(steps, "transfer", lambda *_given: given)
    monkeypatch.setattr(consulting, "is_at_work", lambda *_given: False)
    monkeypatch.setattr(caller_leg, "record", lambda *_given: None)
    monkeypatch.setattr(consulting, "lead_on", lead_on)
    monkeypatch.setattr(consulting, "withdraw", lambda _link: pytest.fail("nobody is asked"))
    assert giving_away.give(asked(to="queue:Sales")) == {"said": "The caller goes to Sales."}
    assert done == [given] * led


# --- Asking first


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        (TALK, None),
        (structs.replace(TALK, consults="person:Carl"), None),
        (
            structs.replace(TALK, consults="person:Carl", consult_state="asking"),
            asking_first.Consult("Carl", "asking", ""),
        ),
        (
            structs.replace(TALK, consults="queue:Sales", consult_state="talking", consult_name="Ann"),
            asking_first.Consult("Sales", "talking", "Ann"),
        ),
        (structs.replace(TALK, consults="person:Carl", consult_state="over", transferred_to="person:Carl"), None),
        (structs.replace(TALK, consult_state="over"), None),
    ],
)
def test_a_card_shows_whom_the_worker_asks(link: Link, shown: asking_first.Consult | None) -> None:
    assert asking_first.shown(link) == shown


ASKS = structs.replace(TALK, held_at=NOW - 9, consults="person:Carl", consult_leg="CA9", consult_name="Carl")


@pytest.mark.parametrize(("state", "is_held"), [("asking", True), ("talking", False), ("both", False), ("", False)])
def test_ask_again_holds_the_caller_only_while_nobody_has_taken_it(
    monkeypatch: pytest.MonkeyPatch, state: Any, is_held: bool
) -> None:
    held: list[Link] = []

    def holds(link: Link) -> bool:
        held.append(link)
        return True

    kept(monkeypatch, structs.replace(ASKS, consult_state=state))
    monkeypatch.setattr(caller_leg, "record", lambda *_given: None)
    monkeypatch.setattr(consulting, "hold", holds)
    monkeypatch.setattr(consulting, "post", lambda *_given: None)
    assert asking_first.act(asked(do="ask", to="person:Carl")) == {"said": "The caller hears music. Carl is asked."}
    assert len(held) == is_held


@pytest.mark.parametrize(
    ("state", "in_room", "problem"),
    [
        ("talking", True, ""),
        ("both", True, ""),
        ("talking", False, "Carl has left"),
        ("asking", True, "Carl has left"),
        ("over", True, "Carl has left"),
    ],
)
def test_a_colleague_gets_the_caller_who_is_in_the_room(
    monkeypatch: pytest.MonkeyPatch, state: Any, in_room: bool, problem: str
) -> None:
    handed = structs.replace(ASKS, consult_state=state, transferred_to="handed:Carl")
    kept(monkeypatch, structs.replace(ASKS, consult_state=state))
    monkeypatch.setattr(rest.conferences, "is_in", lambda _room, _leg: in_room)
    monkeypatch.setattr(consults, "hand_over", lambda *_given: handed)
    monkeypatch.setattr(consulting, "finish", lambda link, _now: link)
    if problem:
        with pytest.raises(Changed, match=problem):
            asking_first.act(asked(do="hand over"))
    else:
        assert asking_first.act(asked(do="hand over")) == {"said": "Carl has the caller."}


@pytest.mark.parametrize(
    ("state", "is_back", "problem"),
    [
        ("both", True, ""),
        ("both", False, "the talk is over"),
        ("asking", True, "Carl has left"),
        ("over", True, "Carl has left"),
        ("talking", True, "Carl has left"),
    ],
)
def test_all_three_talk_once_the_caller_is_off_hold(
    monkeypatch: pytest.MonkeyPatch, state: Any, is_back: bool, problem: str
) -> None:
    kept(monkeypatch, ASKS)
    monkeypatch.setattr(consults, "join", lambda link: structs.replace(link, consult_state=state))
    monkeypatch.setattr(consulting, "unhold", lambda _link: is_back)
    if problem:
        with pytest.raises(Changed, match=problem):
            asking_first.act(asked(do="both"))
    else:
        assert asking_first.act(asked(do="both")) == {"said": "You, Carl and the caller talk."}


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize(
    ("room_sid", "fails", "is_withdrawn"),
    [("CF1", "", True), ("", "", False), ("CF1", "ends", False), ("CF1", "back", True)],
)
def test_back_to_the_caller_ends_the_question_and_the_hold(
    monkeypatch: pytest.MonkeyPatch, room_sid: str, fails: str, is_withdrawn: bool, asks: bool
) -> None:
    link, withdrawn = structs.replace(ASKS if asks else TALK, room_sid=room_sid), list[Link]()
    kept(monkeypatch, link)
    monkeypatch.setattr(rest.conferences, "end_with", lambda *_given, ends: ends and fails != "ends")
    monkeypatch.setattr(consults, "back", lambda link: structs.replace(link, consults=""))
    monkeypatch.setattr(consulting, "withdraw", withdrawn.append)
    monkeypatch.setattr(consulting, "unhold", lambda _link: fails != "back")
    if room_sid and not fails:
        assert asking_first.act(asked(do="back")) == {"said": "You talk to the caller."}
    else:
        with pytest.raises(Changed, match="the talk is over"):
            asking_first.act(asked(do="back"))
    assert withdrawn == [link] * (asks and is_withdrawn)


@pytest.mark.parametrize(("asks", "other"), [("person:Carl", "queue:Sales"), ("queue:Sales", "person:Carl")])
def test_while_one_is_asked_nobody_else_is(monkeypatch: pytest.MonkeyPatch, asks: str, other: str) -> None:
    kept(monkeypatch, structs.replace(ASKS, consults=asks, consult_state="talking"))
    with pytest.raises(Changed, match=f"{giving_away.named(asks)} is asked already"):
        asking_first.act(asked(do="ask", to=other))


@pytest.mark.parametrize("do", ["ask", "back", "both"])
@pytest.mark.parametrize(
    ("to", "said"), [("handed:Carl", "Carl has the caller"), ("queue:Sales", "the caller goes to Sales already")]
)
def test_a_caller_who_is_given_away_is_not_the_workers_any_more(
    monkeypatch: pytest.MonkeyPatch, do: str, to: str, said: str
) -> None:
    kept(monkeypatch, structs.replace(ASKS, transferred_to=to))
    with pytest.raises(Changed, match=said):
        asking_first.act(asked(do=do, to="person:Carl"))


# --- Supervisors


@pytest.mark.parametrize(
    ("link", "is_heard"),
    [
        (TALK, True),
        (structs.replace(TALK, state="answered"), False),
        (structs.replace(TALK, state="ringing"), False),
        (OVER, False),
        (structs.replace(TALK, mode="crm-first"), False),
        (structs.replace(TALK, mode="direct"), False),
        (structs.replace(TALK, mode="desk-work"), False),
    ],
)
def test_talks_of_the_desk_can_be_heard(monkeypatch: pytest.MonkeyPatch, link: Link, is_heard: bool) -> None:
    known = board.Board((), None, board.Queued(), (), (link,))
    monkeypatch.setattr(board, "read", lambda: known)
    assert len(supervising.listed(asked())["talks"]) == is_heard


def test_the_longest_talk_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    talks = tuple(structs.replace(TALK, bridged_at=at) for at in (5, 3, 4))
    monkeypatch.setattr(board, "read", lambda: board.Board((), None, board.Queued(), (), talks))
    found = supervising.listed(asked())["talks"]
    assert [one.since for one in found] == [3, 4, 5]
    assert found[0] == supervising.Talk(CALL, RESERVATION, 3, "Bea", "Support", "…71")


@pytest.mark.parametrize(
    ("link", "has_worker", "is_live", "error"),
    [
        (TALK, True, True, None),
        (TALK, True, False, Changed),
        (TALK, False, True, NotFound),
        (OVER, True, True, NotFound),
        (None, True, True, NotFound),
    ],
)
def test_a_supervisor_is_rung_into_a_talk_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, link: Link | None, has_worker: bool, is_live: bool, error: Any
) -> None:
    kept(monkeypatch, link)
    bea = rest.workers.Worker(WORKER, "", True, 0.0, "", "Bea")
    monkeypatch.setattr(rest.workers, "of_name", lambda _name: bea if has_worker else None)
    monkeypatch.setattr(rest.reservations, "supervise", lambda *_given: is_live)
    if error:
        with pytest.raises(error):
            supervising.act(asked(way="join"))
    else:
        assert supervising.act(asked(way="join")) == {"said": "Your phone rings."}


# --- Lines and workers, in the console


@pytest.mark.parametrize(
    ("until", "time"), [("", None), ("00:00", (0, 0)), ("09:30", (9, 30)), ("19:05", (19, 5)), ("23:59", (23, 59))]
)
def test_a_line_is_switched_until_a_time_of_day(
    monkeypatch: pytest.MonkeyPatch, until: str, time: tuple[int, int] | None
) -> None:
    turned: list[Any] = []

    def turn(*given: object) -> str:
        turned.append(given)
        return "It is closed."

    monkeypatch.setattr(staff_lines, "turn", turn)
    order = {"to": "closed", "until": until, "say": "Snow."}
    asks = asked(**order)._replace(path={"line": "support"})
    assert lines.act(asks) == {"said": "It is closed."}
    ((of_line, to, change, now),) = turned
    assert (of_line.line, of_line.until, of_line.say, to) == ("support", time, "Snow.", "closed")
    assert (change.at, change.by, change.sid, now) == (int(NOW), "bea@example.com", f"console-{UUID}", NOW)


@pytest.mark.parametrize("until", ["24:00", "9:30", "12:60", "12:00 ", "1200"])
def test_what_is_no_time_of_day_switches_nothing(until: str) -> None:
    with pytest.raises(Wrong, match="until is a time of day"):
        lines.act(asked(to="closed", until=until)._replace(path={"line": "support"}))


def test_a_line_that_others_switch_at_the_same_moment_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> str:
        raise ConditionFailed({})

    monkeypatch.setattr(staff_lines, "turn", fails)
    with pytest.raises(Changed, match="at the same moment"):
        lines.act(asked(to="closed")._replace(path={"line": "support"}))


def worker(name: str, activity: str, sid: str = WORKER) -> rest.workers.Worker:
    return rest.workers.Worker(sid, ACTIVITIES[activity], activity == "Available", 5.0, '"1"', name)


def test_workers_are_listed_by_name_with_their_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [worker("dora", "Offline"), worker("Bea", "Available"), worker("Carl", "Wrap up")]
    monkeypatch.setattr(rest.workers, "matching", lambda _expression: known)
    found = workers.listed(asked())
    assert [one["name"] for one in found["workers"]] == ["Bea", "Carl", "dora"]
    shown = {"sid": WORKER, "name": "Bea", "activity": "Available", "available": True, "since": 5.0}
    assert found["workers"][0] == shown and found["activities"] == list(ACTIVITIES)


@pytest.mark.parametrize(
    ("seen", "is_set", "said"),
    [
        ("Available", True, "Bea was Available, and is Unavailable now."),
        ("Available", False, ""),
        ("Aaa", True, ""),
        ("Offline", True, ""),
        ("", True, ""),
    ],
)
def test_a_worker_is_moved_from_where_they_were_seen(
    monkeypatch: pytest.MonkeyPatch, seen: str, is_set: bool, said: str
) -> None:
    bea = worker("Bea", "Available")
    monkeypatch.setattr(rest.workers, "matching", lambda _expression: [bea])
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: bea)
    monkeypatch.setattr(rest.workers, "set_activity", lambda _worker, _activity: is_set)
    asks = asked(activity="Unavailable", seen=seen)._replace(path={"worker": WORKER})
    if said:
        assert workers.act(asks) == {"said": said}
    else:
        with pytest.raises(Changed, match="Bea was moved meanwhile"):
            workers.act(asks)


@pytest.mark.parametrize("activity", ["Offline", "Available", "Wrap up"])
def test_a_worker_who_is_there_already_is_not_moved(monkeypatch: pytest.MonkeyPatch, activity: str) -> None:
    bea = worker("Bea", activity)
    monkeypatch.setattr(rest.workers, "matching", lambda _expression: [bea])
    monkeypatch.setattr(rest.workers, "fetch", lambda _sid: bea)
    monkeypatch.setattr(rest.workers, "set_activity", lambda *_given: pytest.fail("moved"))
    asks = asked(activity=activity, seen="Unavailable")._replace(path={"worker": WORKER})
    assert workers.act(asks) == {"said": f"Bea is {activity}."}
    assert json.dumps(workers.act(asks))


def test_the_key_of_a_card_is_that_of_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Key] = []
    monkeypatch.setattr(reading, "find_link", found.append)
    assert access.link_of(asked()) is None and found == [Key(CALL, RESERVATION)]
