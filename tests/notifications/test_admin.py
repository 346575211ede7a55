"""Who may look at the audit trail, the deliveries and the activity."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

MODELS = ("auditentry", "delivery", "cursor", "activity", "deadletter", "comparison", "erasure")
PAGES = [f"admin:notifications_{name}_changelist" for name in MODELS]


@pytest.fixture
def delivered(clinic, redis):
    call_command("deliver", once=True)


@pytest.mark.parametrize("page", PAGES)
class TestPages:
    def test_are_shown_to_auditors_and_supervisors(self, client, delivered, ada, sofia, page):
        for user in (ada, sofia):
            client.force_login(user)
            assert client.get(reverse(page)).status_code == 200

    def test_are_not_for_everybody(self, client, omar, page):
        client.force_login(omar)

        assert client.get(reverse(page)).status_code == 403

    def test_let_nobody_write(self, client, delivered, admin_user, page):
        client.force_login(admin_user)

        assert client.get(reverse(page.replace("changelist", "add"))).status_code == 403


class TestAnEntry:
    def test_is_shown_and_not_changed(self, client, delivered, admin_user):
        client.force_login(admin_user)
        address = reverse("admin:notifications_auditentry_change", args=[1])

        assert client.get(address).status_code == 200
        assert client.post(address, {"sentence": "nothing happened"}).status_code == 403
