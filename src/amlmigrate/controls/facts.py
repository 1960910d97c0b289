"""What the reports of a folder show as a whole: claims by name, and facts as that somebody approved the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from amlmigrate.core.claim import WAIVABLE, Claim
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.few import few, many
from amlmigrate.core.keys import key_id
from amlmigrate.evidence import (
    ApprovalRecord,
    Cutover,
    CutoverBack,
    Decided,
    Decommission,
    DrillRecord,
    RotationRecord,
    Run,
    Verify,
)
from amlmigrate.evidence.decommission import IN_ACCOUNT
from amlmigrate.ledger.evidence import EvidenceFile, last, only


class Support(StrEnum):
    """Whether something holds, as far as the evidence shows."""

    HOLDS = "holds"
    REFUTED = "refuted"
    NOT_KNOWN = "not known"
    ABSENT = "not there"


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How one claim or fact stands, why, and in which file that is."""

    state: Support
    told: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class FolderEvidence:
    """The reports of a plan, and what could not be checked of them.

    `of_keys` are reports about rotations and drills of any keys; None where nobody said where they are.
    """

    reports: Sequence[EvidenceFile]
    unchecked: Sequence[str] = ()
    of_keys: Sequence[EvidenceFile] | None = None

    @property
    def last_verify(self) -> EvidenceFile[Verify] | None:
        """The newest verification, which has the claims."""
        return last(self.reports, Verify)

    @property
    def keys(self) -> frozenset[str]:
        """The keys that the claims are about, but for those of data that no move has written."""
        verify = self.last_verify
        told = verify.content.claims if verify else ()
        found = (key_id(one.key) for one in told if one.name not in WAIVABLE)
        return frozenset(one.key for one in found if one)


@dataclass(frozen=True, slots=True)
class FileFact:
    """A fact that reports show: its name, what it says, and how it is told from them."""

    name: str
    says: str
    judge: Callable[[FolderEvidence], SourceStanding]


def held(evidence: FolderEvidence) -> dict[str, SourceStanding]:
    """How each claim and each fact stands; a claim that no report has is not in it."""
    return _claims(evidence) | {one.name: one.judge(evidence) for one in FACTS}


def _claims(evidence: FolderEvidence) -> dict[str, SourceStanding]:
    verify = evidence.last_verify
    if verify is None:
        return {}
    by_name: dict[str, list[Claim]] = {}
    for one in verify.content.claims:
        by_name.setdefault(one.name, []).append(one)
    found = {name: _claimed(some, verify.path.name) for name, some in by_name.items()}
    return {name: _unless_later(evidence, verify, one) for name, one in found.items()}


def _unless_later(evidence: FolderEvidence, of: EvidenceFile[Verify], standing: SourceStanding) -> SourceStanding:
    """The same, unless it held and the target may be otherwise since that verification."""
    later = next((one for one in evidence.reports if one.number > of.number and _changes(one)), None)
    if later is None or standing.state is not Support.HOLDS:
        return standing
    told = f"{later.path.name} came after {of.path.name}: verify again"
    return SourceStanding(Support.NOT_KNOWN, told, standing.file)


def _claimed(found: Sequence[Claim], file: str) -> SourceStanding:
    """Of one name there is a claim for each account, container or role: it holds where all of them do."""
    for state, value in ((Support.REFUTED, False), (Support.NOT_KNOWN, None)):
        if some := [one.summary for one in found if one.holds is value]:
            return SourceStanding(state, few(some), file)
    return SourceStanding(Support.HOLDS, few([one.summary for one in found]), file)


def _plan(evidence: FolderEvidence) -> SourceStanding:
    first = next(iter(evidence.reports), None)
    if first is None:
        return SourceStanding(Support.ABSENT, "no report is of it")
    plan = first.content.plan
    return SourceStanding(Support.HOLDS, f"plan {plan.name}, SHA-256 {plan.sha256}", "plan.jsonl")


def _chain(evidence: FolderEvidence) -> SourceStanding:
    count = len(evidence.reports)
    if not count:
        return SourceStanding(Support.ABSENT, "there is no report")
    if evidence.unchecked:
        return SourceStanding(Support.NOT_KNOWN, f"not checked: {few(evidence.unchecked)}")
    return SourceStanding(Support.HOLDS, f"{many(count, 'report')}, each as it was written", "evidence/")


def _approval(evidence: FolderEvidence) -> SourceStanding:
    made = next((one for one in only(evidence.reports, ApprovalRecord) if one.content.of == "plan"), None)
    if made is None:
        return SourceStanding(Support.ABSENT, "nobody has approved the plan")
    who, runs = made.content.identity, list(only(evidence.reports, Run))
    if any(one.number < made.number for one in runs):
        return SourceStanding(Support.REFUTED, f"{runs[0].path.name} is older than the approval", made.path.name)
    ran = [one.content.by.identity for one in runs]
    if any(one and one.same(who.object_id, who.tenant_id) for one in ran):
        return SourceStanding(Support.REFUTED, f"{who} approved the plan and ran it", made.path.name)
    if not runs:
        return SourceStanding(Support.HOLDS, f"{who} approved the plan, and no run has a report", made.path.name)
    if None in ran:
        return SourceStanding(
            Support.NOT_KNOWN, f"{who} approved the plan; who ran it is not known", made.path.name
        )
    return SourceStanding(Support.HOLDS, f"{who} approved the plan, and others ran it", made.path.name)


def _decisions(evidence: FolderEvidence) -> SourceStanding:
    found = list(only(evidence.reports, Decided))
    if not found:
        return SourceStanding(Support.ABSENT, "nobody has decided anything")
    return SourceStanding(Support.HOLDS, f"{many(len(found), 'report')} of decisions", _names(found))


def _run(evidence: FolderEvidence) -> SourceStanding:
    found = last(evidence.reports, Run)
    if found is None:
        return SourceStanding(Support.ABSENT, "no run has a report")
    state = Support.HOLDS if found.content.ended == "ended" else Support.NOT_KNOWN
    return SourceStanding(state, f"{found.content.ended}: {found.content.headline}", found.path.name)


def _verification(evidence: FolderEvidence) -> SourceStanding:
    found = evidence.last_verify
    if found is None:
        return SourceStanding(Support.ABSENT, "nothing was verified")
    if not found.content.green:
        return SourceStanding(Support.REFUTED, "the last verification is not green", found.path.name)
    told = found.content.headline or "green after the cutover"
    return _unless_later(evidence, found, SourceStanding(Support.HOLDS, told, found.path.name))


def _changes(report: EvidenceFile) -> bool:
    """Whether what was verified may be otherwise since: the target was written to, or something is open again."""
    content = report.content
    reopened = isinstance(content, Decided) and content.decision is DecisionVerb.REOPEN
    return isinstance(content, Run | CutoverBack) or reopened


def _manifests(evidence: FolderEvidence) -> SourceStanding:
    compared = (one for one in only(reversed(evidence.reports), Verify) if one.content.since_cutover is None)
    found = next(compared, None)
    if found is None:
        return SourceStanding(Support.ABSENT, "nothing was verified")
    if not found.content.reads_bytes:
        return SourceStanding(Support.NOT_KNOWN, f"{found.path.name} read no bytes", found.path.name)
    if not found.content.green:
        return SourceStanding(Support.REFUTED, f"{found.path.name} is not green", found.path.name)
    if not found.content.blobs:
        return SourceStanding(Support.ABSENT, "there was no blob to compare", found.path.name)
    told = f"{many(found.content.blobs, 'blob')} with checksums on both sides"
    files = ", ".join(one.file for one in found.content.manifests)
    return _unless_later(evidence, found, SourceStanding(Support.HOLDS, told, files))


def _cutover(evidence: FolderEvidence) -> SourceStanding:
    found = [one for one in evidence.reports if isinstance(one.content, Cutover | CutoverBack)]
    if not found:
        return SourceStanding(Support.ABSENT, "nothing was cut over")
    if isinstance(found[-1].content, CutoverBack):
        return SourceStanding(Support.REFUTED, "the cutover was taken back", found[-1].path.name)
    return SourceStanding(Support.HOLDS, f"cut over on {found[-1].content.moment}", found[-1].path.name)


def _tombstone(evidence: FolderEvidence) -> SourceStanding:
    found = last(evidence.reports, Decommission)
    if found is None:
        return SourceStanding(Support.ABSENT, "nothing was removed")
    if not (found.content.gone and found.content.by_us):
        return SourceStanding(
            Support.NOT_KNOWN, "it is not shown that this plan removed the source", found.path.name
        )
    purged = "for good" if found.content.purged else "and may be recovered for a while"
    return SourceStanding(Support.HOLDS, f"the source was removed, {purged}", found.path.name)


def _no_residual(evidence: FolderEvidence) -> SourceStanding:
    found = last(evidence.reports, Decommission)
    if found is None:
        return SourceStanding(Support.ABSENT, "what remains of the source is told when it is removed")
    if left := [one.address for one in found.content.residuals]:
        told = f"under Microsoft's key, or not known not to be: {few(left)}"
        return SourceStanding(Support.REFUTED, told, found.path.name)
    if not found.content.gone:
        return SourceStanding(Support.NOT_KNOWN, "the source is not shown to be gone", found.path.name)
    if unknown := found.content.not_known:
        return SourceStanding(Support.NOT_KNOWN, few(unknown), found.path.name)
    return SourceStanding(Support.HOLDS, "nothing that remains is under Microsoft's key", found.path.name)


def _disposed(evidence: FolderEvidence) -> SourceStanding:
    found = last(evidence.reports, Decommission)
    if found is None:
        return SourceStanding(Support.ABSENT, "nothing was removed")
    return SourceStanding(*_end_of(found.content), found.path.name)


def _end_of(told: Decommission) -> tuple[Support, str]:
    bytes_ = [one for one in told.remains if one.kind in IN_ACCOUNT]
    restorable = [one.id for one in told.residuals if one.what in IN_ACCOUNT]
    unread = [one.id for one in bytes_ if one.there is None]
    if left := [one.id for one in bytes_ if one.there]:
        return Support.REFUTED, f"its bytes are still there: {few(left)}"
    if restorable:
        return Support.REFUTED, f"it may be restored: {few(restorable)}"
    if not told.gone:
        return Support.NOT_KNOWN, "it is not shown to be gone"
    if unread:
        return Support.NOT_KNOWN, f"whether its bytes are there could not be read: {few(unread)}"
    if not told.purged or told.not_known:
        return Support.NOT_KNOWN, "it was deleted softly" if not told.purged else few(told.not_known)
    return Support.HOLDS, "it was purged, and no container of it is left"


def _rotation(evidence: FolderEvidence) -> SourceStanding:
    found = last(_about(evidence), RotationRecord)
    if found is None:
        return _no_report(evidence, "no rotation of a key of the target has a report")
    if found.content.state != "ended" or not found.content.complete or found.content.failed:
        return SourceStanding(Support.NOT_KNOWN, "the last rotation is not shown to be complete", _path(found))
    return SourceStanding(
        Support.HOLDS,
        f"on {found.content.time} {found.content.version} was adopted by all that was found",
        _path(found),
    )


def _drill(evidence: FolderEvidence) -> SourceStanding:
    found = last(_about(evidence), DrillRecord)
    if found is None:
        return _no_report(evidence, "no drill of a key of the target has a report")
    told = found.content
    refused = [one for one in told.measured if one.down == "refused"]
    back = told.version_end.startswith("enabled") and all(one.back == "answers" for one in refused)
    if told.state != "ended" or told.failed or not refused or not back:
        return SourceStanding(Support.NOT_KNOWN, "the last drill does not show refusal and return", _path(found))
    return SourceStanding(
        Support.HOLDS,
        f"on {told.time} {len(refused)} of {len(told.measured)} refused, and answered again",
        _path(found),
    )


def _about(evidence: FolderEvidence) -> list[EvidenceFile]:
    """Rotations and drills of a key of the target: what became of another says nothing of it."""
    keys, found = evidence.keys, []
    for one in evidence.of_keys or ():
        content = one.content
        key = key_id(content.key) if isinstance(content, RotationRecord | DrillRecord) else None
        if key and key.key in keys:
            found.append(one)
    return found


def _no_report(evidence: FolderEvidence, told: str) -> SourceStanding:
    return SourceStanding(
        Support.ABSENT, told if evidence.of_keys is not None else f"{told}: none was named with --keys"
    )


def _path(found: EvidenceFile) -> str:
    """A report of another folder than the plan's, with its folder."""
    return "/".join(found.path.parts[-3:])


def _names(found: Sequence[EvidenceFile]) -> str:
    return few([one.path.name for one in found])


FACTS = (
    FileFact("plan", "`plan.jsonl`: everything that Azure listed, and what becomes of it", _plan),
    FileFact("approval", "somebody who did not run the plan approved it, before any run", _approval),
    FileFact("decisions", "what people decided about items, who and why", _decisions),
    FileFact("run", "the last run came to its end", _run),
    FileFact("verification", "the last verification is green, and no run came after it", _verification),
    FileFact(
        "manifests",
        "every blob of both sides with its checksums, and a green verification of them that no run came after",
        _manifests,
    ),
    FileFact("cutover", "people use the target since a recorded moment", _cutover),
    FileFact("tombstone", "this plan removed the source", _tombstone),
    FileFact(
        "disposed", "the source was purged, and no container or share of it is there or can be restored", _disposed
    ),
    FileFact("no-residual", "nothing that remains of the source is under Microsoft's key", _no_residual),
    FileFact("chain", "every report is as it was written", _chain),
    FileFact(
        "rotation",
        "a key of the target was rotated, and all that was found under it uses the new version",
        _rotation,
    ),
    FileFact(
        "drill",
        "a key of the target was disabled for a time; something under it refused, and answered again",
        _drill,
    ),
)
