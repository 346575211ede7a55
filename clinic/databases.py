"""How every process reaches its two PostgreSQL servers."""

from __future__ import annotations

from typing import Any

from clinic import env

# Each wait ends before the one around it: lock < statement < transaction.
LIMITS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "500ms",
}
# Whoever no longer answers is given up after this: seconds, and for what was sent and not confirmed milliseconds.
PATIENCE = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
TRANSACTION_TIMEOUT = "15s"
# Never `max_waiting`: after a long outage the pool of psycopg would refuse for ever. Between its tries to connect it
# pauses ever longer, so it has to give up soon: the next request then tries at once.
POOL = {"min_size": 2, "max_size": 8, "timeout": 3, "reconnect_timeout": 2}


def primary() -> dict[str, Any]:
    settings = connection("DATABASE_URL", application="clinic")
    settings["OPTIONS"]["pool"] = POOL
    return settings


def replica() -> dict[str, Any]:
    settings = connection("REPLICA_URL", application="clinic-replica")
    settings["TEST"] = {"MIGRATE": True}
    return settings


def connection(name: str, *, application: str) -> dict[str, Any]:
    address = env.reader.db_url_config(env.url(name))
    # Off (DATABASE_LIMITS=0) for what may take its time: migrations of a large clinic.
    limited = env.reader.bool("DATABASE_LIMITS", default=True)
    options = address.get("OPTIONS", {})
    # A socket's folder stands among the options. Django tells servers, and their test databases, apart by HOST.
    address["HOST"] = options.pop("host", address.get("HOST", ""))
    address["OPTIONS"] = {
        **options,
        "application_name": application,
        **PATIENCE,
        "options": " ".join(f"-c {limit}={value}" for limit, value in LIMITS.items()) if limited else "",
    }
    return {
        **address,
        "ENGINE": "clinic.postgresql",
        "TRANSACTION_TIMEOUT": TRANSACTION_TIMEOUT if limited else None,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
