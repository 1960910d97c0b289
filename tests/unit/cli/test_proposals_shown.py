"""What a reviewer of a proposal sees: each change, all that is sent, who approved which state, and what to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlmigrate.cli.show import _file
from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.page import Page
from amlmigrate.cli.views.proposals import FileApprovalView, ProposalView
from amlmigrate.core.authorship import By
from amlmigrate.core.identity import Identity
from amlmigrate.deciding.approvefile import FileApprovalResult
from amlmigrate.ledger import proposals
from amlmigrate.ledger.fileapprovals import FileApproval
from amlmigrate.ledger.proposals import Proposal, ProposedChange

SCOPE = "/providers/Microsoft.Management/managementGroups/corp"
PATH = Path("my proposal.json")
MAKER = By("m", "h", "1", Identity("m-id", "maker"))
PROPOSAL = Proposal(
    "guard apply",
    SCOPE,
    "t",
    "2026-12-01T00:00:00+00:00",
    MAKER.who(),
    {"file": "guard.yaml"},
    (
        ProposedChange(
            "create", "definition", "/x", ("a note \x1b[2J\u202e",), {"properties": {"effect": "Deny"}}
        ),
        ProposedChange("remove", "exemption", "/y"),
    ),
    ("--confirm", SCOPE),
    told={"Every update of these is refused:": ("rg/ws",)},
)


def approval(sha256: str = PROPOSAL.sha256, comment: str = "") -> FileApproval:
    return FileApproval(sha256, "guard apply", SCOPE, "t", "a-id", "ann (object id a-id)", "2026-12-02", comment)


def shown(view: ProposalView | FileApprovalView, capsys: pytest.CaptureFixture[str]) -> str:
    view.human(Page(consoles.console()))
    return capsys.readouterr().out


def test_every_change_is_shown_with_what_to_type_and_nothing_acts_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = shown(ProposalView(PATH, PROPOSAL, ()), capsys)
    assert "`migrate guard apply` at " + SCOPE in text and "maker (object id m-id)" in text
    assert "  create  definition: /x" in text and "  remove  exemption: /y" in text
    assert "rg/ws" in text and "2 changes." in text
    assert f"Next: migrate approve 'my proposal.json' --digest {PROPOSAL.sha256[:16]}" in text
    assert "\x1b[2J" not in text and "\u202e" not in text and r"\u001b[2J\u202e" in text
    assert "Deny" not in text
    assert '"effect": "Deny"' in shown(ProposalView(PATH, PROPOSAL, (), every=True), capsys)


def test_an_approval_of_another_state_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(ProposalView(PATH, PROPOSAL, (approval(), approval("0" * 64, "looked"))), capsys)
    first, second = (line.strip() for line in text.splitlines() if "approved by" in line)
    assert first == "approved by ann (object id a-id) at 2026-12-02"
    assert second.endswith(": looked (another state of this file)")


def test_the_event_has_the_file_as_it_is() -> None:
    [event] = ProposalView(PATH, PROPOSAL, (approval(),)).as_json()
    assert event.name == "show.proposal"
    assert {name: event.data[name] for name in PROPOSAL.as_dict()} == PROPOSAL.as_dict()
    assert [one["object_id"] for one in event.data["approvals"]] == ["a-id"]


@pytest.mark.parametrize(("new", "told"), [(True, "Approved by ann"), (False, "Approved already by ann")])
def test_what_was_approved_is_carried_out_by_the_command_that_is_told(
    new: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(FileApprovalView(PATH, FileApprovalResult(approval(), PROPOSAL, new)), capsys)
    assert told in text
    assert f"Next: migrate guard apply 'my proposal.json' --confirm {SCOPE}" in text


def test_an_address_is_one_though_a_file_is_named_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("models/m/1", "half.json", "p"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")
    proposals.write(tmp_path / "proposal", PROPOSAL)
    assert _file(["models/m/1"]) is _file(["p"]) is _file(["none.json"]) is _file([]) is _file(["p", "x"]) is None
    assert (_file(["proposal"]), _file(["half.json"])) == (Path("proposal"), Path("half.json"))
