"""Controls rest on claims and facts that exist, are supported by what holds alone, and each says what it cannot show."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

import generate
import pytest
from tests.builders.reports import BODIES, BY, CLAIM, DIFFERENCE, TIME, filed

from amlmigrate.cli.views.controls import ControlsView
from amlmigrate.controls import catalogue, facts, judging
from amlmigrate.controls.catalogue import SENTENCE, Control, ControlStandard
from amlmigrate.controls.facts import FACTS, FolderEvidence, SourceStanding, Support
from amlmigrate.controls.judging import ControlRow, Verdict
from amlmigrate.ledger.evidence import EvidenceFile
from amlmigrate.posture.catalogue import CATALOGUE

HOLDS, REFUTED, NOT_KNOWN, ABSENT = Support
OTHER = {**BY, "identity": {**BY["identity"], "object_id": "somebody else", "name": "ben"}}
KEY = "https://v.vault.azure.net/keys/k"


def of(
    *reports: EvidenceFile, unchecked: Sequence[str] = (), keys: Sequence[EvidenceFile] | None = None
) -> FolderEvidence:
    return FolderEvidence(reports, unchecked, keys)


def claim(name: str, holds: bool | None, **more: Any) -> dict[str, Any]:
    return {**CLAIM, "name": name, "holds": holds, "shown": None if holds is None else "reported", **more}


def verify(*claims: dict[str, Any], number: int = 1, **more: Any) -> EvidenceFile:
    return filed("verify", number, **{"claims": list(claims), "since_cutover": None, **more})


def state(name: str, evidence: FolderEvidence) -> Support:
    return facts.held(evidence)[name].state


# The table.


def test_each_source_is_a_claim_or_a_fact_and_each_fact_is_used() -> None:
    claims, known = {one.name for one in CATALOGUE}, {one.name for one in FACTS}
    commands = set(generate.commands())
    used: set[str] = set()
    for one in catalogue.controls():
        assert set(one.claims) <= claims and set(one.files) <= known and set(one.look) <= commands, one
        used |= set(one.files)
    assert used == known and not claims & known


def test_each_control_stands_once_and_says_what_it_cannot_show() -> None:
    found = catalogue.controls()
    assert max(Counter((one.standard.id, one.control) for one in found).values()) == 1
    assert all(one.demand.endswith(".") and one.cannot.endswith(".") for one in found)
    assert (
        {one.standard.id for one in found} == set(catalogue.standards()) == {"pci", "hipaa", "nist", "iso", "soc2"}
    )
    assert {one.standard.id for one in catalogue.controls("iso")} == {"iso"}


def test_stored_card_numbers_are_never_told_to_be_protected_by_a_key() -> None:
    held = {name: SourceStanding(HOLDS, "") for one in catalogue.controls() for name in one.sources}
    found = {row.control.control: row.verdict for row in judging.rows(catalogue.controls("pci"), held)}
    assert found["3.5.1"] is found["3.5.1.2"] is Verdict.NOT_SHOWN
    assert "3.5.1 is not met by encryption at rest alone" in SENTENCE


# What is supported.


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ((), Verdict.NOT_SHOWN),
        ((ABSENT,), Verdict.NOT_SHOWN),
        ((NOT_KNOWN, ABSENT), Verdict.NOT_SHOWN),
        ((HOLDS,), Verdict.SUPPORTED),
        ((HOLDS, NOT_KNOWN), Verdict.IN_PART),
        ((HOLDS, ABSENT), Verdict.IN_PART),
        ((HOLDS, REFUTED), Verdict.AGAINST),
        ((NOT_KNOWN, REFUTED), Verdict.AGAINST),
    ],
)
def test_what_is_refuted_outweighs_what_holds(states: tuple[Support, ...], verdict: Verdict) -> None:
    standard = ControlStandard("x", "X", "")
    names = tuple(map(str, range(len(states))))
    control = Control(standard, "1", "It is so.", "All else.", names)
    held = {name: SourceStanding(one, "") for name, one in zip(names, states, strict=True)}
    assert [row.verdict for row in judging.rows([control], held)] == [verdict]


def test_a_claim_that_no_verification_has_is_not_there() -> None:
    [row] = judging.rows(
        [Control(ControlStandard("x", "X", ""), "1", "", "", ("key.new",))], facts.held(of(verify()))
    )
    assert row.sources["key.new"].state is ABSENT and row.verdict is Verdict.NOT_SHOWN


@pytest.mark.parametrize(
    ("holds", "found"),
    [((True, True), HOLDS), ((True, None), NOT_KNOWN), ((None, False), REFUTED), ((True, False), REFUTED)],
)
def test_a_claim_of_several_accounts_holds_if_it_holds_of_each(
    holds: tuple[bool | None, ...], found: Support
) -> None:
    assert state("storage.encryption", of(verify(*(claim("storage.encryption", one) for one in holds)))) is found


def test_the_claims_are_those_of_the_last_verification() -> None:
    older = verify(claim("key.enabled", True), claim("key.type", True))
    newer = verify(claim("key.enabled", False), number=2)
    held = facts.held(of(older, newer))
    assert held["key.enabled"].state is REFUTED and "key.type" not in held
    assert held["key.enabled"].file == "0002-verify.json"


RUN = filed("run", 2, ended="ended")
REMAINS, RESIDUALS = BODIES["decommission"]["remains"], BODIES["decommission"]["residuals"]
FACT_CASES: dict[str, tuple[str, FolderEvidence, Support]] = {
    "nothing at all": ("plan", of(), ABSENT),
    "no report, no chain": ("chain", of(), ABSENT),
    "a plan with a report": ("plan", of(RUN), HOLDS),
    "a chain that was checked": ("chain", of(RUN), HOLDS),
    "a chain without its ledger": ("chain", of(RUN, unchecked=["ledger.db is missing"]), NOT_KNOWN),
    "approved by another": ("approval", of(filed("approval", of="plan", by=OTHER), RUN), HOLDS),
    "approved by who ran it": ("approval", of(filed("approval", of="plan"), RUN), REFUTED),
    "run by nobody who is known": (
        "approval", of(filed("approval", of="plan"), filed("run", 2, by={**BY, "identity": None})), NOT_KNOWN),
    "approved after the run": ("approval", of(filed("run", 1), filed("approval", 2, of="plan", by=OTHER)), REFUTED),
    "decisions approved, and no plan": ("approval", of(filed("approval", of="decisions", by=OTHER)), ABSENT),
    "nobody decided": ("decisions", of(RUN), ABSENT),
    "somebody decided": ("decisions", of(filed("decision")), HOLDS),
    "a run that ended": ("run", of(RUN), HOLDS),
    "a run that was stopped last": ("run", of(RUN, filed("run", 3, ended="stopped")), NOT_KNOWN),
    "nothing verified": ("verification", of(RUN), ABSENT),
    "green": ("verification", of(verify()), HOLDS),
    "green, then not": ("verification", of(verify(), verify(number=2, green=False)), REFUTED),
    "green, then a run": ("verification", of(verify(), RUN), NOT_KNOWN),
    "green, then reopened": ("verification", of(verify(), filed("decision", 2, decision="reopen")), NOT_KNOWN),
    "green, then waived": ("verification", of(verify(), filed("decision", 2)), HOLDS),
    "green, then cut over": ("verification", of(verify(), filed("cutover", 2)), HOLDS),
    "green, then back": ("verification", of(verify(), filed("cutover-back", 2)), NOT_KNOWN),
    "bytes read": ("manifests", of(verify(depth="checksum")), HOLDS),
    "bytes read, then a run": ("manifests", of(verify(depth="checksum"), RUN), NOT_KNOWN),
    "no bytes at all": ("manifests", of(verify(depth="checksum", blobs=0)), ABSENT),
    "a claim, then a run": ("key.type", of(verify(claim("key.type", True)), RUN), NOT_KNOWN),
    "a refuted claim, then a run": ("key.type", of(verify(claim("key.type", False)), RUN), REFUTED),
    "a claim, then cut over": ("key.type", of(verify(claim("key.type", True)), filed("cutover", 2)), HOLDS),
    "purged, and not gone": ("disposed", of(filed("decommission", purged=True, gone=None)), NOT_KNOWN),
    "nothing left of what is not gone": ("no-residual", of(filed("decommission", gone=None)), NOT_KNOWN),
    "bytes not read": ("manifests", of(verify(depth="metadata")), NOT_KNOWN),
    "bytes that differ": ("manifests", of(verify(green=False, differences=[DIFFERENCE])), REFUTED),
    "bytes before the cutover": (
        "manifests", of(verify(depth="checksum"), verify(number=2, depth="metadata", since_cutover={
            "cutover": 1, "open": [], "blobs": 0, "bytes": 0, "changes": []})), HOLDS),
    "cut over": ("cutover", of(filed("cutover")), HOLDS),
    "and back": ("cutover", of(filed("cutover"), filed("cutover-back", 2)), REFUTED),
    "and over again": ("cutover", of(filed("cutover"), filed("cutover-back", 2), filed("cutover", 3)), HOLDS),
    "not removed": ("tombstone", of(RUN), ABSENT),
    "removed": ("tombstone", of(filed("decommission")), HOLDS),
    "removed by somebody": ("tombstone", of(filed("decommission", by_us=False)), NOT_KNOWN),
    "not disposed of": ("disposed", of(RUN), ABSENT),
    "purged, and its bytes are there": ("disposed", of(filed("decommission", purged=True, remains=REMAINS)), REFUTED),
    "its bytes are there under a key": (
        "disposed", of(filed("decommission", purged=True, remains=[{**one, "key": "k"} for one in REMAINS])), REFUTED),
    "whether its bytes are there could not be read": (
        "disposed", of(filed("decommission", purged=True, remains=[{**one, "there": None} for one in REMAINS])), NOT_KNOWN),
    "its containers may be restored": ("disposed", of(filed("decommission", purged=True, residuals=RESIDUALS)), REFUTED),
    "its containers are gone, and it is not": (
        "disposed", of(filed("decommission", remains=[{**one, "there": False} for one in REMAINS])), NOT_KNOWN),
    "purged, and whether containers are kept is not known": (
        "disposed", of(filed("decommission", purged=True, not_known=["whether"])), NOT_KNOWN),
    "purged, and nothing is left": ("disposed", of(filed("decommission", purged=True)), HOLDS),
    "not removed, nothing left": ("no-residual", of(RUN), ABSENT),
    "nothing is left": ("no-residual", of(filed("decommission")), HOLDS),
    "something is left": (
        "no-residual", of(filed("decommission", residuals=[
            {"address": "residual/a/c", "id": "a/c", "what": "container", "key": None, "why": "kept"}])), REFUTED),
    "what is left is not known": ("no-residual", of(filed("decommission", not_known=["the registry"])), NOT_KNOWN),
}  # fmt: skip


@pytest.mark.parametrize("case", FACT_CASES)
def test_facts_are_told_from_the_reports(case: str) -> None:
    name, evidence, found = FACT_CASES[case]
    assert state(name, evidence) is found


def rotation(**more: Any) -> EvidenceFile:
    return filed("rotation", **{"key": KEY, "complete": True, "failed": "", **more})


def drill(**more: Any) -> EvidenceFile:
    return filed("drill", **{"key": KEY, "failed": "", "interrupted": False, "measured": MEASURED, **more})


SEEN = {"id": "/a", "kind": "storage account", "call": "read a blob", "down": "refused", "back": "answers"}
MEASURED = [SEEN]
UNDER = verify(claim("key.enabled", True, key=f"{KEY}/1"))
KEY_CASES: dict[str, tuple[str, EvidenceFile, Support]] = {
    "rotated": ("rotation", rotation(), HOLDS),
    "rotated in other letters": ("rotation", rotation(key=KEY.upper().replace("HTTPS", "https")), HOLDS),
    "another key": ("rotation", rotation(key=f"{KEY}2"), ABSENT),
    "not everything went over": ("rotation", rotation(complete=False), NOT_KNOWN),
    "begun": ("rotation", rotation(state="begun"), NOT_KNOWN),
    "failed": ("rotation", rotation(failed="no answer"), NOT_KNOWN),
    "drilled": ("drill", drill(), HOLDS),
    "a drill of another key": ("drill", drill(key=f"{KEY}2"), ABSENT),
    "nothing refused": ("drill", drill(measured=[SEEN | {"down": "still answered at the limit"}]), NOT_KNOWN),
    "not seen again": ("drill", drill(measured=[SEEN | {"back": "not seen to answer again"}]), NOT_KNOWN),
    "left disabled": ("drill", drill(version_end="not shown to be enabled"), NOT_KNOWN),
    "a drill that began": ("drill", drill(state="begun"), NOT_KNOWN),
}


@pytest.mark.parametrize("case", KEY_CASES)
def test_what_became_of_keys_counts_only_of_the_targets(case: str) -> None:
    name, report, found = KEY_CASES[case]
    assert state(name, of(UNDER, keys=[report])) is found


def test_a_key_of_data_that_no_move_wrote_is_none_of_the_targets() -> None:
    under = verify(claim("datastores.encryption", True, key=f"{KEY}/1"))
    assert state("rotation", of(under, keys=[rotation()])) is ABSENT


def test_an_approval_before_any_run_says_nothing_of_who_ran_it() -> None:
    found = facts.held(of(filed("approval", of="plan", by=OTHER)))["approval"]
    assert found.state is HOLDS and "no run has a report" in found.told


def test_without_the_folder_of_rotations_it_says_so() -> None:
    held = facts.held(of(UNDER))
    assert held["rotation"].state is held["drill"].state is ABSENT and "--keys" in held["rotation"].told
    assert "--keys" not in facts.held(of(UNDER, keys=[]))["rotation"].told


# What is said.


def view(rows: Sequence[ControlRow], unchecked: Sequence[str] = ()) -> ControlsView:
    return ControlsView("plans/x", rows, TIME, unchecked)


def test_a_table_for_a_spreadsheet_ends_with_what_it_does_not_establish() -> None:
    evil = claim("key.type", False, summary='=HYPERLINK("https://evil"),\n2')
    evidence = of(verify(evil, claim("key.size", True)))
    rows = judging.rows(catalogue.controls("pci"), facts.held(evidence))
    found = list(csv.reader(io.StringIO(view(rows).as_csv())))
    assert len(found) == len(rows) + 2 and found[-1][-1] == SENTENCE
    told = {line[1]: line for line in found}
    assert told["3.7.1"][3] == "spoken against" and told["3.7.1"][4] == "key.size (0001-verify.json)"
    assert "key.type" in told["3.7.1"][5] and "\n" not in told["3.7.1"][5]
    assert not any(cell.startswith("=") for line in found for cell in line)


def test_the_event_has_every_row_and_the_sentence() -> None:
    rows = judging.rows(catalogue.controls(), facts.held(of(verify())))
    [event] = view(rows, ["ledger.db is missing"]).as_json()
    told = event.data
    assert told["sentence"] == SENTENCE and len(told["rows"]) == len(rows) and told["not_checked"]
    assert {one["verdict"] for one in told["rows"]} <= set(Verdict) and all(one["cannot"] for one in told["rows"])
