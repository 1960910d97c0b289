"""The record of a cutover: what it holds, when it counts, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.builders.reports import report, since
from tests.builders.world import NEW_BLOBS
from tests.unit.cutover import cut

from amlmigrate.core.errors import RefusedError
from amlmigrate.core.seal import PLAIN_SHA
from amlmigrate.cutover import evidence_checks, record
from amlmigrate.ledger.evidence import Evidence


def test_the_record_has_each_blob_of_the_target_and_what_was_proven_of_it(chain: Evidence) -> None:
    made = cut.cut_over(chain)
    found = list(record.held(made))
    # The chain is whole with its files.
    assert [one.content.record for one in chain.reports()] == ["verify", "cutover"]
    assert [(one.path, one.etag, one.sha256, one.item) for one in found] == [
        ("m/a", '"a"', "sha of m/a", cut.COPY),
        ("m/b", '"b"', "sha of m/b", cut.COPY),
        ("other", '"o"', None, ""),
    ]
    assert {(one.account, one.container) for one in found} == {("cmkacct", NEW_BLOBS)}
    assert made.content.evidence.number == 1


def test_a_file_of_the_record_that_was_changed_is_found(chain: Evidence) -> None:
    made = cut.cut_over(chain)
    path = made.path.parent / made.content.manifests[1].file
    path.write_bytes(path.read_bytes().replace(b"sha of m/a", b"sha of m/b"))
    with pytest.raises(RefusedError):
        chain.reports()


def test_the_last_of_cutovers_and_those_taken_back_counts(chain: Evidence, tmp_path: Path) -> None:
    cut.verified(chain)
    assert record.active(chain.reports()) is None
    record.refuse_cut_over(chain.reports(), tmp_path)
    first = cut.cut_over(chain)
    assert record.active(chain.reports()) == first
    with pytest.raises(RefusedError, match="was cut over at 2026-01-02"):
        record.refuse_cut_over(chain.reports(), tmp_path)
    chain.add(report("cutover-back"))
    assert record.active(chain.reports()) is None
    record.refuse_cut_over(chain.reports(), tmp_path)
    cut.verified(chain)
    second = cut.cut_over(chain)
    assert record.active(chain.reports()) == second


def test_a_verification_of_a_target_in_use_proves_nothing_once_the_cutover_was_taken_back(chain: Evidence) -> None:
    cut.verified(chain)
    cut.cut_over(chain)
    cut.verified(chain, **{"since_cutover": since()})
    assert list(evidence_checks.unproven(cut.PLAN, chain.reports())) == []
    chain.add(report("cutover-back"))
    [why] = evidence_checks.unproven(cut.PLAN, chain.reports())
    assert "of a target in use" in why
    cut.verified(chain)
    assert list(evidence_checks.unproven(cut.PLAN, chain.reports())) == []


def test_killed_before_its_report_nothing_is_recorded_and_the_next_one_is_whole(
    chain: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut.verified(chain)
    with monkeypatch.context() as patched:
        patched.setattr(Evidence, "add", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cut.cut_over(chain)
    # Its files lie there, and no report names them.
    assert sorted(path.name for path in chain.folder.glob("0002-*"))
    assert record.active(chain.reports()) is None
    # Somebody decides something in between, so that the numbers are taken.
    chain.add(report("decision"))
    made = cut.record_of(chain, chain.reports()[0])
    assert record.active(chain.reports()) == made
    assert [one.sha256 for one in record.held(made) if one.sha256] == ["sha of m/a", "sha of m/b"]


def test_new_names_of_which_nothing_is_said_are_no_difference_by_themselves(chain: Evidence) -> None:
    verified = cut.verified(chain)

    def told(source: dict[str, str], target: dict[str, str]) -> list[str]:
        documents = (cut.DOCUMENTS[0] | source, cut.DOCUMENTS[1] | target)
        found = cut.parts(documents, cut.listed(*cut.PROVEN, cut.OWN))
        return list(evidence_checks.differences(verified, *found))

    plain = {"models/m": PLAIN_SHA}
    assert told({}, {}) == told(plain, {}) == told(plain, plain) == []
    [source] = told({"models/m": "described"}, plain)
    assert source.startswith("The documents of the source") and "models/m was added" in source
    [target] = told(plain, plain | {"data/theirs": "archived"})
    assert target.startswith("The documents of the target") and "data/theirs was added" in target


def test_a_report_without_digests_by_address_still_tells_a_difference(chain: Evidence) -> None:
    verified = cut.verified(chain, manifests=[])
    assert evidence_checks.seen_by(verified) == {}
    digests, parts = cut.parts(({"models/m/1": "other"}, cut.DOCUMENTS[1]), cut.listed(*cut.PROVEN, cut.OWN))
    [told] = evidence_checks.differences(verified, digests, parts)
    assert told == "The documents of the source are not what they were when they were verified."
    same = cut.parts(cut.DOCUMENTS, cut.listed(*cut.PROVEN, cut.OWN))
    assert list(evidence_checks.differences(verified, *same)) == []


@pytest.mark.parametrize(
    ("removed", "gone", "told"),
    [
        ({"endpoints/e"}, {"endpoints/e"}, ""),
        ({"endpoints/e"}, set(), ""),
        ({"endpoints/e"}, {"endpoints/e", "models/m/1"}, "models/m/1 was deleted"),
        (set(), {"endpoints/e"}, "endpoints/e was deleted"),
    ],
    ids=["gone", "not yet", "and another", "by nobody"],
)
def test_only_what_an_earlier_removal_set_out_to_remove_may_be_gone(
    removed: set[str], gone: set[str], told: str, chain: Evidence
) -> None:
    before = cut.DOCUMENTS[0] | {"endpoints/e": "e"}
    verified = cut.verified(chain, (before, cut.DOCUMENTS[1]))
    now = {address: sha for address, sha in before.items() if address not in gone}
    found = cut.parts((now, cut.DOCUMENTS[1]), cut.listed(*cut.PROVEN, cut.OWN))
    differences = list(evidence_checks.differences(verified, *found, frozenset(removed)))
    assert len(differences) == bool(told) and all(f": {told}." in one for one in differences)
    # Of the target a removal takes nothing away.
    less = {address: sha for address, sha in cut.DOCUMENTS[1].items() if address != "models/m/1"}
    of_target = cut.parts((before, less), cut.listed(*cut.PROVEN, cut.OWN))
    [lost] = evidence_checks.differences(verified, *of_target, frozenset({"models/m/1"}))
    assert lost.startswith("The documents of the target are not what they were")
