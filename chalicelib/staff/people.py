"""The workers at Twilio: whose phone it is that texts or calls, and in which activity somebody is."""

from chalicelib.config import callcenter, environment
from chalicelib.config.schema import is_number
from chalicelib.observability import log
from chalicelib.staff.rota import State
from chalicelib.twilio import rest
from chalicelib.twilio.values import text


def with_phone(number: str) -> rest.workers.Worker | None:
    """The one worker with this phone, as contact_uri or as mobile; None for a stranger. Raises TwilioRejected, NotDone.

    A number with which Twilio has two workers is nobody's: neither may act for the other.
    """
    if not is_number(number):  # it stands in an expression
        return None
    found = rest.workers.matching(f'contact_uri == "{number}" OR mobile == "{number}"')
    if len(found) > 1:
        log.error("two workers have one phone", workers=", ".join(worker.name for worker in found))
    return found[0] if len(found) == 1 else None


def phone_of(worker: rest.workers.Worker) -> str:
    """Where the worker can be texted; empty: nowhere."""
    known = [text(worker.attributes.get(name)) for name in ("mobile", "contact_uri")]
    return next((number for number in known if is_number(number)), "")


def activity_name(worker: rest.workers.Worker) -> str:
    """The friendly name of the worker's activity; empty for one that the stage does not know."""
    named = environment.current().activities.items()
    return next((name for name, sid in named if sid == worker.activity_sid), "")


def activity_sid(state: State) -> str:
    """The activity of who works, or does not; empty where the stage does not know it."""
    rules = callcenter.current().staff
    return environment.current().activity_sid(rules.on if state == "on" else rules.off)


def is_on_the_way_back(worker: rest.workers.Worker) -> bool:
    """Whether a rule has put the worker off the phones for a while alone: they wrap up, or have passed a caller on."""
    for_a_while, for_good = {""}, {"", callcenter.current().staff.off}
    for queue in callcenter.current().queues.values():
        rules = queue.activities
        for_a_while |= {rules.after_call, rules.of_passed}
        for_good |= {rules.declined, rules.no_answer, rules.unreachable}
    return not worker.available and activity_name(worker) in for_a_while - for_good
