"""What has become of a target in use: what is used is information, what is lost has to be decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from tests.builders.errors import refusal
from tests.builders.reports import report, since
from tests.builders.world import NEW_BLOBS, blob, step
from tests.unit.bytes.executed import One
from tests.unit.cutover import cut

from amlmigrate.cloud.errors import OutOfReachError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Blob
from amlmigrate.core.documents import source_digest
from amlmigrate.core.finding import Finding
from amlmigrate.core.metering import Amount, Meter, Snapshot, counting, moved
from amlmigrate.core.plan import Action
from amlmigrate.core.seal import UNLISTED
from amlmigrate.core.workspace import Location
from amlmigrate.cutover import changes_since, record
from amlmigrate.ledger.evidence import Evidence, EvidenceFile

A, B = cut.PROVEN
AT = f"blobs/{NEW_BLOBS}"


class Account:
    """Bytes by path; for some an error."""

    def __init__(self, **answers: Any) -> None:
        self._answers = {path.replace("_", "/"): answer for path, answer in answers.items()}
        self.asked: list[tuple[str, str]] = []

    async def digest(self, place: Location, one: Blob, **_: Any) -> tuple[str, str, int]:
        self.asked.append((place.path, one.etag))
        answer = self._answers.get(place.path, f"sha of {place.path}")
        if isinstance(answer, Exception):
            raise answer
        return answer, "", one.length


async def _blobs(
    chain: Evidence, *target: Blob, account: Account | None = None, hashing: bool = False
) -> tuple[list[tuple[str, str, str]], changes_since.Since, list[tuple[str, str]]]:
    account = account or Account()
    cutover = cut.cut_over(chain)
    found = await changes_since.blobs(cutover, cut.listed(*target).target, One(account), hashing=hashing)
    return [(one.address, one.what, one.item) for one in found.changes], found, account.asked


async def test_what_is_as_it_was_is_no_change_and_is_not_read(chain: Evidence) -> None:
    changes, found, asked = await _blobs(chain, A, B, cut.OWN)
    assert (changes, found.blobs, found.bytes, asked) == ([], 2, 6, [])


async def test_at_a_depth_that_reads_bytes_each_proven_one_is_read(chain: Evidence) -> None:
    changes, found, asked = await _blobs(chain, A, B, cut.OWN, hashing=True)
    assert (changes, found.blobs, sorted(asked)) == ([], 2, [("m/a", '"a"'), ("m/b", '"b"')])


@pytest.mark.parametrize("hashing", [True, False])
async def test_what_was_proven_is_counted_as_it_is_settled(chain: Evidence, hashing: bool) -> None:
    """A blob that is read counts with its bytes, as whoever reads them says."""

    class Counted(Account):
        async def digest(self, place: Location, one: Blob, *, md5: bool = True) -> tuple[str, str, int]:
            moved(bytes=one.length)
            seen.append(meter.snapshot())
            return await super().digest(place, one, md5=md5)

    cutover, seen = cut.cut_over(chain), list[Snapshot]()
    meter = Meter(0, changes_since.proven(cutover, hashing=hashing))
    size = A.length + B.length
    assert meter.total == Amount(2, size if hashing else 0)
    listed = cut.listed(A, B, cut.OWN).target
    with counting(meter):
        await changes_since.blobs(cutover, listed, One(Counted()), hashing=hashing)
    assert meter.snapshot().moved == meter.total and meter.snapshot().under_way == ()
    assert len(seen) == (2 if hashing else 0)
    assert all(0 < one.moved.bytes <= size and one.under_way for one in seen)


async def test_what_users_add_and_change_beside_the_proven_is_information(chain: Evidence) -> None:
    theirs = replace(cut.OWN, etag='"o2"')
    changes, found, asked = await _blobs(chain, A, B, theirs, blob("m/new"), blob("m b/new"))
    assert changes == [
        (f"{AT}/m b/new", "added", ""),
        (f"{AT}/m/new", "added", ""),
        (f"{AT}/other", "changed", ""),
    ]
    assert found.undecided(()) == [] and asked == []


async def test_what_users_delete_of_their_own_is_information(chain: Evidence) -> None:
    changes, found, _ = await _blobs(chain, A, B)
    assert changes == [(f"{AT}/other", "deleted", "")] and found.undecided(()) == []


async def test_a_proven_blob_with_another_etag_and_its_bytes_was_only_touched(chain: Evidence) -> None:
    """As where somebody sets metadata."""
    changes, found, asked = await _blobs(chain, replace(A, etag='"a2"'), B, cut.OWN)
    assert changes == [(f"{AT}/m/a", "changed", cut.COPY)]
    assert (found.undecided(()), found.blobs, asked) == ([], 2, [("m/a", '"a2"')])


@pytest.mark.parametrize("etag", ['"a2"', '"a"'])
async def test_a_proven_blob_with_other_bytes_is_lost(chain: Evidence, etag: str) -> None:
    account = Account(m_a="other")
    now = replace(A, etag=etag)
    changes, found, _ = await _blobs(chain, now, B, cut.OWN, account=account, hashing=True)
    assert changes == [(f"{AT}/m/a", "overwritten", cut.COPY)]
    [finding] = found.undecided(())
    assert (finding.address, finding.severity) == (f"{AT}/m/a!overwritten-since-cutover", "blocks")
    assert (found.blobs, found.lost_items()) == (1, frozenset({cut.COPY}))


async def test_a_proven_blob_that_is_gone_is_lost(chain: Evidence) -> None:
    changes, found, _ = await _blobs(chain, B, cut.OWN)
    assert changes == [(f"{AT}/m/a", "deleted", cut.COPY)]
    assert [one.address for one in found.undecided(())] == [f"{AT}/m/a!deleted-since-cutover"]


async def test_where_a_container_is_gone_all_that_was_proven_in_it_is_lost(chain: Evidence) -> None:
    cutover = cut.cut_over(chain)
    found = await changes_since.blobs(cutover, {}, One(Account()), hashing=True)
    assert [one.what for one in found.changes] == ["deleted"] * 3 and len(found.undecided(())) == 2


@pytest.mark.parametrize(
    "error",
    [
        refusal(404),
        refusal(412),
        refusal(409, "BlobArchived"),
        refusal(409, "BlobUsesCustomerSpecifiedEncryption"),
        refusal(403, "AuthorizationPermissionMismatch"),
    ],
)
async def test_what_was_written_and_cannot_be_read_is_not_taken_for_whole(
    chain: Evidence, error: Exception
) -> None:
    changes, found, _ = await _blobs(chain, replace(A, etag='"a2"'), B, cut.OWN, account=Account(m_a=error))
    assert changes == [(f"{AT}/m/a", "unread", cut.COPY)]
    assert [one.code for one in found.undecided(())] == ["unread-since-cutover"]


@pytest.mark.parametrize("code", ["EncryptionScopeDisabled", "AuthorizationPermissionMismatch"])
async def test_of_one_that_nobody_wrote_it_is_not_said_that_it_was_written(chain: Evidence, code: str) -> None:
    account = Account(m_a=refusal(403, code))
    changes, found, _ = await _blobs(chain, A, B, cut.OWN, account=account, hashing=True)
    assert changes == [(f"{AT}/m/a", "unread", cut.COPY)]
    assert [("written" in one.summary, "cannot be read" in one.summary) for one in found.undecided(())] == [
        (False, True)
    ]


@pytest.mark.parametrize("code", ["BlobArchived", "BlobBeingRehydrated"])
async def test_one_in_the_archive_that_nobody_wrote_is_whole(chain: Evidence, code: str) -> None:
    """A change of tier leaves the ETag as it is."""
    account = Account(m_a=refusal(409, code))
    changes, found, _ = await _blobs(chain, A, B, cut.OWN, account=account, hashing=True)
    assert (changes, found.blobs) == ([], 2)


@pytest.mark.parametrize(
    "error", [refusal(403), refusal(500), OutOfReachError("x", method="GET", url="https://x")]
)
async def test_what_azure_does_not_give_is_no_knowledge(chain: Evidence, error: Exception) -> None:
    with pytest.raises(type(error)):
        await _blobs(chain, replace(A, etag='"a2"'), B, cut.OWN, account=Account(m_a=error))


def test_documents_that_were_proven_must_stay_and_all_else_is_information(chain: Evidence) -> None:
    cutover = cut.cut_over(chain)
    proven = record.moved(cut.PLAN)
    assert proven == {Address.parse("models/m/1"): "models/m/1"}
    now = {"models/m/1": "t2", "data/new/1": "n"}
    assert [
        (one.address, one.what, bool(one.finding)) for one in changes_since.documents(cutover, now, proven)
    ] == [
        ("data/new/1", "added", False),
        ("data/theirs/1", "deleted", False),
        ("models/m/1", "changed", False),
    ]
    [gone] = [one for one in changes_since.documents(cutover, {"data/theirs/1": "u"}, proven) if one.finding]
    assert gone.finding and gone.finding.address == "models/m/1!deleted-since-cutover"


def test_what_the_target_calls_otherwise_is_looked_for_by_its_name_there(chain: Evidence) -> None:
    renamed = replace(cut.PLAN.steps[0], address=Address.parse("models/old/1"), target=Address.parse("models/m/1"))
    proven = record.moved(replace(cut.PLAN, steps=[renamed]))
    [gone] = [
        one for one in changes_since.documents(cut.cut_over(chain), {"data/theirs/1": "u"}, proven) if one.finding
    ]
    assert (gone.address, gone.item) == ("models/m/1", "models/old/1")


def test_what_the_target_spells_in_another_case_is_lost_all_the_same(
    chain: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "DOCUMENTS", ({}, {"datastores/LAKE": "t"}))
    adopted = step("datastores/Lake", action=Action.ADOPT)
    proven = record.moved(replace(cut.PLAN, steps=[adopted]))
    [gone] = changes_since.documents(cut.cut_over(chain), {}, proven)
    assert (gone.address, gone.what, gone.item, gone.lost) == (
        "datastores/LAKE",
        "deleted",
        "datastores/Lake",
        True,
    )


def test_what_may_not_be_listed_any_more_is_not_known_to_be_gone(chain: Evidence) -> None:
    hidden = {"models": source_digest(UNLISTED), "data/theirs/1": "u"}
    assert changes_since.documents(cut.cut_over(chain), hidden, record.moved(cut.PLAN)) == []


LOST = changes_since.ChangedSince(f"{AT}/m/a", "overwritten", '"a2"', cut.COPY)
ADDRESS = f"{AT}/m/a!overwritten-since-cutover"


def _told(
    chain: Evidence, *changes: changes_since.ChangedSince, time: str = "2026-02-01T00:00:00Z"
) -> EvidenceFile:
    """A verification that tells of these."""
    found = changes_since.Since(changes).first_seen(chain.reports(), time)
    told = since(*(asdict(one.told()) for one in found.changes))
    return chain.add(report("verify", time=time, since_cutover=told))


@dataclass
class Waived:
    """A decision, as far as this needs to know it."""

    address: str
    report: int


def _open(chain: Evidence, change: changes_since.ChangedSince, *waivers: Waived) -> list[Finding]:
    decided = changes_since.decided(waivers, chain.reports())  # type: ignore[arg-type]  # waivers stand for reports
    return changes_since.Since((change,)).undecided(decided)


def test_a_decision_is_for_what_was_shown(chain: Evidence) -> None:
    cut.cut_over(chain)
    shown = _told(chain, LOST).number
    waiver = Waived(ADDRESS, chain.add(report("decision")).number)
    assert _open(chain, LOST, waiver) == []
    # Written once more, it is another loss; and what nobody had shown was not decided.
    again = replace(LOST, now='"a3"')
    assert [one.address for one in _open(chain, again, waiver)] == [ADDRESS]
    assert [one.address for one in _open(chain, LOST, Waived(ADDRESS, shown))] == [ADDRESS]
    _told(chain, again)
    assert [one.address for one in _open(chain, again, waiver)] == [ADDRESS]
    assert _open(chain, again, Waived(ADDRESS, chain.add(report("decision")).number)) == []


def test_a_decision_of_an_earlier_cutover_is_none_of_this_one(chain: Evidence) -> None:
    cut.cut_over(chain)
    _told(chain, LOST)
    waiver = Waived(ADDRESS, chain.add(report("decision")).number)
    chain.add(report("cutover-back"))
    cut.verified(chain)
    cut.cut_over(chain)
    assert [one.address for one in _open(chain, LOST, waiver)] == [ADDRESS]


def test_when_a_change_was_first_seen_is_kept_as_long_as_it_stays_so(chain: Evidence) -> None:
    cut.cut_over(chain)
    first, second, third = (f"2026-02-0{day}T00:00:00Z" for day in (1, 2, 3))
    _told(chain, LOST, time=first)
    [kept] = _told(chain, LOST, time=second).content.since_cutover.changes
    assert kept.seen == first
    [other] = _told(chain, replace(LOST, now='"a3"'), time=third).content.since_cutover.changes
    assert other.seen == third


def test_documents_and_blobs_are_told_together(chain: Evidence) -> None:
    added = changes_since.ChangedSince("a/theirs/1", "added", "n")
    found = changes_since.Since((LOST,), 2, 6).with_documents([added])
    assert found == changes_since.Since((added, LOST), 2, 6) and found.lost_items() == {cut.COPY}
    assert changes_since.Since() == changes_since.Since((), 0, 0), "nothing has changed, and nothing was looked at"
    told = found.told(cut.cut_over(chain), found.undecided(()))
    assert (told.cutover, told.blobs, told.bytes) == (2, 2, 6)
    assert [one.address for one in told.open] == [ADDRESS]
    assert [(one.address, one.finding) for one in told.changes] == [("a/theirs/1", ""), (LOST.address, ADDRESS)]
