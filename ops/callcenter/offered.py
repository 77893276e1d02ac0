"""Messages that are offered to workers: whether the workflow takes them, and whom they are for. Pure."""

from collections.abc import Iterator

from chalicelib.config.schema import MESSAGE_KIND, Line
from chalicelib.config.toml_errors import NAME, Mistake, sentence
from ops.callcenter.calls import Call, as_json, takers
from ops.callcenter.files import WORKERS, Center

TO_ONE = "task.messages_to"  # what a target's known_worker says to offer a message to its worker first


def lead_nowhere(center: Center) -> Iterator[Mistake]:
    """Messages whose task no filter takes: the line's attributes are theirs, with a kind."""
    if center.workflow.default_queue:
        return
    for call in _messages(center):
        may_take, _ = takers(center, call)
        if not may_take:
            yield sentence(call.key, "true", f"a filter has to take {call.known}, or workflow.default_queue")


def to_nobody(center: Center) -> Iterator[Mistake]:
    """People whom messages are for, and who stand in no file."""
    if center.workers is None:
        return
    for name, line in center.application.lines.items():
        wanted = line.voicemail.messages_to
        if wanted and wanted not in center.workers:
            allowed = f"allowed: {', '.join(center.workers)}, as {WORKERS} has them"
            yield sentence(f"lines.{name}.voicemail.messages_to", wanted, allowed)


def to_everybody(center: Center) -> Iterator[str]:
    """People whom messages are for, while no filter that may take these offers them to one worker first."""
    for call in _messages(center):
        wanted = call.line.voicemail.messages_to
        targets = [target for given in takers(center, call)[0] for target in given.targets]
        if wanted and not any(target.known_worker == TO_ONE for target in targets):
            key = f"lines.{call.name}.voicemail.messages_to"
            yield Mistake(NAME, key, f'{key} is {wanted!r}, and no target that takes it has known_worker = "{TO_ONE}"')


def _messages(center: Center) -> Iterator[Call]:
    for name, line in center.application.lines.items():
        if line.voicemail.offered:
            yield Call(f"lines.{name}.voicemail.offered", name, line, _attributes(name, line), "")


def _attributes(name: str, line: Line) -> dict[str, object]:
    return as_json({**line.attributes, "kind": MESSAGE_KIND, "line": name, "messages_to": line.voicemail.messages_to})
