"""What the inspector shows of a call, and that its page is sound whatever people and applications write."""

import re

import pytest
from twilio.request_validator import RequestValidator

from emulator.http.exchanges import MOST_EXCHANGES
from emulator.inspector import page
from emulator.inspector.facts import MOST_ROWS, page_of
from emulator.inspector.redaction import redacted
from emulator.inspector.render import render
from emulator.ports import WebFailure, WebResponse
from emulator.voice.parties import answers, declines
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, CALLER, LINE, TOKEN, WORKER, Harness, down
from tests.emulator.page_reading import Element, read

DEQUEUE = WebResponse(200, {"content-type": "application/json"}, b'{"instruction": "dequeue"}')
HOSTILE = "</td><script>alert(1)</script><b onclick='x'>\" onfocus=y &lt;"


def call(harness: Harness, sid: str) -> page.Call:
    (found,) = (one for one in page_of(harness.twilio).calls if one.sid == sid)
    return found


def where(harness: Harness, sid: str) -> str:
    return "".join(part if isinstance(part, str) else part.label for part in call(harness, sid).where)


def shown(harness: Harness) -> Element:
    return read(render(page_of(harness.twilio)))


# A call from its dialling to its end


def test_a_caller_waits_a_phone_rings_that_nobody_scripted_and_the_two_are_joined() -> None:
    harness = FullHarness()
    harness.pages["/assignment"] = DEQUEUE
    harness.twilio.names[CALLER] = "Ann"
    harness.twilio.names[WORKER] = "Ada"
    caller = harness.dial()
    harness.run(3)
    worker = next(sid for sid in harness.twilio.context.calls if sid != caller)
    assert where(harness, caller) == "waits as number 1 in the queue Calls (workflow)"
    assert (where(harness, worker), sorted(call(harness, worker).buttons)) == ("the phone rings", ["answer", "decline"])
    (task,) = page_of(harness.twilio).tasks
    assert (task.status, task.call, call(harness, worker).task) == (
        "reserved",
        page.Link(caller, "Ann"),
        page.Link(task.sid, task.sid),
    )
    harness.twilio.answer(worker)
    harness.run(1)
    assert (where(harness, caller), where(harness, worker)) == ("joined with Ada", "joined with Ann")
    assert call(harness, caller).buttons == {"press", "say", "hang-up"}
    harness.twilio.hang_up(caller)
    harness.run(1)
    assert (where(harness, caller), call(harness, caller).buttons) == ("completed", frozenset())


def test_who_waits_in_which_queue_and_what_each_worker_does() -> None:
    harness = FullHarness()
    first, second = harness.dial(), harness.dial()
    harness.run(30)
    now = page_of(harness.twilio)
    assert next((queue.name, queue.kind, [who.sid for who, _ in queue.waiting]) for queue in now.queues) == (
        "Calls (workflow)",
        "of callers",
        [first, second],
    )
    (waiting,) = (task for task in now.tasks if task.status == "pending")
    assert [who.sid for who, _ in now.queues[1].waiting] == [waiting.sid]
    (worker,) = now.workers
    assert (worker.activity, worker.available, worker.reservations[0].status) == ("Available", True, "pending")
    assert worker.reservations[0].other.sid != waiting.sid


def test_legs_that_a_dial_or_a_conference_joined_are_joined_there_too() -> None:
    harness = Harness({"/incoming": f"<Dial><Number>{WORKER}</Number></Dial>"})
    harness.twilio.phone(WORKER).will(answers(1))
    caller = harness.dial()
    harness.run(5)
    assert where(harness, caller) == f"joined with {WORKER}"
    harness = Harness({"/incoming": "<Dial><Conference waitUrl=''>room</Conference></Dial>"})
    first = harness.dial()
    harness.run(1)
    assert where(harness, first) == "waits in the conference room"
    harness.dial()
    harness.run(1)
    assert where(harness, first) == "in the conference room"
    (conference,) = page_of(harness.twilio).conferences
    assert (conference.name, conference.status, len(conference.participants)) == ("room", "in-progress", 2)


def test_live_calls_stand_before_those_that_are_over_and_the_newest_first() -> None:
    harness = Harness({"/incoming": "<Pause length='60'/>"})
    sids = [harness.dial() for _ in range(3)]
    harness.run(1)
    harness.twilio.hang_up(sids[2])
    harness.run(1)
    assert [one.sid for one in page_of(harness.twilio).calls] == [sids[1], sids[0], sids[2]]


# Webhooks, and what went wrong


def test_a_webhook_is_shown_with_what_was_sent_how_it_was_signed_and_what_came_back() -> None:
    harness = Harness({"/incoming": "<Say>Hello</Say>"})
    caller = harness.dial()
    harness.run(1)
    (webhook,) = page_of(harness.twilio).webhooks
    assert (webhook.method, webhook.url, webhook.status, webhook.failed) == ("POST", f"{BASE}/incoming", "200", False)
    assert (webhook.parameters["From"], webhook.about) == (CALLER, page.Link(caller, CALLER))
    assert RequestValidator(TOKEN).validate(webhook.signed, dict(webhook.parameters), webhook.signature)
    assert "<Say>Hello</Say>" in webhook.body
    assert webhook.took == pytest.approx(0.05)


def test_one_that_is_under_way_is_shown_as_such() -> None:
    harness = Harness({"/incoming": "<Say>Hello</Say>"})
    harness.delays["/incoming"] = 8
    harness.dial()
    harness.run(3)
    (webhook,) = page_of(harness.twilio).webhooks
    assert (webhook.status, webhook.took, webhook.failed) == ("under way", None, False)


def test_a_retry_is_shown_beside_the_attempt_that_failed() -> None:
    harness = Harness({"/incoming": down})
    harness.dial()
    harness.run(1)
    second, first = page_of(harness.twilio).webhooks
    assert [(one.attempt, one.status, list(one.attempts)) for one in (first, second)] == [
        (1, "no connection", [2]),
        (2, "no connection", [1]),
    ]
    assert [problem.webhook for problem in page_of(harness.twilio).problems] == [2]


def test_what_went_wrong_names_the_webhook_and_what_it_answered_once() -> None:
    broken = WebResponse(500, {"content-type": "text/plain"}, b"KeyError: 'Digits'")
    harness = Harness({"/incoming": lambda _form: broken})
    caller = harness.dial()
    harness.run(1)
    (problem,) = page_of(harness.twilio).problems
    assert problem.what == "error 11200: HTTP retrieval failure: the answer's status is 500"
    assert (problem.asked, problem.answer) == (f"POST {BASE}/incoming: 500", "KeyError: 'Digits'")
    assert (problem.webhook, problem.about) == (1, page.Link(caller, CALLER))


def test_an_answer_that_came_in_time_but_says_nonsense_is_shown_with_the_warning() -> None:
    harness = FullHarness()
    harness.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, b'{"instruction": "dance"}')
    harness.dial()
    harness.run(1)
    (problem,) = page_of(harness.twilio).problems
    assert problem.what == "error 55555: Unknown instruction dance"
    assert (problem.asked, problem.answer) == (f"POST {BASE}/assignment: 200", '{"instruction": "dance"}')


def test_a_callback_that_failed_and_a_refusal_of_rest_are_wrong_too() -> None:
    harness = Harness({"/incoming": "<Hangup/>", "/told": lambda _form: WebFailure("timeout")})
    harness.twilio.dial(CALLER, LINE, voice_url=f"{BASE}/incoming", status_callback=f"{BASE}/told")
    harness.run(1)
    harness.rest("POST", "/Calls.json", To=WORKER, From=LINE)
    refused, failed = page_of(harness.twilio).problems
    assert (failed.what, failed.asked) == ("webhook failed", f"POST {BASE}/told: no answer in time")
    assert refused.what.startswith("REST POST /2010-04-01/Accounts/AC1")


def test_a_long_run_keeps_the_last_webhooks_and_the_page_shows_the_newest() -> None:
    harness = Harness({"/incoming": "<Redirect/>"})
    harness.dial()
    while harness.twilio.webhooks.exchanges.count < MOST_EXCHANGES + 20:
        harness.run(1)
    kept = harness.twilio.webhooks.exchanges
    assert (len(kept.last), kept.last[-1].number) == (MOST_EXCHANGES, kept.count)
    now = page_of(harness.twilio)
    assert (len(now.webhooks), now.left_out["webhooks"]) == (MOST_ROWS, MOST_EXCHANGES - MOST_ROWS)
    assert "400 older ones are not shown." in render(now)


def test_a_large_answer_and_a_large_parameter_are_kept_in_part() -> None:
    harness = Harness({"/incoming": f"<Say>{'x' * 60_000}</Say>"})
    harness.twilio.dial(CALLER, LINE)
    harness.run(1)
    (webhook,) = page_of(harness.twilio).webhooks
    assert len(webhook.body) == 4_000


# The page as such


def everything(text: str) -> FullHarness:
    """A call centre in which every text that people, applications and operators choose is this one."""
    harness = FullHarness()
    quoted = text.replace("&", "&amp;").replace("<", "&lt;")
    harness.pages["/assignment"] = WebResponse(500, {"content-type": "text/html", "x-note": text}, text.encode())
    harness.pages["/wait"] = f"<Say>{quoted}</Say><Pause length='30'/>"
    harness.pages["/room"] = f"<Dial><Conference waitUrl=''>{quoted}</Conference></Dial>"
    harness.twilio.names.update({CALLER: text, WORKER: text})
    router = harness.twilio.router
    router.create_worker(text, {"note": text, "contact_uri": WORKER}, harness.worker.activity.sid)
    router.create_task_queue(text)
    router.workspace.friendly_name = harness.workflow.friendly_name = text
    harness.workflow.fallback_assignment_callback_url = f"{BASE}/{text}"
    caller = harness.dial()
    for _ in range(2):
        harness.twilio.dial(WORKER, LINE, voice_url=f"{BASE}/room")
    harness.twilio.dial(CALLER, LINE, voice_url=f"javascript:{text}")
    harness.twilio.text(CALLER, LINE, text)
    harness.ring()
    harness.rest("GET", f"/{text}.json")
    harness.run(2)
    harness.twilio.say(caller, text)
    return harness


def test_markup_in_any_text_is_shown_as_text() -> None:
    html = render(page_of(everything(HOSTILE).twilio), refusal=HOSTILE, filled={"name": HOSTILE, "from": HOSTILE})
    tree = read(html)
    assert html.count("<script") == 1
    assert [one.attributes for one in tree.all("script")] == [{"src": "/_emulator/inspector.js", "defer": ""}]
    assert not [name for one in tree.all() for name in one.attributes if name.startswith("on") or name == "style"]
    assert html.count("alert(1)") > 20  # it is there, as text
    assert len(list(tree.all("table"))) == 9


def test_nothing_on_the_page_leads_out_of_it() -> None:
    tree = read(render(page_of(everything("javascript:alert(1)").twilio)))
    leads = [one.attributes[name] for one in tree.all() for name in ("href", "src", "action") if name in one.attributes]
    assert {lead for lead in leads if not lead.startswith(("#", "/_emulator/"))} == {"data:,"}


def dead_links(tree: Element) -> set[str]:
    ids = [one.attributes["id"] for one in tree.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    return {one.attributes["href"] for one in tree.all("a")} - {f"#{name}" for name in ids} - {"/_emulator/timeline"}


def test_every_link_leads_to_a_row_and_every_name_is_there_once() -> None:
    tree = shown(everything("x"))
    assert dead_links(tree) == set()
    targets = {one.attributes["href"][1:3] for one in tree.all("a")}
    assert {"CA", "WT", "WK", "WQ", "WW", "QU", "CF", "we"} <= targets


def test_what_is_not_shown_any_more_is_no_link() -> None:
    harness = Harness({"/incoming": "<Hangup/>"})
    harness.twilio.dial(CALLER, LINE, voice_url=f"{BASE}/nowhere")
    for _ in range(MOST_ROWS + 5):
        harness.run(1)
        harness.dial()
    harness.run(1)
    tree = shown(harness)
    assert "webhook 1 POST" in tree.by_id("problems").text
    assert dead_links(tree) == set()


def test_a_screen_reader_finds_landmarks_headings_heads_of_tables_and_labels() -> None:
    tree = shown(everything("x"))
    assert [len(list(tree.all(name))) for name in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    for section in tree.all("section"):
        assert section.by_id(section.attributes["aria-labelledby"]).name == "h2"
    for table in tree.all("table"):
        assert next(table.all("caption")).text
        assert all(cell.attributes["scope"] in {"col", "row"} for cell in table.all("th"))
    labelled = {one.attributes["for"] for one in tree.all("label") if "for" in one.attributes}
    labelled |= {
        field.attributes["id"] for label in tree.all("label") for field in label.all() if "id" in field.attributes
    }
    fields = [one for kind in ("input", "select") for one in tree.all(kind) if one.attributes.get("type") != "hidden"]
    assert len(fields) > 6
    assert {one.attributes["id"] for one in fields} <= labelled
    assert all(button.text for button in tree.all("button"))


def test_an_account_with_nothing_in_it_says_what_to_do() -> None:
    harness = Harness({})
    harness.twilio.numbers.clear()
    text = shown(harness).text
    assert "Nothing, so far." in text
    assert "the account has no number" in text


@pytest.mark.parametrize("secret", [TOKEN, "se<cr&et"])
def test_a_secret_is_never_on_the_page_even_where_an_application_sends_it_round(secret: str) -> None:
    harness = everything(f"token={secret}")
    harness.twilio.account.auth_token = secret
    harness.twilio.account.api_keys["SK1"] = "another secret"
    harness.twilio.text(CALLER, LINE, "another secret")
    harness.run(1)
    text = read(render(page_of(harness.twilio))).text
    assert secret not in text
    assert "another secret" not in text
    assert "token=(secret)" in text


def test_secrets_are_taken_out_of_plain_data_of_every_shape() -> None:
    link = page.Link("CA1", "a 123 b")
    queue = page.Queue("QU1", "123", "of callers", [(link, 1.0)])
    assert redacted({"123": (queue, 123, None)}, ["123", ""]) == {
        "(secret)": (page.Queue("QU1", "(secret)", "of callers", [(page.Link("CA1", "a (secret) b"), 1.0)]), 123, None)
    }


def test_a_decline_by_a_person_of_the_script_needs_no_button() -> None:
    harness = Harness({})
    harness.twilio.phone(WORKER).will(declines(1))
    sid = harness.ring()
    harness.run(0.5)
    assert (where(harness, sid), call(harness, sid).buttons) == ("about to be dialled", frozenset())
    harness.run(3)
    assert where(harness, sid) == "busy"


def test_times_are_told_in_both_ways() -> None:
    harness = Harness({"/incoming": "<Pause length='9999'/>"})
    sid = harness.dial()
    harness.run(3725)
    row = shown(harness).by_id(sid)
    (since,) = row.all("time")
    assert since.text == "1 h 2 min"
    assert re.fullmatch(r"2027-01-15T08:00:00\.\d+\+00:00", since.attributes["datetime"])
