"""The tasks extension over what runs as a Celery task anyway: a report is its own task, and its id the task's."""

from typing import Any

from mcp_bridge.engine.serving import NotThere
from rupai.core.actor import Actor

NAME = "io.modelcontextprotocol/tasks"


def task_of(actor: Actor, task_id: str) -> dict[str, Any]:
    """A task of this agent as it stands.

    :raises NotThere: when it has none of this id.
    """
    raise NotThere(task_id)
