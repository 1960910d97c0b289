"""Reports as values: a whole one of every record, of which a test says what it is about."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.finding import Finding
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.core.identity import Identity
from amlmigrate.evidence import RECORDS, ReportContent
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.ledger.removal import RemovalRecord
from tests.builders.world import SOURCE, TARGET

SHA = "ab" * 32
TIME = "2026-01-01T00:00:00+00:00"
BY = By("ann", "host", "1", Identity("object", "ann", "", "tenant"), {"jobs": 4}).as_dict()
DIGESTS = {f"{side}_{what}": f"{at}" * 64 for at, (side, what) in enumerate(
    ((side, what) for what in ("documents", "blobs") for side in ("source", "target")), 1)}  # fmt: skip
FINDING = Finding("warning", "data/d/1", "It names the source.", "Look.", "names-source").as_dict()
CLAIM = Claim("key.enabled", True, "error", "ws", "It is.", "", {"status": "Enabled"}, "https://v/keys/k", TIME).as_dict()  # fmt: skip
ASSIGNMENT = Assignment(
    f"{SOURCE.id}/providers/Microsoft.Authorization/roleAssignments/0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a35",
    SOURCE.id,
    "Contributor",
    {"roleDefinitionId": "/x", "principalId": "0b4a7a52-9c1c-4b0e-8a0a-2f6d7e1c9a36"},
    FreezeState.TAKEN,
).as_dict()
_FREEZE_SOURCE = {"id": SOURCE.id, "workspaceId": SOURCE.workspace_id, "storageAccount": SOURCE.storage_account_id}
_FREEZE_FILE = {"name": "freeze.json", "sha256": SHA}
_CHANGE = {"address": "blobs/c/x", "what": "deleted", "now": "", "item": "", "seen": TIME, "finding": ""}
LEFT = {"address": "jobs", "outcome": "left to do by hand", "detail": "cannot move"}
DIFFERENCE = {"address": "models/m/1", "field": "/tags", "expected": {"a": 1}, "actual": None}
_ALL: dict[str, Any] = {"format": 1, "time": TIME, "plan": {"name": "ws1", "sha256": SHA}, "by": BY}
_PAIR: dict[str, Any] = {"tool": "aml-cmk-migrate 1", "source": SOURCE.header(), "target": TARGET.header()}
_FILES = [{"file": "0001-digests.jsonl", "sha256": SHA}]
BODIES: dict[str, dict[str, Any]] = {
    "run": _ALL | _PAIR | {
        "started": TIME, "cut_off": [TIME], "ended": "ended", "headline": "Everything is done.", "items": {"migrated": 1},
        "left": [LEFT], "foreign_bytes": [{"address": "models/m/1", "bytes": "blobs/c/m", "detail": "theirs"}],
        "deleted": {"blobs/c/m": 1}, "warnings": [FINDING], "idmap": {"file": "idmap.csv", "sha256": ""},
        "made": {"count": 1, "sha256": SHA},
    },
    "verify": _ALL | _PAIR | {
        "service_time": TIME, "depth": "sdk", "green": True, "items": {"migrated": 1},
        "waived": [{"address": "jobs", "detail": "waived by ann"}], "by_hand": [], "unsettled": [LEFT],
        "open_findings": [FINDING], "decided_findings": [{"address": "x!y", "detail": "waived by ann"}],
        "foreign_bytes": [{"address": "models/m/1", "bytes": "blobs/c/m", "detail": "theirs"}],
        "differences": [{"address": "models/m/1", "field": "/tags", "expected": {"a": 1}, "actual": None}],
        "posture": [FINDING], "claims": [CLAIM], "warnings": [FINDING], "found": [FINDING],
        "naming_files": [{"prefix": "blobs/c/m", "file": "c/m/x", "count": 2}], "rewritten_files": ["c/m/x"],
        "false_md5_labels": ["c/m/y"], "not_checked": ["secrets"],
        "code_bytes": {"prefixes": 1, "copied": TIME, "looked": TIME, "known_from": TIME, "settled": False},
        "blobs": 1, "bytes": 2, "trees": {"blobs/c/m": {"source": SHA, "target": SHA}},
        "sdk": {"assets": 1, "readable": 1, "unreadable_alike": {"data/x/1": "why"}, "source_not_checked": {}},
        "let_go": {"data/d/1": SHA},
        "since_cutover": {"cutover": 1, "open": [FINDING], "blobs": 1, "bytes": 1, "changes": [_CHANGE]},
        "tolerated": [], "same": {"blobs": 1, "documents": 1}, "of": {"blobs": 1}, "not_in_target": {"waived": 1},
        "not_compared": {}, "not_the_same": {"waived": 1}, "headline": "Green.", "digests": DIGESTS,
        "manifests": _FILES,
    },
    "cutover": _ALL | _PAIR | {
        "service_time": TIME, "unfrozen": None, "writers": ["x may."], "warnings": ["y"],
        "evidence": {"number": 1, "sha256": SHA}, "digests": DIGESTS, "manifests": _FILES,
    },
    "cutover-back": _ALL | _PAIR | {
        "service_time": TIME, "cutover": {"number": 1, "time": TIME}, "changes": [_CHANGE],
        "kept": [{"address": "schedules/s", "detail": "changed"}],
    },
    "switch": _ALL | _PAIR | {
        "service_time": TIME, "side": "source", "item": "schedules/s", "address": "schedules/s", "state": "changed",
        "was": {"/properties/isEnabled": True}, "becomes": {"/properties/isEnabled": False}, "was_sha256": SHA,
        "becomes_sha256": SHA, "note": "why",
    },
    "decision": _ALL | {
        "decision": "waive", "tenant_id": "",
        "decisions": [{"address": "jobs", "sha256": SHA, "reason": "kept", "until": "", "says": "jobs", "seen": False}],
    },
    "approval": _ALL | {
        "of": "decisions", "sha256": SHA, "tenant_id": "tenant", "comment": "looked",
        "decisions": [{
            "address": "jobs", "verb": "waive", "sha256": SHA, "reason": "kept", "by": "ann@host", "at": TIME,
            "object_id": "x", "until": "", "seen": False, "report": 1, "tenant_id": "", "digest": SHA,
        }],
    },
    "deed": _ALL | {"deed": "taken", "source": _FREEZE_SOURCE, "assignment": ASSIGNMENT, "file": _FREEZE_FILE},
    "freeze": _ALL | {
        "state": "frozen", "source": _FREEZE_SOURCE, "assignments": [ASSIGNMENT], "findings": [FINDING],
        "failed": "Azure does not answer.", "file": _FREEZE_FILE,
    },
    "back": _ALL | {
        "state": "back", "source": _FREEZE_SOURCE, "assignments": [ASSIGNMENT],
        "failed": [{"id": ASSIGNMENT["id"], "address": "frozen/x", "reason": "no such principal"}],
        "file": _FREEZE_FILE,
    },
    "rotation": _ALL | {
        "tool": "aml-cmk-migrate 1", "state": "ended", "key": "https://v/keys/k", "vault": "/v", "environment": "prod", "half": "both",
        "version": "https://v/keys/k/2", "replaced": "https://v/keys/k/1", "made": True,
        "dependants": [{"id": "/w", "kind": "workspace", "before": "1", "version": "2", "end": "adopted",
                        "until": TIME, "note": "uses version 2"}],
        "duties": "not apart", "complete": True, "unread": ["/s: refused"], "failed": "Azure does not answer.",
        "approval": {"sha256": SHA, "object_id": "o", "by": "b", "at": TIME},
    },
    "drill": _ALL | {
        "tool": "aml-cmk-migrate 1", "state": "ended", "key": "https://v/keys/k", "vault": "/v",
        "version": "https://v/keys/k/1", "environment": "dev", "limit": "PT2H", "until": TIME, "disabled_at": TIME,
        "enabled_at": TIME, "version_end": "enabled by this command",
        "measured": [{"id": "/a", "kind": "storage account", "call": "read a blob", "down": "refused",
                      "refused_after": 12.5, "answered_until": 2.5, "back": "answers",
                      "silent_until": 0.25, "back_after": 0.5, "note": "403"}],
        "interrupted": True, "note": "somebody else changed the version", "failed": "Azure does not answer.", "by_tag": True,
    },
    "decommission": _ALL | {
        "source": SOURCE.header(), "target": TARGET.header(), "purged": False, "begun": TIME, "deleted": TIME,
        "gone": TIME, "by_us": True, "warnings": [FINDING], "removed_first": ["computes/c"],
        "recovery": {"documented": "It can be.", "source": "learn", "days": 14, "cannot": [], "unknown": ["x"],
                     "accepted": False},
        "dying": {"computes": [{"address": "computes/c"}], "endpoints": ["onlineEndpoints/e"], "jobs": None},
        "secrets": {"vault": "/v", "count": 1, "names": ["a"], "unread": ""},
        "rights": {
            "held": [{"id": "/r", "what": "role assignment", "role": "Reader", "scope": "/s", "identity": "i",
                      "principal": "p", "also_used_by": ["/w"], "command": "az role assignment delete"}],
            "unread": [{"scope": "s", "why": "refused"}], "not_looked_at": "others",
        },
        "role_assignments": [{"id": "/r", "principalId": "p", "principalType": None, "roleDefinitionId": "d",
                              "scope": "/s"}],
        "frozen": [ASSIGNMENT], "not_known": ["x"], "begun_by": BY,
        "verified": {"report": "0001-verify.json", "sha256": SHA, "says": "1 blob is the same."},
        "code_bytes": {"prefixes": 1, "copied": TIME, "looked": TIME, "known_from": TIME, "settled": False,
                       "told": "early"},
        "recoverable_until": TIME,
        "remains": [{"kind": "container", "what": "container", "id": "a/c", "there": True, "key": None, "why": "kept",
                     "encryption": None, "scope": None, "blobs": 1, "bytes": 1}],
        "residuals": [{"address": "residual/a/c", "id": "a/c", "what": "container", "key": None, "why": "kept"}],
        "containers_deleted": ["a/d"], "containers_kept": [{"id": "a/c", "reasons": ["shared"]}],
        "accepted_unseen": [{"scope": "s", "why": "refused"}],
        "protection": {"account": "/a", "container_days": 7, "blob_days": None, "versions": None, "unread": "",
                       "documented": "7 days", "source": "learn"},
    },
}  # fmt: skip


_OF_REMOVAL = {"format", *(one.name for one in fields(RemovalRecord))}


def under_way(**changed: Any) -> RemovalRecord:
    """A removal as the ledger has it before its tombstone is written."""
    body = {name: one for name, one in BODIES["decommission"].items() if name in _OF_REMOVAL}
    own = {"operation": {"url": "https://arm/operation", "ending": "UNDER_WAY"}, "purging": None}
    return RemovalRecord.of_dict(
        {**body, **own, "deletable": {"a/d": SHA}, "restorable": body["remains"], **changed}
    )


def since(*changes: dict[str, Any]) -> dict[str, Any]:
    """What a verification after the cutover says has become of the target."""
    return {"cutover": 1, "open": [], "blobs": 0, "bytes": 0, "changes": list(changes)}


def filed(record: str, number: int = 1, **changed: Any) -> EvidenceFile:
    """The same as a file of a chain that is nowhere."""
    return EvidenceFile(Path(f"{number:04d}-{record}.json"), f"{number:x}" * 64, number, report(record, **changed))


# What they say of what no test is about: nothing.
_EMPTY = {
    *(
        "started",
        "cut_off",
        "left",
        "foreign_bytes",
        "deleted",
        "warnings",
        "waived",
        "unsettled",
        "open_findings",
    ),
    *("decided_findings", "differences", "posture", "claims", "found", "naming_files", "rewritten_files"),
    *("false_md5_labels", "not_checked", "code_bytes", "trees", "let_go", "manifests", "writers", "changes"),
    *("decisions", "assignments", "findings", "removed_first", "role_assignments", "frozen", "not_known"),
    *("begun_by", "verified", "remains", "residuals", "containers_deleted", "containers_kept", "accepted_unseen"),
    "protection",
}
_NONE = {"started", "code_bytes", "begun_by", "verified", "protection", "role_assignments"}
_LEFT_OUT = {
    *("service_time", "sdk", "since_cutover", "tolerated", "same", "of", "not_in_target", "not_compared"),
    *("not_the_same", "headline"),
}


def report(record: str, **changed: Any) -> ReportContent:
    """A report of that record which says just what is told, and of all else that there is nothing.

    Of a `plan` its digest is enough, and `manifests` may be as `Evidence.add_file` gives them.
    """
    left_out = _LEFT_OUT - ({"of", "headline"} if record in ("run", "approval") else set())
    body = {name: _plain(name, value) for name, value in BODIES[record].items() if name not in left_out}
    if record == "freeze":
        body.pop("failed")
    if "plan" in changed:
        changed["plan"] = {"name": "ws1", **changed["plan"]}
    if "manifests" in changed:
        changed["manifests"] = [one if isinstance(one, dict) else asdict(one) for one in changed["manifests"]]
    return RECORDS[record].of_dict(body | changed)


def _plain(name: str, value: Any) -> Any:
    if value == TIME or (name not in _EMPTY and not (name == "failed" and isinstance(value, list))):
        return value
    return None if name in _NONE else type(value)()
