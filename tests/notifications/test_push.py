from __future__ import annotations

import json

import pytest
from redis import RedisError

from notifications import boards
from notifications.models import Delivery
from notifications.sinks import base, push
from notifications.sinks.push import PushSink
from queueing.models import Event, Line

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture
def sent(monkeypatch):
    """What went to which group."""
    messages = []

    async def remember(group, message):
        messages.append((group, json.loads(message["text"]) if "text" in message else message["type"]))

    monkeypatch.setattr(push, "_send", remember)
    return messages


@pytest.fixture
def sink(redis, sent):
    sink = PushSink()
    yield sink
    sink.close()


def stored(redis, service):
    return json.loads(redis.hget(boards.BOARDS, str(service.pk)))


def boards_in(sent):
    return [(group, message["board"]["version"]) for group, message in sent if message["type"] == "board"]


@pytest.fixture
def settled(sink, clinic, sent):
    """Everything pushed that `clinic` made."""
    while sink.step():
        pass
    sent.clear()
    return sink


class TestPushSink:
    def test_stores_and_sends_the_board_of_a_touched_service_once(self, settled, clinic, desk, sent, redis):
        desk.issue(clinic.first)
        desk.issue(clinic.first)

        settled.step()

        version = Line.objects.get(pk=clinic.first.pk).version
        assert boards_in(sent) == [(f"line.{clinic.first.pk}", version)]
        assert stored(redis, clinic.first)["waiting"] == ["A-001", "A-002"]

    def test_finds_nothing_to_do_twice(self, settled, clinic, desk, sent):
        desk.issue(clinic.first)
        settled.step()
        sent.clear()

        assert not settled.step()
        assert sent == []

    def test_records_what_it_took(self, settled, clinic, desk):
        desk.issue(clinic.first)
        settled.step()

        assert sum(Delivery.objects.filter(sink="push").values_list("events", flat=True)) == Event.objects.count()

    def test_pushes_the_same_again_when_it_dies_before_the_cursor(self, settled, clinic, desk, sent, monkeypatch):
        desk.issue(clinic.first)
        monkeypatch.setattr(push.base, "advance", crash)
        with pytest.raises(SystemError):
            settled.step()
        monkeypatch.undo()
        monkeypatch.setattr(push, "_send", nothing)

        assert settled.step()

        assert not settled.step()

    @pytest.mark.parametrize(("more", "shown"), [(1, 2), (100, push.IN_A_ROW)])
    def test_shows_what_comes_meanwhile_before_it_moves_the_cursor(self, settled, clinic, desk, sent, more, shown):
        def rest(seconds):
            nonlocal more
            more -= 1
            return more >= 0 and bool(desk.issue(clinic.first))

        desk.issue(clinic.first)
        before = Delivery.objects.count()
        settled.step(base.Turn(rest=rest))

        versions = [version for _, version in boards_in(sent)]
        assert versions[:shown] == sorted(set(versions[:shown]))
        assert len(versions) >= shown
        assert Delivery.objects.count() == before + 1
        assert sum(Delivery.objects.filter(sink="push").values_list("events", flat=True)) == Event.objects.count()

    def test_tells_every_screen_the_versions(self, settled, clinic, sent):
        settled.ticked_at = float("-inf")

        settled.step()

        ((group, tick),) = sent
        assert group == "ticks"
        assert tick["versions"] == {str(line.pk): line.version for line in Line.objects.all()}

    def test_heals_a_redis_that_was_flushed(self, settled, clinic, redis):
        redis.flushdb()
        settled.ticked_at = float("-inf")

        while settled.step():
            pass
        settled.step()

        assert stored(redis, clinic.first)["version"] == Line.objects.get(pk=clinic.first.pk).version

    def test_forgets_the_board_of_a_service_that_is_gone(self, settled, clinic, redis):
        redis.hset(boards.BOARDS, "999", "{}")
        redis.hset(boards.VERSIONS, "999", "1")
        settled.ticked_at = float("-inf")

        settled.step()

        assert not redis.hexists(boards.BOARDS, "999")

    def test_tells_screens_to_come_back_when_a_display_shows_another_service(self, settled, clinic, sent):
        clinic.hall.shows.create(service=clinic.second)

        settled.step()

        assert ("ticks", "live.reshaped") in sent

    def test_sends_everything_again_after_redis_was_away(self, settled, clinic, desk, sent, monkeypatch):
        async def away(fresh):
            raise RedisError("away")

        desk.issue(clinic.first)
        with monkeypatch.context() as broken:
            broken.setattr(boards, "store", away)
            with pytest.raises(RedisError):
                settled.step()

        settled.step()

        assert len(boards_in(sent)) == Line.objects.count()


class TestABoard:
    def test_that_is_too_large_is_refused(self, clinic):
        board = {"service": {"id": 1}, "waiting": ["A-001"] * 10_000}

        with pytest.raises(boards.BoardTooLarge):
            boards.as_text(board)


async def nothing(group, message):
    pass


def crash(*args, **kwargs):
    raise SystemError("the process ends here")
