"""What a waiver of a claim lets go: what was shown of it, and not what becomes of it later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.reports import report
from tests.builders.world import header, plan, step

from amlmigrate.core.authorship import By
from amlmigrate.core.claim import WAIVABLE, Claim, findings
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import BadInputError
from amlmigrate.core.plan import Plan
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.deciding import NewDecision, decide
from amlmigrate.ledger.decision_subjects import Subjects
from amlmigrate.ledger.evidence import Evidence
from amlmigrate.ledger.opening import opened
from amlmigrate.ledger.valid_decisions import Standing, open_findings
from amlmigrate.posture import let_go

[NAME] = WAIVABLE
ANN = By("ann", "host", "1")
LAKE = Claim(
    NAME, False, "error", "/accounts/lake", "lake leads to an account under Microsoft's key.", "Give it one."
)
BOTH = replace(LAKE, summary="lake and pond lead to an account under Microsoft's key.")
HELD = Claim("storage.encryption", False, "error", "/accounts/own", "under Microsoft's key.", "Give it one.")
ADDRESS = f"{LAKE.address}!{NAME}"
PLAN = plan(step("models/m/1"))
KNOWN = replace(PLAN, header=header(findings=tuple(findings([LAKE]))))


def _verified(ledger: Ledger, *claims: Claim) -> None:
    Evidence(ledger.home, ledger).add(report("verify", **{"claims": [one.as_dict() for one in claims]}))


def _waive(of: Plan, ledger: Ledger, address: str = ADDRESS) -> None:
    subjects = Subjects(of, Evidence(ledger.home, ledger).reports())
    decide(of, ledger, DecisionVerb.WAIVE, [NewDecision(subjects.find(address), "known")], ANN)


def _severities(of: Plan, ledger: Ledger, *claims: Claim) -> list[str]:
    found = findings(claims)
    return [one.severity for one in let_go(found, Standing(of, ledger).settled(found))]


def test_a_waiver_of_one_datastore_is_none_of_two(ledger: Ledger) -> None:
    assert [one.address for one in open_findings(KNOWN, Standing(KNOWN, ledger))] == [ADDRESS]
    _waive(KNOWN, ledger)
    assert _severities(KNOWN, ledger, LAKE) == ["warning"]
    assert _severities(KNOWN, ledger, BOTH) == ["error"]
    assert open_findings(KNOWN, Standing(KNOWN, ledger)) == []


def test_what_a_verification_was_the_first_to_show_can_be_let_go(ledger: Ledger) -> None:
    with pytest.raises(BadInputError):
        _waive(PLAN, ledger)
    _verified(ledger, LAKE, HELD)
    reports = Evidence(ledger.home, ledger).reports()
    assert [one.address for one in opened(PLAN, ledger, reports)] == [ADDRESS]
    _waive(PLAN, ledger)
    assert opened(PLAN, ledger, Evidence(ledger.home, ledger).reports()) == []
    assert _severities(PLAN, ledger, LAKE) == ["warning"]
    with pytest.raises(BadInputError):
        _waive(PLAN, ledger, f"{HELD.address}!{HELD.name}")


def test_the_newest_verification_says_what_is_let_go(ledger: Ledger) -> None:
    _waive(KNOWN, ledger)
    _verified(ledger, BOTH)
    assert [one.says for one in opened(KNOWN, ledger, Evidence(ledger.home, ledger).reports())] == [
        f"error: {BOTH.summary}"
    ]
    _waive(KNOWN, ledger)
    assert _severities(KNOWN, ledger, BOTH) == ["warning"] and _severities(KNOWN, ledger, LAKE) == ["error"]
    assert open_findings(KNOWN, Standing(KNOWN, ledger)) == [], "the plan's own word of it is judged afresh"


def test_what_holds_or_only_warns_is_nobodys_to_let_go(ledger: Ledger) -> None:
    _verified(ledger, replace(LAKE, holds=True))
    with pytest.raises(BadInputError):
        _waive(PLAN, ledger)
    _verified(ledger, replace(LAKE, severity="warning"))
    assert opened(PLAN, ledger, Evidence(ledger.home, ledger).reports()) == []
