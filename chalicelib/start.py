"""How a process starts in Lambda: without what it never needs, and with what its function always needs.

AWS gives a process that starts more of the processor than the function's memory buys. What is loaded then is not loaded
while somebody waits for an answer; what is imported before this module is not spared anything.
"""

import gc
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple

IN_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ


class Needs(NamedTuple):
    """What a function always uses: modules, and clients of AWS."""

    modules: tuple[str, ...]
    services: tuple[str, ...]


TWILIO = ("twilio.rest.api.v2010.account", "twilio.rest.taskrouter.v1.workspace", "chalicelib.twilio.transport")

# By the handler's name, as Lambda has it in `_HANDLER`.
NEEDS: Mapping[str, Needs] = {
    "app.app": Needs(("chalicelib.caller.handlers", "chalicelib.routing.assignment"), ("dynamodb", "sqs")),
    "app.jobs_consumer": Needs(("chalicelib.worker.consumer", *TWILIO), ("dynamodb",)),
    "app.after_call": Needs(("chalicelib.worker.consumer", *TWILIO), ("dynamodb",)),
    "app.sweep": Needs(("chalicelib.lifecycle.reconcile", *TWILIO), ("dynamodb",)),
}


def load(handler: str) -> None:
    """Load what this handler always needs, the secret too; nothing for a name that is not known.

    A secret that cannot be read is read again when it is needed.
    """
    if handler in NEEDS:
        for name in NEEDS[handler].modules:
            import_module(name)
        _ask_for(NEEDS[handler].services)
    gc.freeze()  # none of it is ever garbage
    gc.enable()


def _ask_for(services: tuple[str, ...]) -> None:
    from chalicelib import aws
    from chalicelib.config import secrets

    for name in services:
        aws.client(name)
    with suppress(secrets.SecretError):
        secrets.current()


def _begin() -> None:
    """Look for no garbage while everything is new, and keep msgspec from loading typing_extensions.

    It takes what it needs from there where it is installed, which is a tenth of a start; Python's own `typing` has the
    same. Libraries of ours that nobody imports in Lambda bring it into the archive.
    """
    gc.disable()
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # an import of it fails
    import_module("msgspec")
    del sys.modules["typing_extensions"]


if IN_LAMBDA:
    _begin()
