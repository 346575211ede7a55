from notifications.models.activity import Activity
from notifications.models.audit import AuditAnchor, AuditEntry
from notifications.models.readers import Cursor, DeadLetter, Delivery, WorkerBeat
from notifications.models.replica import Comparison, Erasure, ReplicaState

__all__ = [
    "UNTRACKED",
    "Activity",
    "AuditAnchor",
    "AuditEntry",
    "Comparison",
    "Cursor",
    "DeadLetter",
    "Delivery",
    "Erasure",
    "ReplicaState",
    "WorkerBeat",
]

UNTRACKED = {
    Cursor: "it says how far history was read",
    Delivery: "it says how history was read",
    DeadLetter: "it says what could not be read",
    AuditEntry: "it is history, sealed",
    AuditAnchor: "it lives on the replica and proves the audit trail",
    ReplicaState: "it lives on the replica and says what that shows",
    Comparison: "it says what a look at the replica found",
    Erasure: "the change of the patient is tracked; this says that it has to be done again after a restore",
    Activity: "it is a log of its own",
    WorkerBeat: "it is a sign of life",
}
