"""The tables of the ledger."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.lookups
import rupai.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.UUIDField(default=rupai.core.ids.new_key, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.UUIDField()),
                ('livemode', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('side', models.CharField(choices=[('debit', 'Debit'), ('credit', 'Credit')], max_length=6)),
                ('shard', models.SmallIntegerField()),
                ('version', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('pending_change', models.BigIntegerField()),
                ('posted_change', models.BigIntegerField()),
                ('ledger', models.IntegerField()),
                ('kind', models.CharField(max_length=32)),
                ('flags', models.SmallIntegerField()),
                ('reference', models.CharField(max_length=64)),
                ('debits_pending', models.BigIntegerField()),
                ('debits_posted', models.BigIntegerField()),
                ('credits_pending', models.BigIntegerField()),
                ('credits_posted', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'entry',
                'verbose_name_plural': 'entries',
                'db_table': 'wallets_entry',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='BurntId',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('result', models.CharField(db_collation='C', max_length=64)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'burnt id',
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.UUIDField(default=rupai.core.ids.new_key, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.UUIDField(editable=False)),
                ('livemode', models.BooleanField(editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('ledger', models.IntegerField()),
                ('currency', models.CharField(db_collation='C', max_length=3)),
                ('code', models.SmallIntegerField(choices=[(1, 'Provider Clearing'), (2, 'Bank'), (3, 'Merchant Payable'), (4, 'Customer Wallet'), (5, 'Fee Revenue'), (6, 'Provider Fees'), (7, 'Fx Liquidity'), (8, 'Reserve'), (9, 'Suspense')])),
                ('owner_id', models.UUIDField(blank=True, null=True)),
                ('flags', models.SmallIntegerField(default=0)),
                ('shards', models.SmallIntegerField(default=1)),
            ],
            options={
                'verbose_name': 'account',
                'indexes': [models.Index(condition=models.Q(('owner_id__isnull', False)), fields=['owner_id'], name='account_owner')],
                'constraints': [models.UniqueConstraint(fields=('merchant_id', 'livemode', 'currency', 'code', 'owner_id'), name='account_one_per_place', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('shards', 1), ('flags__in', [0, 1, 32, 33]), _connector='OR'), name='account_limited_unsharded')],
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.UUIDField(default=rupai.core.ids.new_key, editable=False, primary_key=True, serialize=False)),
                ('merchant_id', models.UUIDField(editable=False)),
                ('livemode', models.BooleanField(editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                # In this order: wallets_post writes its rows by position.
                ('debit_account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='wallets.account')),
                ('credit_account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='wallets.account')),
                ('amount', models.BigIntegerField()),
                ('pending_change', models.BigIntegerField()),
                ('posted_change', models.BigIntegerField()),
                ('pending_id', models.UUIDField(null=True)),
                ('timeout', models.BigIntegerField()),
                ('ledger', models.IntegerField()),
                ('flags', models.SmallIntegerField()),
                ('kind', models.CharField(db_collation='C', max_length=32)),
                ('reference', models.CharField(blank=True, db_collation='C', max_length=64)),
                ('debit_shard', models.SmallIntegerField()),
                ('credit_shard', models.SmallIntegerField()),
                ('debit_version', models.BigIntegerField()),
                ('credit_version', models.BigIntegerField()),
                ('debit_debits_pending', models.BigIntegerField()),
                ('debit_debits_posted', models.BigIntegerField()),
                ('debit_credits_pending', models.BigIntegerField()),
                ('debit_credits_posted', models.BigIntegerField()),
                ('credit_debits_pending', models.BigIntegerField()),
                ('credit_debits_posted', models.BigIntegerField()),
                ('credit_credits_pending', models.BigIntegerField()),
                ('credit_credits_posted', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'transfer',
            },
        ),
        migrations.CreateModel(
            name='Counters',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='counters', to='wallets.account')),
                ('shard', models.SmallIntegerField()),
                ('shards', models.SmallIntegerField()),
                ('merchant_id', models.UUIDField()),
                ('livemode', models.BooleanField()),
                ('ledger', models.IntegerField()),
                ('debits_may_exceed_by', models.BigIntegerField(null=True)),
                ('credits_may_exceed_by', models.BigIntegerField(null=True)),
                ('closed', models.BooleanField()),
                ('version', models.BigIntegerField()),
                ('touched_at', models.DateTimeField()),
                ('debits_pending', models.BigIntegerField()),
                ('debits_posted', models.BigIntegerField()),
                ('credits_pending', models.BigIntegerField()),
                ('credits_posted', models.BigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'counters',
                'constraints': [models.UniqueConstraint(fields=('account', 'shard'), name='counters_once'), models.CheckConstraint(condition=models.Q(django.db.models.lookups.GreaterThanOrEqual(django.db.models.functions.comparison.Least('debits_pending', 'debits_posted', 'credits_pending', 'credits_posted'), models.Value(0)), django.db.models.lookups.LessThanOrEqual(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('debits_pending'), '+', models.F('debits_posted')), '-', models.F('debits_may_exceed_by')), models.F('credits_posted')), django.db.models.lookups.LessThanOrEqual(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('credits_pending'), '+', models.F('credits_posted')), '-', models.F('credits_may_exceed_by')), models.F('debits_posted'))), name='counters_within_limits')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('transfer', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='hold', serialize=False, to='wallets.transfer')),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('posted', 'Posted'), ('voided', 'Voided'), ('expired', 'Expired')], db_collation='C', max_length=8)),
                ('expires_at', models.DateTimeField(null=True)),
                ('resolved_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='wallets.transfer')),
            ],
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['debit_account', 'debit_shard', 'created_at', 'debit_version'], name='transfer_debits'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['credit_account', 'credit_shard', 'created_at', 'credit_version'], name='transfer_credits'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['merchant_id', 'livemode', 'created_at', 'id'], name='transfer_newest'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['reference'], name='transfer_reference'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='transfer_moves_forward'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('pending_id__isnull', False)), fields=('pending_id',), name='transfer_resolves_once'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['expires_at'], name='hold_open'),
        ),
    ]
