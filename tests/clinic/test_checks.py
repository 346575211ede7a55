"""Wrong settings, and what people are told about them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from clinic import checks, env, reach
from clinic.processes import CannotStart


class TestChecks:
    def test_are_silent_when_all_is_well(self):
        assert checks.replica_is_a_database_of_its_own(None) == []

    def test_name_a_replica_that_is_the_primary(self, settings, monkeypatch):
        monkeypatch.setitem(settings.DATABASES, "replica", settings.DATABASES["default"])

        assert [found.id for found in checks.replica_is_a_database_of_its_own(None)] == ["clinic.E001"]

    def test_name_hosts_that_let_everybody_in(self, settings):
        settings.ALLOWED_HOSTS = ["*"]

        assert [found.id for found in checks.hosts_are_named(None)] == ["clinic.W001"]

    @pytest.mark.django_db
    def test_take_the_server_of_this_test(self):
        assert checks.servers_are_new_enough(None, databases=["default"]) == []

    @pytest.mark.django_db
    def test_name_a_server_that_is_too_old(self, monkeypatch):
        monkeypatch.setattr(checks.programs, "NEEDED_MAJOR", 99)

        assert [found.id for found in checks.servers_are_new_enough(None, databases=["default"])] == ["clinic.E002"]


class TestReach:
    def test_says_who_does_not_answer(self):
        with pytest.raises(CannotStart, match="^REDIS_URL names a server at 127.0.0.1 that cannot be used: .*refused"):
            reach.answer("REDIS_URL", "redis://127.0.0.1:1/0", reach.ping)

    def test_says_which_form_it_expects(self):
        with pytest.raises(CannotStart, match="Its form is postgres://user:password@host:5432/name"):
            reach.postgres("DATABASE_URL", "postgres://127.0.0.1:1/clinic")

    def test_does_not_repeat_a_password(self):
        with pytest.raises(CannotStart) as refused:
            reach.postgres("DATABASE_URL", "postgres://maria:s3cret@127.0.0.1:1/clinic")

        assert "s3cret" not in str(refused.value)

    def test_refuses_one_database_for_both(self):
        primary = env.url("DATABASE_URL")

        with pytest.raises(CannotStart, match="name the same database"):
            reach.check_all({"DATABASE_URL": primary, "REPLICA_URL": primary, "REDIS_URL": env.url("REDIS_URL")})

    def test_takes_two_databases_of_one_server(self):
        """They share the instant of their start, as two servers may."""
        primary = env.url("DATABASE_URL")

        assert not reach.same_database(primary, urlsplit(primary)._replace(path="/postgres").geturl())

    def test_takes_the_two_servers_of_this_test(self):
        assert not reach.same_database(env.url("DATABASE_URL"), env.url("REPLICA_URL"))
