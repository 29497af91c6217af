"""How far the demo world of a merchant has come."""

from django.db import models

from rupai.accounts.models import Merchant


class DemoWorld(models.Model):
    """One demo merchant's past: what it is made from, and how many of its payments are there.

    The same seed, numbers and ``until`` give the same past, so that one whose making was interrupted goes on as it
    began. Until it is finished the merchant's rows lie behind their own time, and the janitor leaves them alone.
    """

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, primary_key=True, related_name="demo_world")
    plan = models.CharField(max_length=32, unique=True, db_collation="C")
    seed = models.BigIntegerField()
    days = models.PositiveSmallIntegerField()
    payments = models.PositiveIntegerField(help_text="How many there will be")
    made = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(help_text="The end of the past")
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "demo world"

    def __str__(self) -> str:
        return f"{self.plan}: {self.made} of {self.payments}"
