"""The journal refuses changes in the database itself."""

from django.db import migrations

from dunwell.store import dialect


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]
    operations = [migrations.RunPython(dialect.make_journal_append_only, dialect.make_journal_plain)]
