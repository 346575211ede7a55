"""The demo clinic, made once."""

from __future__ import annotations

import json
import stat

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command

from queueing.models import Display, Event, Room, Service

pytestmark = pytest.mark.django_db


class TestSeeddemo:
    def test_makes_a_clinic_that_can_begin(self):
        call_command("seeddemo")

        assert Service.objects.count() == 4
        assert Room.objects.filter(serves__isnull=False).distinct().count() == 4
        assert Display.objects.get(slug="hall").name == "Hall"
        assert list(User.objects.filter(is_staff=False).values_list("username", flat=True)) == ["receptionist"]

    def test_gives_every_role_its_own_password(self, tmp_path):
        call_command("seeddemo", sign_ins=tmp_path / "sign-ins.json")

        people = json.loads((tmp_path / "sign-ins.json").read_text())
        assert len({person["password"] for person in people.values()}) == 4
        for role, person in people.items():
            assert authenticate(**person).groups.get().name.lower() == role

    def test_keeps_the_sign_ins_to_its_user(self, tmp_path, capsys):
        call_command("seeddemo", sign_ins=tmp_path / "sign-ins.json")

        assert stat.S_IMODE((tmp_path / "sign-ins.json").stat().st_mode) == 0o600
        # runclinic keeps what is printed in a log.
        assert capsys.readouterr().out == ""

    def test_prints_the_sign_ins_when_no_file_takes_them(self, capsys):
        call_command("seeddemo")

        assert set(json.loads(capsys.readouterr().out)) == {"receptionist", "clinician", "supervisor", "auditor"}

    def test_does_nothing_to_a_clinic_in_use(self, make_service, capsys):
        make_service()

        call_command("seeddemo")

        assert Service.objects.count() == 1
        assert "in use already" in capsys.readouterr().out

    def test_is_history(self):
        call_command("seeddemo")

        assert set(Event.objects.values_list("verb", "actor")) == {("demo.seeded", "seeddemo")}

    def test_makes_nothing_when_the_sign_ins_cannot_be_kept(self, tmp_path):
        with pytest.raises(OSError, match="No such file"):
            call_command("seeddemo", sign_ins=tmp_path / "gone" / "sign-ins.json")

        assert not Service.objects.exists()
