"""Workers at the agent desk: each signs in there, and the phone in the browser is called as the worker is. Pure."""

from collections.abc import Iterator

from chalicelib.config.toml_errors import Mistake, sentence
from chalicelib.console.access import identity_of
from ops.callcenter.files import WORKERS, Center

BROWSER = "client:"


def of_nobody(center: Center) -> Iterator[Mistake]:
    """Desks at which nobody can sign in, or whose phone in the browser nobody can be."""
    for name, worker in (center.workers or {}).items():
        if worker.desk and not worker.mail:
            yield sentence(f"workers.{name}.desk", "true", "needs a mail, to sign in with", WORKERS)
        if "desk" in worker.attributes:
            given = worker.attributes["desk"]
            yield sentence(f"workers.{name}.attributes.desk", given, f"say workers.{name}.desk = true", WORKERS)
        contact, own = worker.contact_uri or "", f"{BROWSER}{identity_of(name)}"
        if worker.desk and contact.startswith(BROWSER) and contact != own:
            yield sentence(f"workers.{name}.contact_uri", contact, f"allowed at the desk: {own}, or a phone", WORKERS)
