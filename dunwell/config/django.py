"""Django's settings, derived from the one settings object."""

import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

from dunwell.config.environment import load
from dunwell.core.errors import DunwellError
from dunwell.core.settings import Settings

DUNWELL = load()


def database(settings: Settings) -> dict[str, Any]:
    """The `default` database of Django: PostgreSQL when an address is set, else SQLite in the data home.

    SQLite: WAL so that readers never wait for the writer; IMMEDIATE so that an act takes the write lock
    before it reads, and cannot fail half-way on an upgrade of its lock.
    """
    if settings.database_url:
        try:
            url = urlsplit(settings.database_url)
            port = str(url.port or "")
        except ValueError:
            # The reason would show a piece of the address, perhaps of its password.
            raise DunwellError("settings.bad_database_url", why="host:port") from None
        if url.scheme not in ("postgres", "postgresql") or not url.path.strip("/"):
            raise DunwellError("settings.bad_database_url", why=url.scheme or "empty")
        query = dict(pair.split("=", 1) for pair in url.query.split("&") if "=" in pair)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or query.pop("host", "")),
            "PORT": port,
            "OPTIONS": query,
            "CONN_HEALTH_CHECKS": True,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(settings.sqlite_file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
                f" PRAGMA synchronous={settings.sqlite_synchronous.upper()};"
                " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
            ),
        },
    }


DATABASES = {"default": database(DUNWELL)}
INSTALLED_APPS = ["dunwell.store", "dunwell.desk"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# The desk: pages for this machine only (see `dunwell serve`), until people have accounts.
SECRET_KEY = secrets.token_urlsafe(48)  # nothing signed outlives the process
DESK_KEY = ""
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "dunwell.config.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "dunwell.desk.access.KeyMiddleware"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
