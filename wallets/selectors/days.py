"""Days and months as a merchant's calendar has them."""

from uuid import UUID
from zoneinfo import ZoneInfo

from rupai.accounts.models import Merchant
from rupai.core.zones import beginning_of, day_of, month_of

__all__ = ["beginning_of", "day_of", "month_of", "zone_of"]


def zone_of(merchant_id: UUID) -> ZoneInfo:
    """The time zone of a merchant."""
    return ZoneInfo(Merchant.objects.values_list("timezone", flat=True).get(pk=merchant_id))
