"""What the platform's own staff see of its health."""

from django.urls import reverse

from monitoring.models import InvariantResult
from rupai.core.actor import Actor
from rupai.pages.attention import Matter, attention
from rupai.pages.registry import MenuItem, menu

PLATFORM = "*"
LIST = "monitoring_invariantresult_changelist"
menu(MenuItem(title="Invariants", icon="scale", url_name=LIST, group="Operate", order=94, scope=PLATFORM))


@attention(order=40, scope=PLATFORM)
def broken_invariants(actor: Actor) -> Matter:
    """Rules that did not hold, or could not be checked, when they were checked last."""
    wanted = [InvariantResult.State.BROKEN, InvariantResult.State.FAILED]
    return Matter(
        one="rule of money that does not hold",
        many="rules of money that do not hold",
        rows=InvariantResult.objects.filter(state__in=wanted),
        url=f"{reverse(f'admin:{LIST}')}?state__in={','.join(wanted)}",
    )
