"""The PostgreSQL connection, with every time-out named."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

# A partition hangs a plain connection for more than 20 s: these bound connecting, sending and silence.
NETWORK = {
    "connect_timeout": 3,
    "tcp_user_timeout": 3000,
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
SERVER = {
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",
}
POOL_WAIT_SECONDS = 2.0


def database(url: str, *, pool: int, statement_timeout: str) -> dict[str, Any]:
    """Translate a ``DATABASE_URL`` into Django's dictionary.

    ``pool`` is the greatest number of pooled connections; 0 keeps one connection per thread, which is right for WSGI
    workers and Celery but leaks connections under ASGI. ``statement_timeout`` is PostgreSQL's, e.g. ``15s``.
    """
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    name, user, password = parts.pop("dbname", ""), parts.pop("user", ""), parts.pop("password", "")
    host, port = parts.pop("host", ""), parts.pop("port", "")
    settings = " ".join(
        f"-c {key}={value}" for key, value in {**SERVER, "statement_timeout": statement_timeout}.items()
    )
    options: dict[str, Any] = {"application_name": "rupai", **NETWORK, "options": settings, **parts}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": POOL_WAIT_SECONDS, "max_lifetime": 1800}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": user,
        "PASSWORD": password,
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": 0 if pool else 60,
        "CONN_HEALTH_CHECKS": not pool,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
    }
