"""The kinds of Twilio's resources that a call centre consists of. A new kind is a module here and a line in KINDS."""

from ops.callcenter.resources.activity import Activities
from ops.callcenter.resources.kind import Kind
from ops.callcenter.resources.number import Numbers
from ops.callcenter.resources.task_queue import TaskQueues
from ops.callcenter.resources.voice_queue import VoiceQueues
from ops.callcenter.resources.worker import Workers
from ops.callcenter.resources.worker_channel import WorkerChannels
from ops.callcenter.resources.workflow import Workflows
from ops.callcenter.resources.workspace import Workspaces
from ops.callcenter.resources.workspace_settings import WorkspaceSettings

# In the order in which they are read and made: each may need those before it. They are deleted the other way round.
KINDS: tuple[Kind, ...] = (
    Workspaces(),
    Activities(),
    TaskQueues(),
    Workflows(),
    WorkspaceSettings(),
    Workers(),
    WorkerChannels(),
    Numbers(),
    VoiceQueues(),
)


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises KeyError."""
    return {kind.name: kind for kind in KINDS}[name]
