"""What no single value of callcenter.toml shows: each rule beside what it allows, with the whole sentence."""

from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.config.mistakes import mistakes

NUMBER, OTHER = "+14155550100", "+14155550199"
DESK = {"greeting": "Hello.", "numbers": [OTHER], "agent_numbers": [], "agents": []}
CALLBACK = {"countries": ["+1"]}
IN_BUCKET = {"kept_in": "s3"}
BACK = "a number that is not ours: callers would come back"
BUCKET = 'needs messages.kept_in = "s3"'


def told(line: dict[str, Any] | None = None, **tables: Any) -> list[str]:
    """The mistakes of a file whose line `a` has these keys, and which has these other tables."""
    lines = {"a": {"greeting": "Hello.", **(line or {})}, **tables.pop("lines", {})}
    center = callcenter.of_tables({"default_line": "a", "lines": lines, **tables})
    return [mistake.said for mistake in mistakes(center)]


def queue(**given: Any) -> dict[str, Any]:
    return {"queues": {"Support": given}}


def menu(*choices: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"prompt": "Press.", "choices": [{"digits": str(at), **one} for at, one in enumerate(choices, 1)], **given}


def test_a_file_of_one_line_has_none() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"simple_queues": {"desk": DESK}}, []),
        (
            {"simple_queues": {"desk": {**DESK, "numbers": [NUMBER]}}},
            [f"simple_queues.desk.numbers[0] is '{NUMBER}': each number may stand once, and lines.b.numbers[0] is the same"],
        ),
        (
            {"simple_queues": {"desk": {**DESK, "agent_numbers": ["+14155550104", OTHER]}}},
            [f"simple_queues.desk.agent_numbers[1] is '{OTHER}': each number may stand once, and simple_queues.desk.numbers[0] is the same"],
        ),
        (
            {"staff": {"numbers": [NUMBER]}},
            [f"staff.numbers[0] is '{NUMBER}': each number may stand once, and lines.b.numbers[0] is the same"],
        ),
        (
            {"lines": {"aa": {"greeting": "Hello.", "numbers": [NUMBER]}, "a0": {"greeting": "Hello.", "numbers": [NUMBER]}}},
            [f"lines.a0.numbers[0] is '{NUMBER}': each number may stand once, and lines.aa.numbers[0] is the same"],
        ),
    ],
)  # fmt: skip
def test_a_number_leads_to_one_place(tables: dict[str, Any], said: list[str]) -> None:
    given = {"lines": {"b": {"greeting": "Hello.", "numbers": [NUMBER]}}, **tables}
    assert told(**given) == said


# --- Callbacks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"callback": CALLBACK, "wait": {"leave_after": 61}}, []),
        (
            {"callback": CALLBACK, "wait": {"leave_after": 60}},
            ["lines.a.callback.offer_after is 60: less than the 60 s after which the caller leaves the queue"],
        ),
        (
            {"callback": CALLBACK, "wait": {"leave_after": 59}},
            ["lines.a.callback.offer_after is 60: less than the 59 s after which the caller leaves the queue"],
        ),
        (
            {"callback": {**CALLBACK, "says": {"ask": "At {phone}?", "ask_closed": "At {zone}?"}}},
            [
                "lines.a.callback.says.ask is 'At {phone}?': the only placeholder allowed is {number}",
                "lines.a.callback.says.ask_closed is 'At {zone}?': the only placeholder allowed is {number}",
            ],
        ),
        ({"callback": CALLBACK, "menu": menu({"then": "callback"})}, []),
        (
            {"menu": menu({"then": "callback"})},
            ["lines.a.menu.choices[0].then is 'callback': needs a table [lines.a.callback]"],
        ),
        ({"menu": menu({"then": "queue"}, {"then": "voicemail"}, {"then": f"number:{OTHER}"})}, []),
        ({"menus": {"main": menu({"then": "menu:b"}), "b": menu({"then": "back"})}}, []),
        ({"closed": {"then": "callback"}}, ["lines.a.closed.then is 'callback': needs a table [lines.a.callback]"]),
        ({"callback": CALLBACK, "closed": {"then": "callback"}}, []),
    ],
)
def test_callers_are_called_back_where_the_line_says_how(line: dict[str, Any], said: list[str]) -> None:
    assert told(line) == said
    behind = {"b": {"greeting": "Hello.", **line}}  # another line, without callbacks, stands before it
    assert told(lines=behind) == [sentence.replace("lines.a", "lines.b") for sentence in said]


def test_the_work_of_a_callback_has_its_name_for_itself() -> None:
    named = ["work.callback is 'there': another name, as the callbacks of a line are called so"]
    assert told({"callback": CALLBACK}, work={"callback": {"say": "?"}}) == named
    assert told(work={"callback": {"say": "?"}}) == []
    assert told({"callback": CALLBACK}, work={"lead": {"say": "?"}}) == []


# --- Menus


def leads(**to: str) -> dict[str, Any]:
    """The menus of a line: from each, which others its keys lead to, with `!` where attributes are given on the way."""
    every = {
        name: menu(
            *(
                {"then": f"menu:{one.strip('!')}", **({"attributes": {"a": 1}} if "!" in one else {})}
                for one in names.split()
            ),
            {},
        )
        for name, names in to.items()
    }
    return {"menus": every}


@pytest.mark.parametrize(
    ("menus", "said"),
    [
        (leads(main=""), []),
        (leads(main="b!", b="c!", c=""), []),
        (leads(main="b! c!", b="c!", c=""), []),
        (leads(main="b! c!", b="", c="b!"), []),
        (leads(main="b!", b="c!", c="b main"), []),
        (leads(main="b", b="main!"), ["b.choices[0].attributes"]),
        (leads(main="main!"), ["main.choices[0].attributes"]),
        (leads(main="b", b="b!"), ["b.choices[0].attributes"]),
        (leads(main="b", b="c", c="b!"), ["c.choices[0].attributes"]),
        (leads(main="b c", b="c!", c="b"), ["b.choices[0].attributes"]),
    ],
)
def test_what_is_chosen_counts_once_where_menus_lead_back(menus: dict[str, Any], said: list[str]) -> None:
    wrong = "is {'a': 1}: none where it leads back: what is chosen there counts"
    assert told(menus) == [f"lines.a.menus.{key} {wrong}" for key in said]


@pytest.mark.parametrize(
    ("menus", "said"),
    [
        (leads(b=""), ["lines.a.menus is 'b': needs one of the name main, which is asked first"]),
        (leads(main="", b=""), ["lines.a.menus.b is 'there': a choice that leads to it: then = 'menu:b'"]),
        (leads(main="", b="c", c="b"), [f"lines.a.menus.{name} is 'there': a choice that leads to it: then = 'menu:{name}'" for name in "bc"]),
        (leads(main="bills"), ["lines.a.menus.main.choices[0].then is 'menu:bills': allowed: menu:main"]),
        (leads(main="b", b="c", c="d", d="e", e="f main", f="b"), []),
        (
            leads(main="f b", b="c", c="d", d="e", e="f", f="g", g=""),
            ["lines.a.menus.g is 'there': at most 6 menus one below the other, and here are main > b > c > d > e > f > g"],
        ),
    ],
)  # fmt: skip
def test_every_menu_is_reached_within_six(menus: dict[str, Any], said: list[str]) -> None:
    assert told(menus) == said


LANGUAGES = {"en": {"language": "en-US"}, "es": {"language": "es-US"}}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"language": "es", "speech": {"en": ["yes"], "es": ["sí"]}}, []),
        ({"language": "de", "speech": {"de": ["ja"]}}, ["language is 'de': allowed: en, es"]),
        ({"language": "en", "speech": {"de": ["ja"]}}, ["speech is 'de': allowed: en, es"]),
        ({"language": "fr", "speech": {"de": ["ja"]}}, ["language is 'fr': allowed: en, es", "speech is 'de': allowed: en, es"]),
        ({"speech": ["yes"]}, []),
        ({"then": "hangup", "say": "Goodbye."}, []),
        ({"then": "hangup"}, ["then is 'hangup': needs say, a sentence before it"]),
        ({"then": "back"}, ["then is 'back': not allowed in main, which has none before it"]),
        ({"then": "voicemail"}, []),
    ],
)  # fmt: skip
def test_a_choice_is_right_by_itself(choice: dict[str, Any], said: list[str]) -> None:
    line = {"languages": LANGUAGES, "menu": menu({}, choice)}
    assert told(line) == [f"lines.a.menu.choices[1].{sentence}" for sentence in said]


def test_each_key_of_a_menu_stands_once() -> None:
    assert told({"menu": menu({}, {}, {"digits": "1"}, {"digits": "3"})}) == [
        "lines.a.menu.choices[2].digits is '1': each digits may stand once"
    ]
    both = {"menu": menu({}), "menus": {"main": menu({})}}
    assert told(both) == ["lines.a.menu is 'there': either menu, or menus with a main and others"]


# --- Hours


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ({}, ["lines.a.hours is 'office': allowed: none: there is no table [hours.NAME]"]),
        ({"day": {"week": {}}, "night": {"week": {}}}, ["lines.a.hours is 'office': allowed: day, night"]),
        ({"office": {"week": {}}}, []),
        (
            {"office": {"week": {"mon-fry": []}}},
            [
                "hours.office.week.mon-fry: allowed: mon, tue, wed, thu, fri, sat, sun, and spans of them such as mon-thu"
            ],
        ),
    ],
)
def test_the_hours_of_a_line_are_there_and_right(hours: dict[str, Any], said: list[str]) -> None:
    assert told({"hours": "office"}, hours=hours) == said


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ({"then": "redirect", "to": OTHER}, []),
        ({"then": "redirect"}, ["lines.a.closed.then is 'redirect': needs closed.to, the number"]),
        ({"then": "hangup"}, []),
        ({"then": "reject"}, []),
        ({"then": "voicemail", "urgent_key": {"digits": "1", "to": OTHER}}, []),
        ({"then": "hangup", "urgent_key": {"digits": "1", "to": OTHER}}, []),
        (
            {"then": "reject", "urgent_key": {"digits": "1", "to": OTHER}},
            ["lines.a.closed.urgent_key is 'there': not allowed with then = \"reject\", which says nothing"],
        ),
        ({"then": "redirect", "to": NUMBER}, [f"lines.a.closed.to is '{NUMBER}': {BACK}"]),
        (
            {"urgent_key": {"digits": "1", "to": NUMBER}},
            [f"lines.a.closed.urgent_key.to is '{NUMBER}': {BACK}"],
        ),
        (
            {"say_holiday": "Closed for {holiday}."},
            ["lines.a.closed.say_holiday is 'Closed for {holiday}.': the only placeholder allowed is {name}"],
        ),
    ],
)
def test_a_closed_line_leads_callers_somewhere_else(closed: dict[str, Any], said: list[str]) -> None:
    assert told({"numbers": [NUMBER], "closed": closed}) == said


# --- Who calls


@pytest.mark.parametrize(
    ("say", "said"),
    [
        ("Press {digit}.", []),
        ("Press a key.", ["lines.a.screening.say is 'Press a key.': needs {digit}"]),
        (
            "Press {digit}, {name}.",
            ["lines.a.screening.say is 'Press {digit}, {name}.': the only placeholder allowed is {digit}"],
        ),
        (
            "Press {digit} or {.",
            ["lines.a.screening.say is 'Press {digit} or {.': the only placeholder allowed is {digit}"],
        ),
        (
            "Press {digit} or }.",
            ["lines.a.screening.say is 'Press {digit} or }.': the only placeholder allowed is {digit}"],
        ),
    ],
)
def test_who_is_screened_hears_the_key(say: str, said: list[str]) -> None:
    assert told({"screening": {"say": say}}) == said


def test_who_is_screened_hears_the_key_in_each_language() -> None:
    say = {"en": "Press {digit}.", "es": "Pulse una tecla."}
    languages = {"en": {"language": "en-US"}, "es": {"language": "es-US"}}
    assert told({"languages": languages, "screening": {"say": say}}) == [
        f"lines.a.screening.say is {say}: needs {{digit}}"
    ]


@pytest.mark.parametrize(
    ("queues", "extensions", "has_menu", "said"),
    [
        ({"Support": {}}, {}, False, []),
        ({"Support": {}}, {"key": "9"}, True, []),
        ({}, {}, False, ["queue is 'Support': allowed: there is no queue"]),
        ({"Sales": {}, "Urgent": {}}, {}, False, ["queue is 'Support': allowed: Sales, Urgent"]),
        ({"Support": {}}, {"key": "9"}, False, ["key is '9': needs a menu; without one the extension is asked for at once"]),
        ({"Support": {}}, {}, True, ["key is 'missing': a line with a menu needs a key that asks for the extension"]),
        ({"Support": {}}, {"key": "1"}, True, ["key is '1': each key may stand once, and a choice of a menu has the same"]),
        ({"Support": {}}, {"away": "{who} is away."}, False, ["away is '{who} is away.': the only placeholder allowed is {name}"]),
    ],
)  # fmt: skip
def test_an_extension_is_asked_for_where_a_caller_can_type_one(
    queues: dict[str, Any], extensions: dict[str, Any], has_menu: bool, said: list[str]
) -> None:
    line = {"extensions": {"queue": "Support", **extensions}, **({"menu": menu({})} if has_menu else {})}
    assert told(line, queues=queues) == [f"lines.a.extensions.{sentence}" for sentence in said]


# --- Sentences


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ({"position": "You are number {position}.", "rough_wait": "About {minutes} minutes."}, []),
        (
            {"rough_wait": "About {seconds} s."},
            ["lines.a.wait.rough_wait is 'About {seconds} s.': the only placeholder allowed is {minutes}"],
        ),
        (
            {"rough_wait": "About {hours} h."},
            ["lines.a.wait.rough_wait is 'About {hours} h.': the only placeholder allowed is {minutes}"],
        ),
    ],
)
def test_who_waits_hears_what_is_known_of_the_queue(wait: dict[str, Any], said: list[str]) -> None:
    assert told({"wait": wait}) == said


@pytest.mark.parametrize(
    ("unsure", "is_right"),
    [("For {words} press {key}.", True), ("Press {key}.", True), ("Which?", True), ("{word}?", False), ("{?", False)],
)
def test_a_menu_that_is_unsure_says_words_and_keys_alone(unsure: str, is_right: bool) -> None:
    said = f"lines.a.menu.unsure is '{unsure}': the only placeholders allowed are {{words}} and {{key}}"
    assert told({"menu": menu({}, unsure=unsure)}) == ([] if is_right else [said])


ENGLISH = {"en": {"language": "en-US"}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"greeting": {"en": "Hello."}, "languages": ENGLISH}, []),
        ({"greeting": {}, "languages": ENGLISH}, ["lines.a.greeting: a sentence for each language"]),
        (
            {"greeting": {"es": "Hola."}, "languages": ENGLISH},
            ["lines.a.greeting.es is 'Hola.': allowed languages: en"],
        ),
        (
            {"greeting": {"en": "Hello."}},
            ["lines.a.greeting.en is 'Hello.': allowed languages: none: the line has no languages"],
        ),
        ({"greeting": "<b>Hello.</b>"}, ["lines.a.greeting is '<b>Hello.</b>': allowed tags: break, emphasis, lang, p, phoneme, prosody, s, say-as, sub, w"]),
        ({"languages": ENGLISH, "language": "en"}, []),
        ({"language": "fr-FR", "voice": "alice"}, []),
        ({"languages": ENGLISH, "language": "fr"}, ["lines.a.language is 'fr': allowed with languages: en"]),
        (
            {"languages": ENGLISH, "voice": "alice"},
            ["lines.a.voice is 'alice': not allowed with languages: lines.a.languages has the voices"],
        ),
        (
            {"languages": {}, "menu": menu({"language": "de"})},
            ["lines.a.menu.choices[0].language is 'de': allowed: none: the line has no languages"],
        ),
    ],
)  # fmt: skip
def test_a_line_speaks_its_languages(line: dict[str, Any], said: list[str]) -> None:
    assert told(line) == said


@pytest.mark.parametrize("key", ["star", "recording"])
def test_a_queue_speaks_the_languages_of_the_lines(key: str) -> None:
    text = {"en": "One moment.", "es": "Un momento."}
    given = {"star": {"menu": ["back"], "hold_say": text}, "recording": {"record": "both", "notice": text}}
    at = {"star": "hold_say", "recording": "notice"}[key]
    spanish = {"b": {"greeting": "Hello.", "languages": {"es": {"language": "es-US"}}}}
    queues = {"Support": {key: given[key]}}
    assert told({"languages": ENGLISH}, lines=spanish, queues=queues) == []
    assert told({"languages": ENGLISH}, queues=queues) == [
        f"queues.Support.{key}.{at}.es is 'Un momento.': allowed languages: en"
    ]


# --- Workers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "direct", "answer": {"mode": "at-once"}}, []),
        ({"mode": "direct"}, []),
        *(
            (
                {"mode": "direct", "answer": {"mode": mode}},
                [f"queues.Support.answer.mode is '{mode}': allowed with mode = \"direct\": at-once"],
            )
            for mode in ("key", "detect", "key+detect")
        ),
        ({"answer": {"mode": "key", "prompt": "Press 1 now.", "ask_seconds": 8}}, []),  # 3.86 s each
        (
            {"answer": {"mode": "key", "prompt": "Press 1 now.", "ask_seconds": 7}},
            ["queues.Support.answer.ask_seconds is 7: at least 8 s for 2 times the prompt and the key after it"],
        ),
        (
            {"answer": {"mode": "key", "yes": ["Take"], "no": ["leave", "TAKE"]}},
            ["queues.Support.answer.no is 'take': each word may stand once, and answer.yes has the same"],
        ),
        ({"after_talk": {"keys": {"1": "sold"}}}, []),
        (
            {"mode": "direct", "after_talk": {"keys": {"1": "sold"}}},
            ["queues.Support.after_talk is 'there': not allowed with mode = \"direct\""],
        ),
        ({"after_talk": {"keys": {"1": "sold"}, "note_seconds": 30}}, []),
        ({"after_talk": {"keys": {"0": "sold"}}}, []),
        (
            {"after_talk": {"keys": {"0": "sold"}, "note_seconds": 30}},
            ["queues.Support.after_talk.note_key is '0': keys has the same"],
        ),
        ({"star": {"menu": ["back", "person"]}}, []),
        (
            {"mode": "direct", "star": {"menu": ["back"]}},
            ["queues.Support.star is 'there': not allowed with mode = \"direct\""],
        ),
        ({"star": {"menu": ["back", "back"]}}, ["queues.Support.star.menu[1] is 'back': each choice may stand once"]),
        (
            {"star": {"menu": ["queue:Sales"]}},
            ["queues.Support.star.menu[0] is 'queue:Sales': allowed: queue:Support, person, back"],
        ),
        (
            {"star": {"menu": ["queue:Support"]}},
            [
                "queues.Support.star.menu[0] is 'queue:Support': needs queues.Support.attributes, by which the workflow"
                " puts a call there"
            ],
        ),
        ({"star": {"menu": ["queue:Support"]}, "attributes": {"department": "support"}}, []),
    ],
)
def test_what_a_worker_does_with_a_call_fits_together(given: dict[str, Any], said: list[str]) -> None:
    assert told(**queue(**given)) == said
    behind = {"queues": {"Plain": {}, "Support": given}}
    assert told(**behind) == [sentence.replace("allowed: queue:", "allowed: queue:Plain, queue:") for sentence in said]


@pytest.mark.parametrize(
    ("notice", "is_told"), [("Recorded.", True), ("elsewhere", True), (" ", False), ({"en": "Recorded."}, True)]
)
def test_nobody_is_recorded_without_a_notice(notice: str | dict[str, str], is_told: bool) -> None:
    said = told({"languages": ENGLISH}, **queue(recording={"record": "both", "notice": notice}))
    assert said == ([] if is_told else [
        'queues.Support.recording.notice is \' \': allowed is a sentence that callers hear before they wait, or'
        ' "elsewhere" where something else tells them'
    ])  # fmt: skip


def test_who_listens_calls_a_number_of_the_staff_and_hears_from_the_bucket() -> None:
    heard = queue(recording={"record": "both", "notice": "Recorded.", "who_may_listen": ["Bea"]})
    key = "queues.Support.recording.who_may_listen is 'there': needs"
    assert told(**heard, staff={"numbers": [NUMBER]}, messages=IN_BUCKET) == []
    assert told(**heard, messages=IN_BUCKET) == [f"{key} staff.numbers, which they call to listen"]
    assert told(**heard, staff={"numbers": [NUMBER]}) == [f'{key} messages.kept_in = "s3"']


# --- Messages


@pytest.mark.parametrize(
    ("voicemail", "messages", "work", "said"),
    [
        ({"max_seconds": 600}, {}, {}, []),
        ({"transcribe": "twilio", "max_seconds": 120}, IN_BUCKET, {}, []),
        (
            {"transcribe": "twilio", "max_seconds": 121},
            IN_BUCKET,
            {},
            ["max_seconds is 121: at most 120 where Twilio is to transcribe it"],
        ),
        ({"transcribe": "amazon", "max_seconds": 121}, IN_BUCKET, {}, []),
        ({"transcribe": "amazon"}, {}, {}, [f"transcribe is 'amazon': {BUCKET}"]),
        ({"transcribe": "twilio"}, {}, {}, [f"transcribe is 'twilio': {BUCKET}"]),
        ({"offered": True}, IN_BUCKET, {"message": {"say": "?"}}, []),
        ({"offered": True}, IN_BUCKET, {"lead": {"say": "?"}}, ["offered is 'true': needs a table [work.message]"]),
        ({"offered": True}, {}, {"message": {"say": "?"}}, [f"offered is 'true': {BUCKET}"]),
        ({}, {}, {"message": {"say": "?"}}, []),
        ({"offered": True, "messages_to": "Bea"}, IN_BUCKET, {"message": {"say": "?"}}, []),
        ({"messages_to": "Bea"}, IN_BUCKET, {}, ["messages_to is 'Bea': needs voicemail.offered = true"]),
    ],
)
def test_messages_are_kept_where_they_are_read(
    voicemail: dict[str, Any], messages: dict[str, Any], work: dict[str, Any], said: list[str]
) -> None:
    tables = {"messages": messages, "work": work}
    assert told({"voicemail": voicemail}, **tables) == [f"lines.a.voicemail.{sentence}" for sentence in said]
    behind = {"b": {"greeting": "Hello.", "voicemail": voicemail}}
    assert told(lines=behind, **tables) == [f"lines.b.voicemail.{sentence}" for sentence in said]


@pytest.mark.parametrize(
    ("kind", "rules", "said"),
    [
        ("lead", {"at": "desk", "link": "https://crm.example/x"}, []),
        ("message", {}, []),
        ("message", {"at": "desk"}, ["at is 'desk': allowed: phone, on which the worker hears the message"]),
        ("lead", {"at": "desk"}, []),
        ("order", {"at": "desk"}, []),
        (
            "lead",
            {"link": "https://crm.example/x"},
            ["link is 'https://crm.example/x': needs at = \"desk\": nobody sees it on a phone"],
        ),
    ],
)
def test_work_is_done_where_it_can_be_seen_or_heard(kind: str, rules: dict[str, Any], said: list[str]) -> None:
    assert told(work={kind: {"say": "?", **rules}}) == [f"work.{kind}.{sentence}" for sentence in said]


# --- Texts


def test_a_word_that_twilio_itself_acts_on_is_none_of_ours() -> None:
    [said] = told(staff={"words": {"Stop": "off", "halt": "off"}})
    assert said.startswith("staff.words.Stop is 'Stop': Twilio itself acts on cancel, end, help, ")


def test_texts_are_sent_from_a_number_of_the_staff() -> None:
    tell = {"deliver": ["https://x.example", f"sms:{OTHER}"]}
    assert told(tell=tell, staff={"numbers": [NUMBER]}) == []
    assert told(tell={"deliver": ["https://x.example"]}) == []
    assert told(tell=tell) == [f"tell.deliver[1] is 'sms:{OTHER}': needs staff.numbers, which texts are sent from"]


# --- Time


def test_asking_a_worker_takes_part_of_the_reservation() -> None:
    asked = {"answer": {"mode": "detect"}, "crm": "none", "ring_timeout": 15}
    needed = 7 + 15 + 6 + 12 + 10  # the CRM's 6.6 s, the ring, Twilio's verdict, the ask, and the margin
    said = f"queues.Support.ring_timeout is 15: CRM budget, ring time, asking the worker and margin ({needed} s) must"
    assert told(**queue(**asked), reservation_timeout=needed + 1) == []
    assert told(**queue(**asked), reservation_timeout=needed) == [f"{said} fit into reservation_timeout ({needed} s)"]


def test_a_check_is_left_out_that_needs_a_table_which_could_not_be_read() -> None:
    center = callcenter.of_tables({"default_line": "b", "lines": {"a": {"greeting": "Hello.", "hours": "office"}}})
    assert [mistake.key for mistake in mistakes(center)] == ["default_line", "lines.a.hours"]
    assert [mistake.key for mistake in mistakes(center, {"hours"})] == ["default_line"]
    assert [mistake.key for mistake in mistakes(center, {"", "hours"})] == []
