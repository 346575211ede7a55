"""Seven ways to rewrite the audit trail, by somebody who may switch its trigger off."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from notifications import anchors, chain
from notifications.models import AuditAnchor, AuditEntry, Cursor
from notifications.sinks.audit import AuditSink

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

TRAIL = "notifications_auditentry"


@pytest.fixture
def old(trail, clinic, desk, monkeypatch):
    """The trail and its cursor as they were two tickets ago. Every fourth entry is anchored, and the last."""
    kept = list(AuditEntry.objects.order_by("seq")), Cursor.objects.get(sink="audit")
    desk.issue(clinic.first)
    desk.issue(clinic.second)
    AuditSink().step()
    monkeypatch.setattr(anchors, "EVERY", 4)
    anchors.write(head=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TRAIL} DISABLE TRIGGER audit_trail_is_append_only")
    yield kept
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TRAIL} ENABLE TRIGGER audit_trail_is_append_only")


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def edit(old):
    run(f"UPDATE {TRAIL} SET actor = 'eve' WHERE seq = 6")


def edit_changes(old):
    run(f"UPDATE {TRAIL} SET changes = '{{}}' WHERE seq = 6")


def delete_in_the_middle(old):
    run(f"DELETE FROM {TRAIL} WHERE seq = 6")


def delete_the_tail(old):
    run(f"DELETE FROM {TRAIL} WHERE seq >= 10")


def reorder(old):
    run(*(f"UPDATE {TRAIL} SET seq = {to} WHERE seq = {seq}" for seq, to in ((6, 0x600), (7, 6), (0x600, 7))))


def insert(old):
    """With a hash that is right: it follows entry 5, and so does the entry behind it."""
    run(f"UPDATE {TRAIL} SET seq = seq + 1000 WHERE seq > 5", f"UPDATE {TRAIL} SET seq = seq - 999 WHERE seq > 1000")
    forged = AuditEntry.objects.get(seq=5)
    forged.seq, forged.event_id, forged.actor, forged.previous_hash = 6, 999_999, "eve", forged.hash
    forged.hash = chain.digest(forged)
    forged.save(force_insert=True)


def rechain(old):
    """From entry 6 to the end: every hash is right."""
    edit(old)
    head = AuditEntry.objects.get(seq=5).hash
    for entry in AuditEntry.objects.filter(seq__gt=5).order_by("seq"):
        entry.previous_hash = head
        head = entry.hash = chain.digest(entry)
        entry.save()


def put_an_old_copy_back(old):
    """Of the whole database, so the cursor goes back as well; the newest events are gone with it."""
    entries, cursor = old
    run(f"DELETE FROM {TRAIL}")
    AuditEntry.objects.bulk_create(entries)
    cursor.save()


def lose_the_events():
    """As when they have been kept long enough."""
    run("TRUNCATE queueing_event")


def lose_the_anchors():
    AuditAnchor.objects.using("replica").all().delete()


@pytest.fixture
def verdict(old):
    """What `verifyaudit` says of a trail after this, with so much to compare it with."""

    def ask(tampering, *, kept_events=False, kept_anchors=False):
        assert chain.verify(anchors.known()).problem == ""
        tampering(old)
        if not kept_events:
            lose_the_events()
        if not kept_anchors:
            lose_the_anchors()
        try:
            call_command("verifyaudit")
        except CommandError as e:
            return str(e)
        return "sound"

    return ask


class TestVerifyAudit:
    def test_is_content_with_a_sound_trail(self, old, capsys):
        call_command("verifyaudit")

        assert f"{AuditEntry.objects.count()} entries" in capsys.readouterr().out

    def test_is_content_while_events_are_not_sealed_yet(self, old, clinic, desk):
        desk.issue(clinic.first)

        call_command("verifyaudit")

    @pytest.mark.parametrize(
        ("tampering", "said"),
        [
            (edit, "Entry 6 is not what was sealed."),
            (edit_changes, "Entry 6 is not what was sealed."),
            (delete_in_the_middle, "Entry 6 is missing."),
            (reorder, "Entry 6 does not follow the entry before it."),
            (insert, "Entry 6 was put in."),
        ],
    )
    def test_finds_by_the_hashes_alone(self, verdict, tampering, said):
        assert verdict(tampering) == f"{said} Up to entry 5 the chain is sound."

    @pytest.mark.parametrize(
        ("tampering", "said"),
        [
            (delete_the_tail, "Entry 10 is missing, and the replica remembers 15 entries."),
            (rechain, "Entry 8 is not what the replica remembers; it was changed, or one of those after 4 before it."),
            (put_an_old_copy_back, "Entry 14 is missing, and the replica remembers 15 entries."),
        ],
    )
    def test_finds_by_the_anchors(self, verdict, tampering, said):
        assert verdict(tampering, kept_anchors=True).startswith(said)

    @pytest.mark.parametrize("tampering", [delete_the_tail, rechain, put_an_old_copy_back])
    def test_cannot_know_that_by_the_hashes_alone(self, verdict, tampering):
        """If this fails, the tests beside it prove nothing."""
        assert verdict(tampering) == "sound"

    @pytest.mark.parametrize(
        ("tampering", "said"),
        [
            (delete_the_tail, "Event {} has no entry any more. Up to entry 9 the chain is sound."),
            (rechain, "Entry 6 does not say what its event says. Up to entry 5 the chain is sound."),
        ],
    )
    def test_finds_by_the_events(self, verdict, tampering, said):
        tenth = AuditEntry.objects.get(seq=10).event_id

        assert verdict(tampering, kept_events=True) == said.format(tenth)

    def test_says_so_when_the_replica_does_not_answer(self, old, capsys, monkeypatch):
        monkeypatch.setitem(connections["replica"].settings_dict, "NAME", "nowhere")
        connections["replica"].close()

        call_command("verifyaudit")

        assert "The replica does not answer" in capsys.readouterr().err

    def test_says_so_when_it_cannot_read_the_trail(self, trail, monkeypatch):
        monkeypatch.setattr(chain, "UNSEALED", "SELECT nothing FROM nowhere")

        with pytest.raises(CommandError, match="could not be read"):
            call_command("verifyaudit")
