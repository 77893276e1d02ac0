"""Messages: sent over REST, received and answered, and the words for opting out."""

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.messaging.model import Message, keyword
from emulator.ports import WebResponse
from tests.emulator.empty_account import EmptyAccount
from tests.emulator.harness import BASE, CALLER, LINE, Harness, down
from tests.emulator.official import client_of

ANN = "+15550001"


def line(answer: object = "", **worlds: object) -> Harness:
    """A number of the account whose messages go to /text, which answers this."""
    harness = Harness({"/text": answer}, **worlds)  # type: ignore[dict-item, arg-type]
    client = client_of(harness)
    (number,) = client.incoming_phone_numbers.list(phone_number=LINE)
    number.update(sms_url=f"{BASE}/text")
    return harness


def code(harness: Harness, **given: object) -> int:
    with pytest.raises(TwilioRestException) as caught:
        client_of(harness).messages.create(**given)
    return int(caught.value.code)


# Out


def test_a_message_is_queued_sent_and_delivered() -> None:
    harness = line()
    message = client_of(harness).messages.create(
        from_=LINE, to=ANN, body="You missed a call", status_callback=f"{BASE}/told"
    )
    assert (message.status, message.direction, message.num_segments) == ("queued", "outbound-api", "1")
    harness.run(5)
    assert [form["MessageStatus"] for form in harness.forms("/told")] == ["sent", "delivered"]
    assert {(form["MessageSid"], form["To"]) for form in harness.forms("/told")} == {(message.sid, ANN)}
    assert message.fetch().status == "delivered"


def test_messages_are_listed_by_their_numbers_emptied_and_deleted() -> None:
    harness = line()
    client = client_of(harness)
    first = client.messages.create(from_=LINE, to=ANN, body="One")
    client.messages.create(from_=LINE, to="+15550002", body="Two")
    assert [one.body for one in client.messages.list()] == ["Two", "One"]
    assert [one.sid for one in client.messages.list(to=ANN, from_=LINE)] == [first.sid]
    assert first.update(body="").body == ""
    assert first.delete()
    assert client.messages.list(to=ANN) == []


def test_what_cannot_be_sent_is_refused_with_twilios_codes() -> None:
    harness = line()
    assert code(harness, from_=LINE, to="") == 21604
    assert code(harness, to=ANN, body="Hi") == 21603
    assert code(harness, from_="+15559999", to=ANN, body="Hi") == 21606
    assert code(harness, from_=LINE, to=ANN) == 21602
    assert code(harness, from_=LINE, to=ANN, body="x" * 1601) == 21617
    assert code(harness, from_=LINE, to="Ann", body="Hi") == 21211
    assert client_of(harness).messages.list() == []


def test_an_unregistered_number_sends_messages_that_do_not_arrive() -> None:
    harness = line()
    harness.twilio.messaging.failing[ANN] = 30034
    message = client_of(harness).messages.create(from_=LINE, to=ANN, body="Hi", status_callback=f"{BASE}/told")
    harness.run(5)
    assert (message.fetch().status, message.fetch().error_code) == ("undelivered", 30034)
    assert [form.get("ErrorCode") for form in harness.forms("/told")] == [None, "30034"]


def test_a_service_sends_from_a_number_of_the_account() -> None:
    message = client_of(line()).messages.create(messaging_service_sid="MG" + "0" * 32, to=ANN, body="Hi")
    assert (message.from_, message.messaging_service_sid) == (LINE, "MG" + "0" * 32)


@pytest.mark.parametrize(
    ("body", "segments"), [("a" * 160, 1), ("a" * 161, 2), ("ü" * 160, 1), ("한" * 70, 1), ("한" * 71, 2)]
)
def test_segments(body: str, segments: int) -> None:
    assert Message("SM1", "AC1", LINE, ANN, body, "inbound", 0.0, 0.0).segments == segments


# In


def test_an_incoming_message_goes_to_the_numbers_smsurl_and_is_answered() -> None:
    harness = line("<Message>We call you back</Message>")
    came = harness.twilio.text(ANN, LINE, "on", ["https://example.com/photo.jpg"])
    harness.run(5)
    (form,) = harness.forms("/text")
    assert (form["From"], form["To"], form["Body"], form["MessageSid"]) == (ANN, LINE, "on", came.sid)
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/jpeg")
    reply, incoming = client_of(harness).messages.list()
    assert (reply.to, reply.body, reply.direction, reply.status) == (
        ANN,
        "We call you back",
        "outbound-reply",
        "delivered",
    )
    assert (incoming.direction, incoming.status, incoming.sid) == ("inbound", "received", came.sid)


def test_what_a_message_carries_is_listed_fetched_and_deleted() -> None:
    harness = line("")
    came = harness.twilio.text(ANN, LINE, "look", ["https://example.com/photo.jpg?size=2", "https://example.com/note"])
    media = client_of(harness).messages(came.sid).media
    first, second = media.list()
    assert [first.content_type, second.content_type] == ["image/jpeg", "application/octet-stream"]
    assert media(first.sid).fetch().parent_sid == came.sid
    assert media(first.sid).delete()
    assert [one.sid for one in media.list()] == [second.sid]
    assert client_of(harness).messages(came.sid).fetch().num_media == "1"


def test_its_url_leads_to_where_it_is() -> None:
    harness = line("")
    harness.twilio.text(ANN, LINE, "look", ["https://example.com/photo.jpg"])
    harness.run(1)
    path = harness.forms("/text")[0]["MediaUrl0"].partition(harness.twilio.account_sid)[2]
    answer = harness.rest("GET", path)
    assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/photo.jpg")
    message, sid = path.split("/")[2], path.split("/")[-1]
    for wrong in (path.replace(sid, "ME" + "0" * 32), path.replace(message, "MM" + "0" * 32)):
        assert harness.rest("GET", wrong).status == 404


def test_several_replies_with_bodies_media_and_receivers_of_their_own() -> None:
    harness = line(
        f'<Message to="{CALLER}"><Body>One</Body><Media>/photo.jpg</Media></Message>'
        '<Message statusCallback="/told">Two</Message><Dance/>'
    )
    harness.twilio.text("+15550002", LINE, "status")
    harness.run(5)
    two, one, _ = client_of(harness).messages.list()
    assert (one.to, one.body, one.num_media, two.to, two.body) == (CALLER, "One", "1", "+15550002", "Two")
    assert [form["MessageStatus"] for form in harness.forms("/told")] == ["sent", "delivered"]
    assert harness.warnings() == ["12200"]


@pytest.mark.parametrize("answer", ["", WebResponse(200, {"content-type": "text/plain"}, b"")], ids=["xml", "plain"])
def test_nothing_is_sent_for_an_empty_answer(answer: object) -> None:
    harness = line(answer)
    harness.twilio.text(ANN, LINE, "thanks")
    harness.run(5)
    assert (len(client_of(harness).messages.list()), harness.warnings()) == (1, [])


def test_plain_text_is_the_reply() -> None:
    harness = line(WebResponse(200, {"content-type": "text/plain"}, b"Welcome"))
    harness.twilio.text(ANN, LINE, "hi")
    harness.run(5)
    assert client_of(harness).messages.list()[0].body == "Welcome"


def test_a_redirect_asks_another_document() -> None:
    harness = line("<Redirect>/next</Redirect><Message>Never</Message>")
    harness.pages["/next"] = "<Message>Here</Message>"
    harness.twilio.text(ANN, LINE, "hi")
    harness.run(5)
    assert [one.body for one in client_of(harness).messages.list(from_=LINE)] == ["Here"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (down, "11205"),
        (WebResponse(500, {}, b""), "11200"),
        (WebResponse(200, {"content-type": "text/xml"}, b""), "12100"),
        (WebResponse(200, {"content-type": "application/pdf"}, b"x"), "12300"),
    ],
)
def test_a_failing_document_falls_back_once_with_code_and_url(answer: object, told: str) -> None:
    harness = line(answer)
    (number,) = client_of(harness).incoming_phone_numbers.list(phone_number=LINE)
    number.update(sms_fallback_url=f"{BASE}/sorry", sms_fallback_method="GET")
    harness.twilio.text(ANN, LINE, "hi")
    harness.run(30)
    (form,) = harness.forms("/sorry")
    assert (form["ErrorCode"], form["ErrorUrl"], form["Body"]) == (told, f"{BASE}/text", "hi")
    assert harness.warnings() == [told, "11200"]  # the fallback has no document either


def test_a_number_without_a_url_keeps_the_message() -> None:
    harness = Harness({})
    harness.twilio.text(ANN, LINE, "hi")
    harness.run(2)
    assert ([one.body for one in client_of(harness).messages.list(to=LINE)], harness.asked) == (["hi"], [])


# The words for opting out


@pytest.mark.parametrize(
    ("body", "word"),
    [(" Stop ", "stop"), ("OPTOUT", "stop"), ("yes", "start"), ("HELP", "help"), ("stop it", ""), ("on", ""), ("", "")],
)
def test_only_the_word_alone_counts(body: str, word: str) -> None:
    assert keyword(body) == word


def test_who_says_stop_gets_nothing_more_until_they_say_start() -> None:
    harness = line("<Message>Are you sure?</Message>")
    harness.twilio.text(ANN, LINE, "STOP")
    harness.run(5)
    assert len(harness.forms("/text")) == 1  # the application hears of it, and its answer cannot be sent
    assert harness.warnings() == ["21610"]
    assert code(harness, from_=LINE, to=ANN, body="Hi") == 21610
    harness.twilio.own("+15550101")
    assert client_of(harness).messages.create(from_="+15550101", to=ANN, body="Hi").status == "queued"
    harness.twilio.text(ANN, LINE, "Start")
    assert client_of(harness).messages.create(from_=LINE, to=ANN, body="Hi").status == "queued"


def sent_by_twilio(harness: Harness) -> list[str]:
    """The first words of what Ann was sent without the application."""
    messages = harness.trace("message")
    sent = [one for one in messages if one["direction"] == "outbound-reply" and one["status"] == "delivered"]
    return [" ".join(one["body"].split()[:3]) for one in sent]


def test_twilio_answers_stop_start_and_help_itself_when_they_change_something() -> None:
    harness = line("")
    for word in ("START", "HELP", "STOP", "STOP", "INFO", "UNSTOP", "YES"):
        harness.twilio.text(ANN, LINE, word)
        harness.run(5)
    confirmed = ["Reply STOP to", "You have successfully", "You have successfully"]
    assert sent_by_twilio(harness) == confirmed
    assert (len(harness.forms("/text")), harness.warnings()) == (7, [])
    assert {one.direction for one in client_of(harness).messages.list()} == {"inbound"}


def test_or_its_answers_are_among_the_accounts_messages() -> None:
    harness = line("", confirmation="is_listed")
    harness.twilio.text(ANN, LINE, "STOP")
    harness.run(5)
    (answer,) = client_of(harness).messages.list(to=ANN)
    assert (answer.direction, answer.status) == ("outbound-reply", "delivered")
    assert answer.body.startswith("You have successfully been unsubscribed.")


def test_or_twilio_keeps_the_stop_to_itself() -> None:
    harness = line("<Message>Are you sure?</Message>", opt_out_word="is_kept")
    harness.twilio.text(ANN, LINE, "STOP")
    harness.run(5)
    assert (harness.forms("/text"), harness.warnings()) == ([], [])
    assert code(harness, from_=LINE, to=ANN, body="Hi") == 21610


def test_requests_and_answers_are_as_described(account: EmptyAccount) -> None:
    account.twilio.number(LINE, "")
    messages = account.client.messages
    message = messages.create(from_=LINE, to=ANN, body="Hi", status_callback=f"{BASE}/told")
    came = account.twilio.text(ANN, LINE, "hello", ["https://example.com/photo.jpg"])
    (media,) = messages(came.sid).media.list()
    assert media.fetch().content_type == "image/jpeg"
    assert media.delete()
    account.run(5)
    assert {one.status for one in messages.list()} == {"delivered", "received"}
    assert message.update(body="").fetch().body == ""
    assert message.delete()
