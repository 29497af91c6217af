"""The sequence that numbers events in the order they are written."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL("CREATE SEQUENCE core_event_inserted_seq CACHE 1", "DROP SEQUENCE core_event_inserted_seq"),
    ]
