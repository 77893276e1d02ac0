"""REST on workflows (contract 7.5)."""

import json
from collections.abc import Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import called, changed_name, changed_url, number, required
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Workflow
from emulator.taskrouter.workspace import RESERVATION_TIMEOUT, checked_reservation_timeout

LONGEST_CONFIGURATION = 1_000_000  # characters, contract 7.5


def _all(request: Request) -> Iterable[Workflow]:
    return request.engine.workspace.workflows.values()


def _body(request: Request, workflow: Workflow) -> Body:
    return request.representations.workflow(workflow)


def _create(request: Request) -> Workflow:
    name = changed_name(request, "Workflows", _all(request))
    text = required(request, "Configuration")
    url = changed_url(request, "AssignmentCallbackUrl")
    fallback_url = changed_url(request, "FallbackAssignmentCallbackUrl")
    timeout = _reservation_timeout(request, RESERVATION_TIMEOUT)
    workflow = request.engine.create_workflow(name, _document(text), url, fallback_url, timeout)
    workflow.document = text
    return workflow


def _document(text: str) -> dict[str, object]:
    """TwilioError 20001 when the configuration is too long or no JSON object."""
    if len(text) > LONGEST_CONFIGURATION:
        raise TwilioError(20001, f"Configuration is longer than {LONGEST_CONFIGURATION} characters")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TwilioError(20001, f"Configuration is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise TwilioError(20001, "Configuration must be a JSON object")
    return document


def _reservation_timeout(request: Request, current: int) -> int:
    asked = number(request, "TaskReservationTimeout")
    return current if asked is None else checked_reservation_timeout(asked)


def _update(request: Request, workflow: Workflow) -> None:
    """A task on its way goes on by the rules it began with, unless ReEvaluateTasks takes the pending ones anew."""
    engine = request.engine
    text = request.text("Configuration") or workflow.document
    configuration = engine.configuration(_document(text))
    url = changed_url(request, "AssignmentCallbackUrl", workflow.assignment_callback_url)
    fallback_url = changed_url(request, "FallbackAssignmentCallbackUrl", workflow.fallback_assignment_callback_url)
    timeout = _reservation_timeout(request, workflow.task_reservation_timeout)
    workflow.friendly_name = changed_name(request, "Workflows", _all(request), workflow.friendly_name)
    workflow.configuration, workflow.document = configuration, text
    workflow.assignment_callback_url, workflow.fallback_assignment_callback_url = url, fallback_url
    workflow.task_reservation_timeout = timeout
    workflow.updated = request.now()
    engine.events.resource("workflow.updated", workflow.sid, workflow.friendly_name)
    if request.flag("ReEvaluateTasks"):
        for task in [one for one in engine.workspace.waiting_tasks() if one.workflow is workflow]:
            engine.routing.evaluate_anew(task)


def _delete(request: Request, workflow: Workflow) -> None:
    engine = request.engine
    engine.check_unused_workflow(workflow)
    del engine.workspace.workflows[workflow.sid]
    engine.events.resource("workflow.deleted", workflow.sid, workflow.friendly_name)


_FIELDS = "FriendlyName Configuration AssignmentCallbackUrl FallbackAssignmentCallbackUrl TaskReservationTimeout"
ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Workflows",
    key="workflows",
    items=_all,
    body=_body,
    wanted=called,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("FriendlyName"),
    creates=parameters(_FIELDS),
    updates=parameters(f"{_FIELDS} ReEvaluateTasks"),
).routes()
