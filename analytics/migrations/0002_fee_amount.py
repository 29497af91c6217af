from django.db import migrations, models


class Migration(migrations.Migration):
    """Count our fees beside what was captured."""

    dependencies = [
        ('analytics', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='daysums',
            name='fee_amount',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='hoursums',
            name='fee_amount',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='minutesums',
            name='fee_amount',
            field=models.BigIntegerField(default=0),
        ),
    ]
