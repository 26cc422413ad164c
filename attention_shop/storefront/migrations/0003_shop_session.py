"""The shop's own sessions; those of Django's table move in, so that nobody is logged out."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone

BATCH = 500


def move_in(apps, schema_editor):
    """Take over the sessions that are not over, each with the account its content names."""
    store, pk = SessionStore(), get_user_model()._meta.pk
    own = apps.get_model("attention_storefront", "ShopSession")

    def taken(row):
        user = store.decode(row.session_data).get(SESSION_KEY)
        return own(**_columns(row), user_id=None if user is None else pk.to_python(user))

    _move(schema_editor, source=apps.get_model("sessions", "Session"), target=own, made=taken)


def move_out(apps, schema_editor):
    """Give the sessions back to Django's table."""
    django = apps.get_model("sessions", "Session")
    own = apps.get_model("attention_storefront", "ShopSession")
    _move(schema_editor, source=own, target=django, made=lambda row: django(**_columns(row)))


def _columns(row):
    return {name: getattr(row, name) for name in ("session_key", "session_data", "expire_date")}


def _move(schema_editor, *, source, target, made):
    using = schema_editor.connection.alias
    rows = source.objects.using(using)
    rows.filter(expire_date__lte=timezone.now()).delete()
    while batch := list(rows.order_by("pk")[:BATCH]):
        target.objects.using(using).bulk_create([made(row) for row in batch])
        rows.filter(pk__in=[row.pk for row in batch]).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('attention_storefront', '0002_order_guest_index'),
        ('sessions', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ShopSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('user', models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.RunPython(move_in, move_out),
    ]
