"""callcenter.toml: what is wrong is said with file, key, value and what is allowed."""

import pytest

from chalicelib.config import callcenter, schema
from chalicelib.config.callcenter import parse
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.twilio import rest


def test_the_file_that_is_shipped_holds() -> None:
    center = parse(callcenter.source())
    assert center.line_of("+14155550100")[0] == "support"
    assert center.queue("Urgent").mode == "direct"
    assert center.queue("Unheard of").mode == "crm-first"


@pytest.mark.parametrize(
    ("written", "wrong", "said"),
    [
        ("priority = 5 ", "priority = -5 ", "lines.support.priority is -5: Expected `int` >= 0"),
        ("tries = 2", 'tries = "x"', "lines.support.menu.tries is 'x': Expected `int`, got `str`"),
        ('mode = "direct"', 'mode = "dircet"', "queues.Urgent.mode is 'dircet': Invalid enum value 'dircet'; allowed: crm-first, direct"),
        ("keep_days", "keepdays", "(top level): Object contains unknown field `keepdays`; allowed: default_line, lines, keep_days"),
        ('"key+detect"', '"keys"', "queues.Sales.answer.mode is 'keys': Invalid enum value 'keys'; allowed: key, detect, key+detect, at-once"),
        ('mode = "key+detect"', "", "queues.Sales.answer: Object missing required field `mode`; allowed: mode, whisper, prompt"),
        ('[queues.Sales]', '[queues.Support.recording]\nrecord = "both"\n' + '[queues.Sales]', 'queues.Support.recording.notice is \'\': allowed is a sentence that callers hear before they wait, or "elsewhere"'),
        ('[queues.Sales]', '[queues.Support.recording]\nrecord = "both"\nnotice = " "\n' + '[queues.Sales]', "queues.Support.recording.notice is ' ': allowed is a sentence"),
        ('[queues.Sales]', '[queues.Support.recording]\nnotice = "Recorded."\n' + '[queues.Sales]', 'queues.Support.recording: Object missing required field `record`; allowed: record, notice, keep_days, who_may_listen'),
        ('[queues.Sales]', '[queues.Support.recording]\nrecord = "caller"\nnotice = "Recorded."\n' + '[queues.Sales]', "queues.Support.recording.record is 'caller': Invalid enum value 'caller'; allowed: both"),
        ('[queues.Sales]', '[queues.Support.recording]\nrecord = "both"\nnotice = "Recorded."\nkeep_days = 0\n' + '[queues.Sales]', 'queues.Support.recording.keep_days is 0: Expected `int` >= 1'),
        ('[queues.Sales]', '[queues.Support.recording]\nrecord = "both"\nnotice = "Recorded."\nwho_may_listen = [""]\n' + '[queues.Sales]', "queues.Support.recording.who_may_listen[0] is '': Expected `str` of length >= 1"),
        ('[queues.Sales]', '[queues.Urgent.recording]\nrecord = "both"\nnotice = "Recorded."\n' + '[queues.Sales]', 'queues.Urgent.recording is \'there\': not allowed with mode = "direct", in which TaskRouter joins the two'),
        ('mode = "direct"', 'mode = "direct"\nanswer = { mode = "key" }', "queues.Urgent.answer.mode is 'key': allowed with mode = \"direct\": at-once"),
        ("say_yes = true", 'no = ["Yes"]', "queues.Sales.answer.no is 'yes': each word may stand once, and answer.yes has the same"),
        ("ask_seconds = 12", "ask_seconds = 90", "queues.Sales.ring_timeout is 15: CRM budget, ring time, asking the worker and margin (122 s) must fit"),
        ("asks = 2", "asks = 3", "queues.Sales.answer.ask_seconds is 12: at least 17 s for 3 times the prompt and the key after it"),
        ("passed_seconds = 30", "passed_seconds = 5", "queues.Sales.answer.passed_seconds is 5: Expected `int` >= 20"),
        ("ring_timeout = 15", "ring_timeout = 110", "queues.Support.ring_timeout is 110: CRM budget, ring time and margin"),
        ("{position}", "{zone}", "lines.support.wait.position is 'You are number {zone} in the queue.': the only placeholder"),
        ("{position}", "{place}", "lines.support.wait.position is 'You are number {place} in the queue.': the only placeholder"),
        ('["+14155550101"]', '["0415"]', "lines.sales.numbers[0] is '0415': Expected `str` matching regex"),
        ('"+14155550101"', '"+14155550100"', "lines.sales.numbers[0] is '+14155550100': each number may stand once, and lines.support.numbers[0] is the same"),
        ('digits = "2"', "digits = 2", "lines.support.menu.choices[1].digits is 2: Expected `str`, got `int`"),
        ('digits = "2"', 'digit = "2"', "lines.support.menu.choices[1]: Object contains unknown field `digit`; allowed: digits, attributes, speech"),
        ('leave_after = 1800', 'options = { say = "?", choices = [{ digits = "10", then = "voicemail" }] }', "lines.support.wait.options.choices[0].digits is '10': Expected `str` matching regex '^[0-9*#]"),
        ('leave_after = 1800', 'options = { say = "?", choices = [{ digits = "1", then = "hangup" }] }', "lines.support.wait.options.choices[0].then is 'hangup': Invalid enum value 'hangup'; allowed: voicemail"),
        ('leave_after = 1800', 'options = { say = "?", choices = [{ digits = "1", then = "voicemail" }, { digits = "1", then = "voicemail" }] }', "lines.support.wait.options.choices[1].digits is '1': each digits may stand once"),
        ('max_seconds = 120', 'max_seconds = 121\ntranscribe = "twilio"', "lines.support.voicemail.max_seconds is 121: at most 120 where Twilio"),
        ('[work.message]', '[work.note]', "lines.support.voicemail.offered is 'true': needs a table [work.message]"),
        ('kept_in = "s3"', 'kept_in = "twilio"', "lines.support.voicemail.offered is 'true': needs messages.kept_in = \"s3\""),
        ('offered = true', 'messages_to = "Bea"', "lines.support.voicemail.messages_to is 'Bea': needs voicemail.offered = true"),
        ('kept_in = "s3"', 'kept_in = "ftp"', "messages.kept_in is 'ftp': Invalid enum value 'ftp'; allowed: twilio, s3"),
        ('digits = "2"', 'digits = "1"', "lines.support.menu.choices[1].digits is '1': each digits may stand once"),
        ('default_line = "support"', 'default_line = "help"', "default_line is 'help': allowed: sales, support, urgent"),
        ('greeting = "Harbour Clinic, urgent line."', "", "lines.urgent: Object missing required field `greeting`; allowed: greeting"),
        ("[lines.sales]", "[lines.sales", "not TOML"),
        ("[simple_queues.front-desk]", f"[simple_queues.{'d' * 65}]", f"simple_queues.{'d' * 65} is '65 characters': a name has 1 to 64"),
        ("timeout = 2.0", "timeout = 9", "crm is '27.6 s': at most 10 s for 3 attempts of 9 s and the pauses between: a job has 20 s"),
        ("[crm]", '[tell]\nvoicemail = "yes"\n[crm]', "tell.voicemail is 'yes': Expected `bool`, got `str`"),
        ("[crm]", "[tell]\nmail = true\n[crm]", "tell: Object contains unknown field `mail`; allowed: voicemail, nobody_available, callback, numbers"),
        ("[lines.sales]", "[lines.support.callback]\n[lines.sales]", "lines.support.callback: Object missing required field `countries`; allowed: countries, key, say"),
        ("[lines.sales]", "[lines.support.callback]\ncountries = []\n[lines.sales]", "lines.support.callback.countries is []: Expected `array` of length >= 1"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["1"]\n[lines.sales]', "lines.support.callback.countries[0] is '1': Expected `str` matching regex"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nkey = "10"\n[lines.sales]', "lines.support.callback.key is '10': Expected `str` matching regex"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nattempts = 11\n[lines.sales]', "lines.support.callback.attempts is 11: Expected `int` <= 10"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nretry_after = 5\n[lines.sales]', "lines.support.callback.retry_after is 5: Expected `int` >= 60"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nper_number = 0\n[lines.sales]', "lines.support.callback.per_number is 0: Expected `int` >= 1"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nother_number = "yes"\n[lines.sales]', "lines.support.callback.other_number is 'yes': Expected `bool`"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\noffer_after = 1800\n[lines.sales]', "lines.support.callback.offer_after is 1800: less than the 1800 s after which the caller leaves"),
        ("[lines.sales]", '[lines.support.callback]\ncountries = ["+1"]\nconfirm = "At {phone}."\n[lines.sales]', "lines.support.callback.confirm is 'At {phone}.': the only placeholder allowed is {number}"),
        ('leave_after = 1800', 'options = { say = "?", choices = [{ digits = "*", then = "voicemail" }] }\n[lines.support.callback]\ncountries = ["+1"]', "lines.support.callback.key is '*': each key may stand once, and wait.options has the same"),
        ("[lines.sales]", '[work.callback]\nsay = "?"\n[lines.support.callback]\ncountries = ["+1"]\n[lines.sales]', "work.callback is 'there': another name"),
        ("[lines.sales]", '[work.consult]\nsay = "?"\n[lines.sales]', "work.consult is 'there': another name"),
        ('then = "voicemail" }\nleave', 'then = "nothing" }\nleave', "lines.support.after.queue_full.then is 'nothing'"),
    ],
)  # fmt: skip
def test_each_mistake_names_file_key_value_and_what_is_allowed(written: str, wrong: str, said: str) -> None:
    text = callcenter.source()
    assert written in text
    with pytest.raises(CallCenterError) as error:
        parse(text.replace(written, wrong))
    assert str(error.value).startswith(f"callcenter.toml: {said}")


LISTENED = '[queues.Support.recording]\nrecord = "both"\nnotice = "Recorded."\nwho_may_listen = ["Bea"]\n'


def test_who_listens_calls_the_staff_and_hears_from_the_bucket() -> None:
    text = callcenter.source().replace("offered = true", "").replace("[queues.Sales]", f"{LISTENED}[queues.Sales]", 1)
    parse(text)
    with pytest.raises(CallCenterError, match=r"who_may_listen is 'there': needs staff\.numbers, which they call"):
        parse(text.replace('numbers = ["+14155550105"]', ""))
    with pytest.raises(CallCenterError, match=r"who_may_listen is 'there': needs messages\.kept_in"):
        parse(text.replace('kept_in = "s3"', 'kept_in = "twilio"'))


def test_a_table_of_tables_that_is_no_table_is_said() -> None:
    with pytest.raises(CallCenterError, match="lines is 5: Expected `object`"):
        parse('default_line = "x"\nlines = 5')


def test_the_crms_budget_counts_attempts_and_pauses() -> None:
    assert schema.Crm(timeout=2.0, attempts=3).budget_seconds == pytest.approx(6.6)


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    with pytest.raises(CallCenterError) as error:
        parse(
            callcenter.source().replace("keep_days = 90", "keep_days = 0").replace('mode = "direct"', 'mode = "dircet"')
        )
    assert [mistake.partition(" is ")[0] for mistake in str(error.value).splitlines()] == [
        "callcenter.toml: keep_days",
        "callcenter.toml: queues.Urgent.mode",
    ]


def test_the_longest_budget_leaves_a_job_time_for_twilios_requests() -> None:
    plain = 'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n[crm]\n'
    assert parse(plain + "timeout = 10\nattempts = 1").crm.budget_seconds == 10
    with pytest.raises(CallCenterError, match=r"crm is '10\.2 s': at most 10 s for 2 attempts of 5 s"):
        parse(plain + "timeout = 5\nattempts = 2")


@pytest.mark.parametrize(("mode", "longest"), [("direct", 109), ("crm-first", 102)])
def test_the_ring_time_has_to_leave_a_moment_of_the_reservation(mode: str, longest: int) -> None:
    plain = f'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n[queues.S]\nmode = "{mode}"\nring_timeout = '
    assert parse(f"{plain}{longest}").queue("S").ring_timeout == longest
    with pytest.raises(CallCenterError, match=r"must fit into reservation_timeout \(120 s\)"):
        parse(f"{plain}{longest + 1}")


def test_what_is_left_of_a_job_holds_both_requests_of_a_dial_at_their_longest() -> None:
    assert schema.DIAL_SECONDS > 2 * rest.client.TIMEOUT_SECONDS


def test_part_of_a_second_of_the_crms_is_a_second_of_the_reservations() -> None:
    plain = 'default_line = "a"\nreservation_timeout = 30\n[lines.a]\ngreeting = "Hello."\n[queues.A]\n'
    with pytest.raises(CallCenterError, match=r"ring time and margin \(30 s\) must fit"):
        parse(f"{plain}ring_timeout = 17\n[crm]\ntimeout = 2.4\nattempts = 1")
