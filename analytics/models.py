"""Sums of the event log, by minute, hour and day; everything in them can be made anew from the log."""

from typing import ClassVar

from django.db import models

# Under this name the reader of the log that keeps the sums remembers how far it has come.
READER = "rollups"
# Upper ends of the classes of provider latency, in milliseconds; the last class has none.
LATENCY_ENDS = (100, 200, 400, 800, 1600, 3200, 6400)
LATENCIES = tuple(f"latency_{place}" for place in range(len(LATENCY_ENDS) + 1))
COUNTERS = (
    "created_count",
    "created_amount",
    "succeeded_count",
    "failed_count",
    "captured_count",
    "captured_amount",
    "fee_amount",
    "refunded_count",
    "refunded_amount",
    "held_count",
    *LATENCIES,
)


class Sums(models.Model):
    """What is added up. Amounts are minor units of ``currency``; each fact counts at the time when it happened."""

    livemode = models.BooleanField()
    currency = models.CharField(max_length=3, db_collation="C")
    provider = models.CharField(max_length=32, db_collation="C")
    method = models.CharField(max_length=16, db_collation="C")
    created_count = models.BigIntegerField(default=0)
    created_amount = models.BigIntegerField(default=0)
    succeeded_count = models.BigIntegerField(default=0)
    failed_count = models.BigIntegerField(default=0)
    captured_count = models.BigIntegerField(default=0)
    captured_amount = models.BigIntegerField(default=0)
    fee_amount = models.BigIntegerField(default=0)
    refunded_count = models.BigIntegerField(default=0)
    refunded_amount = models.BigIntegerField(default=0)
    held_count = models.BigIntegerField(default=0)
    latency_0 = models.BigIntegerField(default=0)
    latency_1 = models.BigIntegerField(default=0)
    latency_2 = models.BigIntegerField(default=0)
    latency_3 = models.BigIntegerField(default=0)
    latency_4 = models.BigIntegerField(default=0)
    latency_5 = models.BigIntegerField(default=0)
    latency_6 = models.BigIntegerField(default=0)
    latency_7 = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class MinuteSums(Sums):
    """One minute of one merchant; kept for two days."""

    keys: ClassVar = ("merchant_id", "minute", "livemode", "currency", "provider", "method")

    merchant_id = models.UUIDField()
    minute = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "minute", "livemode", "currency", "provider", "method"], name="minute_sums_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["minute"], name="minute_sums_age")]


class HourSums(Sums):
    """One hour (UTC) of all merchants together."""

    keys: ClassVar = ("hour", "livemode", "currency", "provider", "method")

    hour = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hour", "livemode", "currency", "provider", "method"], name="hour_sums_once"
            )
        ]


class DaySums(Sums):
    """One day of one merchant, in the merchant's time zone; ``country`` is that of the payment method, if known.

    A merchant who changes zone has older days in the old one until the sums are rebuilt.
    """

    keys: ClassVar = ("merchant_id", "day", "livemode", "currency", "provider", "method", "country")

    merchant_id = models.UUIDField()
    day = models.DateField()
    country = models.CharField(max_length=2, db_collation="C")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "day", "livemode", "currency", "provider", "method", "country"],
                name="day_sums_once",
            )
        ]
