"""A small call centre in two files, for the tests of ops."""

import re
from collections.abc import Iterable

from ops.callcenter.files import Center, parse

CENTER = """
default_line = "support"
reservation_timeout = 60

[lines.support]
numbers = ["+14155550100"]
greeting = "Hello."
attributes = { department = "support" }
[lines.support.menu]
prompt = "Press 1."
choices = [{ digits = "1", attributes = { language = "en" } }]

[lines.sales]
numbers = ["+14155550101"]
greeting = "Hello."
attributes = { department = "sales" }

[queues.Support]
workers = 'queues HAS "Support"'
[queues.Sales]
workers = 'queues HAS "Sales"'
[queues.Sales.activities]
after_call = "Wrap up"

[workspace]
name = "Harbour Clinic"
timeout_activity = "Unavailable"

[activities]
"Offline" = false
"Unavailable" = false
"Available" = true
"Wrap up" = false

[workflow]
name = "Calls"

[[workflow.filters]]
name = "support"
when = 'department == "support"'
targets = [
  { queue = "Support", timeout = 90, order_by = "worker.level DESC" },
  { queue = "Sales", priority = 10, skip_if = "workers.available == 0" },
]

[[workflow.filters]]
name = "sales"
when = 'department == "sales"'
targets = [{ queue = "Sales", when = 'worker.language == "en"', known_worker = "task.agent" }]

[queues.Support.answer]
mode = "at-once"
[queues.Sales.answer]
mode = "key"
"""

WORKERS = """
[workers.Bea]
contact_uri = "+14155550111"
attributes = { queues = ["Support"], level = 2 }

[workers.Dora]
contact_uri = "client:dora"
attributes = { queues = ["Sales", "Support"], language = "en" }
capacity = { voice = 2 }
"""

API = "https://abc.execute-api.eu-west-1.amazonaws.com/api"


def center(*changes: tuple[str, str], workers: str | None = WORKERS) -> Center:
    """The call centre of the files after these replacements; each of them must find something to replace."""
    text, people = CENTER, workers
    for what, into in changes:
        assert what in text or what in (people or "")
        text = text.replace(what, into, 1)
        people = people.replace(what, into, 1) if people else people
    return parse(text, people)


def without_lines(mistakes: Iterable[str]) -> list[str]:
    """The sentences without the numbers of their lines."""
    return [re.sub(r"^(\w+\.toml):[0-9]+: ", r"\1: ", mistake) for mistake in mistakes]
