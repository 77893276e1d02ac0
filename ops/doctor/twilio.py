"""Does Twilio have what the files say, and can it reach the workers?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from chalicelib.routing.instructions import is_contact
from ops import twilio
from ops.callcenter import check, plan
from ops.callcenter.state import actual, desired
from ops.doctor.check import Finding, StageUnderTest, fail, ok, warn
from ops.errors import TwilioError
from ops.program import command
from ops.twilio import plain_errors

AWAY = timedelta(days=3)
SKEW_SECONDS = 5.0
NEARLY_FULL = 0.8
FIRST_LINES = 6


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
