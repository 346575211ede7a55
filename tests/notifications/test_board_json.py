"""The board that a screen fetches while it is not live."""

from __future__ import annotations

import pytest

from notifications import boards

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


class TestBoardJson:
    @pytest.fixture
    def url(self, clinic):
        return f"/boards/{clinic.first.pk}.json"

    def test_is_there_without_redis(self, client, url, clinic, monkeypatch):
        monkeypatch.setattr(boards, "load_now", lambda service_id, version: None)

        response = client.get(url)

        assert response.json()["service"]["id"] == clinic.first.pk
        assert response["ETag"] == f'"{response.json()["version"]}"'
        assert response["Cache-Control"] == "no-cache"

    def test_is_the_stored_one_while_that_is_current(self, client, url, clinic, sink, redis):
        stored = redis.hget(boards.BOARDS, str(clinic.first.pk))

        assert client.get(url).content.decode() == stored

    def test_is_current_although_no_worker_stores_it(self, client, url, clinic, sink, desk):
        desk.issue(clinic.first)

        assert client.get(url).json()["waiting"] == ["A-001"]

    def test_answers_304_until_it_changes(self, client, url, clinic, desk):
        version = client.get(url)["ETag"]

        assert client.get(url, headers={"If-None-Match": version}).status_code == 304
        desk.issue(clinic.first)
        assert client.get(url, headers={"If-None-Match": version}).status_code == 200

    def test_of_no_service_is_not_found(self, client, db):
        response = client.get("/boards/999.json")

        assert response.status_code == 404
        assert response.json() == {"error": "There is no such service."}

    def test_cannot_be_posted_to(self, client, url):
        assert client.post(url).status_code == 405
