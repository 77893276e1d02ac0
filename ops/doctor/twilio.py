"""Does Twilio have what the files say, and can it reach the workers?"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import phonenumbers

from chalicelib.routing.instructions import is_contact
from ops import twilio
from ops.callcenter import check, plan
from ops.callcenter.resources.number import NOT_OURS, find_number
from ops.callcenter.state import actual, desired
from ops.doctor.check import Finding, StageUnderTest, fail, ok, warn
from ops.errors import TwilioError
from ops.program import command
from ops.twilio import plain_errors

AWAY = timedelta(days=3)
SKEW_SECONDS = 5.0
NEARLY_FULL = 0.8
FIRST_LINES = 6
ROTA_ENDS = timedelta(days=10)
VERIFY = "verify it in Twilio's console: Phone Numbers, Regulatory compliance, Toll-free"
CAMPAIGN = "register a brand and a campaign in Twilio's console, and put the number into its messaging service"


def files(stage: StageUnderTest) -> Iterator[Finding]:
    """The files make sense; the time budget of a reservation is a part of that."""
    wrong = check.problems(stage.center)
    for mistake in wrong:
        yield fail("files", mistake, "fix the file")
    for told, fix in check.WARNINGS.items():
        yield from (warn("files", sentence, fix) for sentence in told(stage.center))
    if not wrong:
        yield ok("files", "callcenter.toml and workers.toml make sense, the time of a reservation included")


def tokens(stage: StageUnderTest) -> Iterator[Finding]:
    """The tokens of the secret are the account's: the newest signs; an older one is there during a rotation only."""
    sid = stage.environment["TWILIO_ACCOUNT_SID"]
    for number, token in enumerate(stage.secret.auth_tokens):
        given = {"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": token}
        try:
            with plain_errors("asking for the account"):
                status = twilio.client(given, stage.twilio.http_client).api.v2010.accounts(sid).fetch().status
        except TwilioError as error:
            if number:
                fix = command("secret set --stage", stage.name, "--finish")
                yield warn("auth tokens", f"token {number + 1} is not, or no longer, the account's", fix)
            else:
                yield fail("auth tokens", str(error), command("secret set --stage", stage.name))
        else:
            yield ok("auth tokens", f"token {number + 1} is the account's, which is {status}")


def configuration(stage: StageUnderTest) -> Iterator[Finding]:
    """URLs, EventsFilter, activities, queues, workflow, workers, numbers: as the files and the deployed API say."""
    if not stage.base_url:
        yield fail("Twilio", "the application is not deployed yet", f"chalice deploy --stage {stage.name}")
        return
    found = actual(stage.twilio, stage.center)
    steps = [step for step in plan.plan(desired(stage.center, stage.base_url), found) if step.is_drift]
    if steps:
        lines = plan.as_text_of(steps).splitlines()
        more = f" … and {len(lines) - FIRST_LINES} lines more" if len(lines) > FIRST_LINES else ""
        why = "differs from the files: " + "; ".join(line.strip() for line in lines[:FIRST_LINES]) + more
        yield fail("Twilio", why, command("apply --stage", stage.name))
    else:
        yield ok("Twilio", "has what the files say, and leads to the deployed application")


def workers(stage: StageUnderTest) -> Iterator[Finding]:
    """Workers who cannot be reached: no usable contact_uri, or away for days."""
    workspace = stage.twilio.taskrouter.v1.workspaces(stage.environment["TWILIO_WORKSPACE_SID"])
    unreachable, away = [], []
    with plain_errors("listing the workers"):
        everybody = workspace.workers.list()
    for worker in everybody:
        if not is_contact(_contact(worker.attributes)):
            unreachable.append(worker.friendly_name)
        since = worker.date_status_changed
        if not worker.available and since and datetime.fromtimestamp(stage.now, UTC) - since > AWAY:
            away.append(worker.friendly_name)
    if unreachable:
        yield fail(
            "workers",
            f"no usable contact_uri: {', '.join(unreachable)}",
            f"workers.toml, then {command('apply --stage', stage.name)}",
        )
    if away:
        yield warn("workers", f"away for more than {AWAY.days} days: {', '.join(away)}", "are they still with you?")
    if not unreachable and not away:
        yield ok("workers", f"each of {len(everybody)} can be reached")


def _contact(attributes: str) -> object:
    try:
        return msgspec.json.decode(attributes, type=dict[str, object]).get("contact_uri")
    except msgspec.DecodeError:
        return None


def fallbacks(stage: StageUnderTest) -> Iterator[Finding]:
    """A number without a fallback strands the caller when the first answer fails."""
    with plain_errors("looking the numbers up"):
        ours = [
            (number, owned.voice_fallback_url)
            for number in stage.center.numbers()
            for owned in stage.twilio.api.v2010.account.incoming_phone_numbers.list(phone_number=number)
        ]
    without = [number for number, url in ours if not url]
    if without:
        yield fail("numbers", f"no fallback: {', '.join(without)}", command("apply --stage", stage.name))
    else:
        yield ok("numbers", f"each of {len(ours)} has a fallback")


def queue_size(stage: StageUnderTest) -> Iterator[Finding]:
    """Whoever calls when the voice queue is full is turned away."""
    sid = stage.environment["TWILIO_WORKFLOW_SID"]
    with plain_errors("looking at the voice queue"):
        found = [queue for queue in stage.twilio.api.v2010.account.queues.list() if queue.friendly_name == sid]
    if not found:
        yield ok("voice queue", "Twilio makes it at the first call")
        return
    waiting, most = int(found[0].current_size), int(found[0].max_size)
    if waiting >= most * NEARLY_FULL:
        yield warn(
            "voice queue", f"{waiting} of {most} places taken", f"raise [voice_queue] max_size, then {command('apply')}"
        )
    else:
        yield ok("voice queue", f"{waiting} of {most} places taken")


def call_rate(stage: StageUnderTest) -> Iterator[Finding]:
    """No API tells the account's rate: whether one call a second, which a new account has, is enough can be told."""
    crm_first = [rules for rules in stage.center.application.queues.values() if rules.mode == "crm-first"]
    people = len(stage.center.workers or {})
    ring = min((rules.ring_timeout for rules in crm_first), default=0)
    if crm_first and people > ring:
        why = f"{people} workers may be dialled within {ring} s; a new account places one call a second"
        yield warn("call rate", why, "ask Twilio to raise the account's calls per second")
    else:
        yield ok("call rate", "one call a second, which a new account has, is enough")


def clock(stage: StageUnderTest) -> Iterator[Finding]:
    skew = stage.now - stage.twilio_time()
    if abs(skew) > SKEW_SECONDS:
        yield warn("clock", f"this machine's is {skew:+.0f} s off Twilio's", "set the clock by NTP")
    else:
        yield ok("clock", "this machine's agrees with Twilio's")


def texts(stage: StageUnderTest) -> Iterator[Finding]:
    """Whether carriers take the texts of the staff numbers, as far as a number shows it; and how far the rota goes."""
    numbers = stage.center.application.staff.numbers
    if not numbers:
        return
    services = _services(stage) if any(map(_is_of_the_usa, numbers)) else set()
    with plain_errors("looking at the staff numbers"):
        owned = {number: find_number(stage.twilio, number) for number in numbers}
    for number, found in owned.items():
        yield from _of_number(number, found, services)
    yield from _rota(stage)


def _of_number(number: str, found: Any, services: Collection[str]) -> Iterator[Finding]:
    check = f"texts of {number}"
    if found is None:
        yield fail(check, NOT_OURS, "buy it, or take it out of [staff]")
    elif not (found.capabilities or {}).get("sms"):
        yield warn(check, "this number takes no texts", "another number in [staff]; calls to it work")
    elif _is_toll_free(number):
        yield warn(check, "toll-free: until it is verified with Twilio carriers drop its texts (30032)", VERIFY)
    elif _is_of_the_usa(number) and number not in services:
        why = "a US number in no messaging service: without an A2P 10DLC campaign its texts fail (30034)"
        yield warn(check, why, CAMPAIGN)
    else:
        yield ok(check, "can be sent")


def _rota(stage: StageUnderTest) -> Iterator[Finding]:
    made = stage.project.packaged()
    named = [name for name, worker in (stage.center.workers or {}).items() if worker.pin and name not in made.pins]
    if named:
        why = f"no PIN is packaged of {', '.join(named)}"
        yield warn("PINs", why, command("deploy --stage", stage.name, "--only functions"))
    if made.until and made.until < stage.now + ROTA_ENDS.total_seconds():
        ends = datetime.fromtimestamp(made.until, UTC)
        yield warn("rota", f"nobody knows the shifts after {ends:%Y-%m-%d}", command("deploy --stage", stage.name))


def _services(stage: StageUnderTest) -> set[str]:
    """The numbers that are in a messaging service; none where nobody may look at these."""
    messaging = stage.twilio.messaging.v1
    try:
        with plain_errors("looking at the messaging services"):
            services = [str(service.sid) for service in messaging.services.list()]
            return {one.phone_number for sid in services for one in messaging.services(sid).phone_numbers.list()}
    except TwilioError:
        return set()


def _is_of_the_usa(number: str) -> bool:
    return str(phonenumbers.region_code_for_number(phonenumbers.parse(number))) == "US" and not _is_toll_free(number)


def _is_toll_free(number: str) -> bool:
    parsed = phonenumbers.parse(number)
    return bool(phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE)
