"""How far the demo world of a merchant has come."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0001_initial"), ("payments", "0002_payment_came_late")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="DemoWorld",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="demo_world",
                        serialize=False,
                        to="accounts.merchant",
                    ),
                ),
                ("plan", models.CharField(db_collation="C", max_length=32, unique=True)),
                ("seed", models.BigIntegerField()),
                ("days", models.PositiveSmallIntegerField()),
                ("payments", models.PositiveIntegerField(help_text="How many there will be")),
                ("made", models.PositiveIntegerField(default=0)),
                ("until", models.DateTimeField(help_text="The end of the past")),
                ("began_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={"verbose_name": "demo world"},
        ),
    ]
