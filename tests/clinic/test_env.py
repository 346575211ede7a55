"""What the environment says, how it is read, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import databases, env, startup


class TestSecret:
    def test_comes_from_the_variable(self, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "$not-the-name-of-another-variable")

        assert env.secret("SECRET_KEY") == "$not-the-name-of-another-variable"

    def test_comes_from_a_file_without_its_last_newline(self, monkeypatch, tmp_path):
        (tmp_path / "key").write_text("from a file\n")
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))

        assert env.secret("SECRET_KEY") == "from a file"

    def test_says_which_file_cannot_be_read(self, monkeypatch, tmp_path):
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "nothing"))

        with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE names .*nothing, which cannot be read"):
            env.secret("SECRET_KEY")

    def test_says_what_to_do_when_it_is_missing(self, monkeypatch):
        monkeypatch.delenv("SECRET_KEY", raising=False)

        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set. Start with `make run`"):
            env.secret("SECRET_KEY")

    def test_may_be_missing_where_nothing_needs_it(self, monkeypatch, tmp_path):
        assert env.secret_if_given("METRICS_TOKEN") == ""

        (tmp_path / "token").write_text("$t\n")
        monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
        assert env.secret_if_given("METRICS_TOKEN") == "$t"


class TestNetworks:
    def test_are_addresses_and_networks(self, monkeypatch):
        assert env.networks("METRICS_ALLOW") == []
        monkeypatch.setenv("METRICS_ALLOW", "10.0.0.7, 10.1.2.3/16,fd00::/8,")

        assert [str(each) for each in env.networks("METRICS_ALLOW")] == ["10.0.0.7/32", "10.1.0.0/16", "fd00::/8"]

    def test_say_what_is_neither(self, monkeypatch):
        monkeypatch.setenv("METRICS_ALLOW", "10.0.0.7,monitor.example")

        with pytest.raises(ImproperlyConfigured, match=r"METRICS_ALLOW holds .*'monitor.example'"):
            env.networks("METRICS_ALLOW")


class TestUrl:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "postgres://maria:s3cret@db.example:5433/clinic"),
            ("DATABASE_URL", "postgresql:///clinic?host=/run/postgresql"),
            ("REPLICA_URL", "postgres://maria:p%40ss@db.example/replica?sslmode=verify-full"),
            ("REDIS_URL", "redis://cache.example:6379/0"),
            ("REDIS_URL", "unix:///run/valkey.sock?db=1"),
        ],
    )
    def test_takes_an_address(self, monkeypatch, name, value):
        monkeypatch.setenv(name, value)

        assert env.url(name) == value

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "sqlite:///clinic.db"),
            ("DATABASE_URL", "db.example:5432"),
            ("DATABASE_URL", "postgres://db.example"),  # which database?
            ("DATABASE_URL", "postgres://db.example:port/clinic"),
            ("REDIS_URL", "postgres://db.example/clinic"),
            ("REDIS_URL", "unix://"),
        ],
    )
    def test_refuses_anything_else_with_a_hint(self, monkeypatch, name, value):
        monkeypatch.setenv(name, value)

        with pytest.raises(ImproperlyConfigured, match=f"^{name} is not an address .* its form is "):
            env.url(name)

    def test_takes_several(self, monkeypatch):
        monkeypatch.setenv("REDIS_URL", "redis://one.example:6379/0, redis://two.example:6379/0")

        assert env.redis_urls() == ["redis://one.example:6379/0", "redis://two.example:6379/0"]

    @pytest.mark.parametrize("value", ["redis://one.example:6379/0,two.example", "redis://one.example:6379/0,"])
    def test_refuses_several_of_which_one_is_none(self, monkeypatch, value):
        monkeypatch.setenv("REDIS_URL", value)

        with pytest.raises(ImproperlyConfigured, match="^REDIS_URL is not an address"):
            env.redis_urls()

    def test_does_not_repeat_a_password(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "mysql://maria:s3cret@db.example/clinic")

        with pytest.raises(ImproperlyConfigured) as refused:
            env.url("DATABASE_URL")

        assert "s3cret" not in str(refused.value)


class TestRunning:
    def test_is_what_the_running_clinic_wrote(self, tmp_path):
        (tmp_path / "environment").write_text("DATABASE_URL=postgres:///x?host=/a=b\nHTTPS=0\n")

        assert env.running(tmp_path) == {"DATABASE_URL": "postgres:///x?host=/a=b", "HTTPS": "0"}

    def test_is_nothing_where_none_runs(self, tmp_path):
        assert env.running(tmp_path) == {}


class TestConnection:
    def test_keeps_the_options_of_the_address_and_adds_the_limits(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgres://maria@db.example/clinic?sslmode=require")

        options = databases.connection("DATABASE_URL", application="clinic")["OPTIONS"]

        assert options["sslmode"] == "require"
        assert "-c lock_timeout=2s -c statement_timeout=5s" in options["options"]

    def test_is_without_limits_for_migrations(self, monkeypatch):
        monkeypatch.setenv("DATABASE_LIMITS", "0")

        settings = databases.connection("DATABASE_URL", application="clinic")

        assert settings["OPTIONS"]["options"] == ""
        assert settings["TRANSACTION_TIMEOUT"] is None

    @pytest.mark.django_db
    def test_has_its_limits_on_the_server(self):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE '%%_timeout'")
            limits = dict(cursor.fetchall())

        assert (limits["lock_timeout"], limits["statement_timeout"]) == ("2000", "5000")
        assert limits["idle_in_transaction_session_timeout"] == "10000"
        if connection.pg_version >= 17_00_00:
            assert limits["transaction_timeout"] == "15000"


class TestManage:
    def test_says_in_one_sentence_what_is_wrong(self, tmp_path):
        wrong = {**os.environ, "DATABASE_URL": "sqlite:///clinic.db", "CLINIC_HOME": str(tmp_path)}

        ended = subprocess.run(
            [sys.executable, "manage.py", "check"], cwd=env.BASE_DIR, env=wrong, capture_output=True, text=True
        )

        assert ended.returncode == 1
        assert ended.stderr.startswith("DATABASE_URL is not an address")
        assert len(ended.stderr.strip().split("\n")) == 1


class TestOwner:
    """Who migrates, where that is not who works."""

    @pytest.fixture(autouse=True)
    def nobody_is_named(self, monkeypatch):
        monkeypatch.delenv("OWNER_DATABASE_URL", raising=False)

    def test_is_who_works_where_nobody_else_is_named(self):
        assert startup.as_owner({"HTTPS": "0"}) == {"HTTPS": "0"}

    def test_is_known_of_the_bundled_primary(self):
        urls = {"DATABASE_URL": "postgres:///work", "OWNER_DATABASE_URL": "postgres:///own"}

        assert startup.as_owner(urls)["DATABASE_URL"] == "postgres:///own"

    def test_may_stand_in_a_file_beside_that_of_who_works(self, monkeypatch, tmp_path):
        (tmp_path / "owner").write_text("postgres://owner@db/clinic\n")
        monkeypatch.setenv("OWNER_DATABASE_URL_FILE", str(tmp_path / "owner"))
        monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "worker"))

        child = startup.command("migrate", tmp_path, startup.as_owner({}), "migrate")

        assert child.env["DATABASE_URL"] == "postgres://owner@db/clinic"
        assert not child.env["DATABASE_URL_FILE"]

    def test_is_refused_when_it_cannot_be_one(self, monkeypatch):
        monkeypatch.setenv("OWNER_DATABASE_URL", "sqlite:///clinic.db")

        with pytest.raises(ImproperlyConfigured, match="OWNER_DATABASE_URL is not an address"):
            startup.as_owner({})

    def test_is_told_to_nobody_who_serves(self, monkeypatch, tmp_path):
        monkeypatch.setenv("OWNER_DATABASE_URL", "postgres://owner@db/clinic")

        child = startup.command("worker", tmp_path, {"OWNER_DATABASE_URL": "postgres:///own"}, "deliver")

        assert "OWNER_DATABASE_URL" not in child.env
