from __future__ import annotations

import pytest
from django.db import connections

from notifications.checks import check_foreign_keys
from queueing.models import Room


@pytest.mark.django_db(databases=["default", "replica"])
class TestReplicaRouter:
    def test_writes_what_was_read_from_the_replica_to_the_primary(self):
        room = Room.objects.create(name="Room 1")
        room._state.db = "replica"
        room.name = "Room 2"

        room.save()

        assert Room.objects.get().name == "Room 2"
        assert not Room.objects.using("replica").exists()

    def test_lets_rows_be_read_there_by_name_only(self):
        Room.objects.create(name="Room 1")

        assert Room.objects.exists()
        assert not Room.objects.using("replica").exists()


@pytest.mark.django_db(databases=["default", "replica"])
class TestCheckForeignKeys:
    def test_is_content_with_the_keys_that_django_makes(self):
        assert check_foreign_keys(databases=["default", "replica"]) == []

    def test_finds_a_key_that_cascades(self):
        with connections["replica"].cursor() as cursor:
            cursor.execute(
                "ALTER TABLE queueing_roomservice ADD CONSTRAINT cascades"
                " FOREIGN KEY (room_id) REFERENCES queueing_room ON DELETE CASCADE"
            )

        assert [error.id for error in check_foreign_keys(databases=["replica"])] == ["notifications.E001"]
