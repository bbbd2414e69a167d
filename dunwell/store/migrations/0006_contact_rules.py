"""Registers, clearances, when and how contacts took place, and the time zones that addresses tell."""

from datetime import UTC, datetime
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from dunwell.store import guard, point_zones

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _fill(apps: Any, editor: Any) -> None:
    """What is known of contacts and addresses that were recorded before."""
    with guard.writing("migration"):
        editor.execute("UPDATE store_contactattempt SET happened_at = at")
        editor.execute(
            "UPDATE store_contactattempt SET contact_point_id ="
            " (SELECT m.contact_point_id FROM store_outboxmessage m WHERE m.id = message_id)"
            " WHERE message_id IS NOT NULL"
        )
        point_zones.fill()


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0005_limitation_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='contactattempt',
            name='addressee',
            field=models.CharField(max_length=12, null=True),
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='collector',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='contact_point',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.contactpoint'),
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='happened_at',
            field=models.DateTimeField(default=_LONG_AGO),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='mode',
            field=models.CharField(max_length=12, null=True),
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='persons',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='place',
            field=models.CharField(max_length=12, null=True),
        ),
        migrations.AddField(
            model_name='contactitem',
            name='called',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='contactitem',
            name='talked',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='zones',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='contactpointpast',
            name='zones',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='debtor',
            name='debt_kind',
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AddField(
            model_name='debtor',
            name='subdivision',
            field=models.CharField(max_length=10, null=True),
        ),
        migrations.AddField(
            model_name='debtorpast',
            name='debt_kind',
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AddField(
            model_name='debtorpast',
            name='subdivision',
            field=models.CharField(max_length=10, null=True),
        ),
        migrations.AddField(
            model_name='standing',
            name='findings',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='standing',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.run'),
        ),
        migrations.AlterField(
            model_name='contactitem',
            name='open_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='contactitem',
            name='stage',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='creditor',
            name='kind',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.CreateModel(
            name='Clearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('channel', models.CharField(max_length=10)),
                ('purpose', models.CharField(max_length=20)),
                ('addressee', models.CharField(max_length=12)),
                ('verdict', models.CharField(max_length=20)),
                ('findings', models.JSONField()),
                ('rules_hash', models.CharField(max_length=64)),
                ('override', models.TextField(blank=True)),
                ('asked_by', models.CharField(max_length=200)),
                ('contact_point', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.contactpoint')),
                ('creditor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.creditor')),
                ('debtor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.debtor')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='clearance',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.clearance'),
        ),
        migrations.CreateModel(
            name='RegisterEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('known_from', models.DateTimeField()),
                ('kind', models.CharField(max_length=24)),
                ('from_date', models.DateField()),
                ('from_at', models.DateTimeField(null=True)),
                ('until_date', models.DateField(null=True)),
                ('channel', models.CharField(max_length=10, null=True)),
                ('place', models.CharField(max_length=12, null=True)),
                ('purpose', models.CharField(max_length=20, null=True)),
                ('weekdays', models.CharField(max_length=13, null=True)),
                ('hours_from', models.CharField(max_length=5, null=True)),
                ('hours_until', models.CharField(max_length=5, null=True)),
                ('evidence', models.TextField(blank=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('contact_point', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.contactpoint')),
                ('creditor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.creditor')),
                ('debtor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.debtor')),
                ('source', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.importfile')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RegisterEntryPast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('known_from', models.DateTimeField()),
                ('of', models.BigIntegerField(db_index=True)),
                ('known_to', models.DateTimeField()),
                ('kind', models.CharField(max_length=24)),
                ('from_date', models.DateField()),
                ('from_at', models.DateTimeField(null=True)),
                ('until_date', models.DateField(null=True)),
                ('channel', models.CharField(max_length=10, null=True)),
                ('place', models.CharField(max_length=12, null=True)),
                ('purpose', models.CharField(max_length=20, null=True)),
                ('weekdays', models.CharField(max_length=13, null=True)),
                ('hours_from', models.CharField(max_length=5, null=True)),
                ('hours_until', models.CharField(max_length=5, null=True)),
                ('evidence', models.TextField(blank=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('contact_point', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.contactpoint')),
                ('creditor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.creditor')),
                ('debtor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.debtor')),
                ('source', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.importfile')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop, elidable=False),
    ]
