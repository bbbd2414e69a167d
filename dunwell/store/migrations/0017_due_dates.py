from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0016_secured_and_designated'),
    ]

    operations = [
        migrations.AddField(
            model_name='receivable',
            name='payment_terms',
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.AddField(
            model_name='receivable',
            name='received_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivable',
            name='delivered_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivable',
            name='accepted_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivable',
            name='due_known',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='receivable',
            name='due_rule',
            field=models.CharField(max_length=40, null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='payment_terms',
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='received_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='delivered_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='accepted_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='due_known',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='receivablepast',
            name='due_rule',
            field=models.CharField(max_length=40, null=True),
        ),
    ]
