"""What the replica and the log remember of the audit trail, out of reach of whoever rewrites the trail."""

from __future__ import annotations

import logging

from django.db.models import Q
from django.utils import timezone

from notifications.models import AuditAnchor, AuditEntry

logger = logging.getLogger(__name__)

#: Entries between two anchors.
EVERY = 1000


def known() -> dict[int, str]:
    """What the replica remembers: number of an entry -> its hash."""
    return dict(AuditAnchor.objects.using("replica").values_list("seq", "hash"))


def write(*, head: bool) -> None:
    """Anchor every 1,000th entry that is not, and the last one if `head`. An anchor is never written over."""
    last = AuditEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    anchored = AuditAnchor.objects.using("replica").order_by("-seq").values_list("seq", flat=True).first() or 0
    due = Q(seq__in=range(anchored - anchored % EVERY + EVERY, last + 1, EVERY))
    if head and last > anchored:
        due |= Q(seq=last)
    for seq, found in AuditEntry.objects.filter(due).order_by("seq").values_list("seq", "hash"):
        _, is_new = AuditAnchor.objects.using("replica").get_or_create(
            seq=seq, defaults={"hash": found, "at": timezone.now()}
        )
        if is_new:
            logger.info("Audit anchor seq=%d hash=%s", seq, found)
