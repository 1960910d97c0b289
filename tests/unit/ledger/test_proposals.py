"""Proposals and their approvals: exactly what was looked at, by another identity, of the same tenant, for a time, once."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amlmigrate.core.authorship import By
from amlmigrate.core.errors import BadInputError, DeniedError, PlanLockedError, RefusedError
from amlmigrate.core.identity import Identity
from amlmigrate.ledger import exclusive, fileapprovals, proposals
from amlmigrate.ledger.files import FileError
from amlmigrate.ledger.proposals import Proposal, ProposedChange

T, NOW = "tenant-1", datetime(2026, 12, 1, 12, tzinfo=UTC)
MAKER, ANN, BEN = (
    By(name, "host", "1", Identity(f"{name}-id", name, tenant_id=T)) for name in ("maker", "ann", "ben")
)
SCOPE = "/providers/Microsoft.Management/managementGroups/corp"


def proposal(**given: Any) -> Proposal:
    change = ProposedChange("create", "definition", "/x", ("a note",), {"properties": {"n": [1, True, None]}})
    members: dict[str, Any] = {
        "command": "guard apply",
        "scope": SCOPE,
        "tenant_id": T,
        "created": NOW.isoformat(),
        "by": MAKER.who(),
        "given": {"file": "guard.yaml"},
        "changes": (change,),
        "told": {"Refused:": ("ws",)},
        "bound": {"x": ["y"]},
    }
    return Proposal(**{**members, **given})


PROPOSAL = proposal()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.json"
    proposals.write(path, PROPOSAL)
    return path


def identity(by: By) -> Identity:
    assert by.identity
    return by.identity


def approve(path: Path, by: By = ANN, at: datetime = NOW, made: Proposal = PROPOSAL) -> bool:
    return fileapprovals.approve(path, made, made.sha256[:8], by, at, "looked")[1]


def carry(path: Path, by: By = BEN, at: datetime = NOW, made: Proposal = PROPOSAL) -> str:
    return fileapprovals.refuse_unapproved(path, made, identity(by), at).object_id


def why(path: Path, by: By = BEN, at: datetime = NOW, made: Proposal = PROPOSAL) -> tuple[str, ...]:
    with pytest.raises(RefusedError) as refused:
        carry(path, by, at, made)
    return refused.value.reasons


# The file


def test_what_was_written_is_read_and_has_one_digest(path: Path) -> None:
    found = proposals.read(path, "guard apply")
    assert found == replace(PROPOSAL, bound={"x": ["y"]})
    assert found.sha256 == PROPOSAL.sha256 == json.loads(path.read_text())["sha256"]
    assert identity(MAKER).same(found.maker.object_id if found.maker else "", T)
    assert proposals.is_one(path)


@pytest.mark.parametrize(
    "member", ["command", "scope", "tenant_id", "created", "by", "given", "changes", "told", "bound"]
)
def test_no_member_can_be_changed_unseen(path: Path, member: str) -> None:
    found = json.loads(path.read_text())
    other: dict[str, Any] = {
        "by": {"identity": Identity("x").as_dict()},
        "changes": [],
        "told": {},
        "given": {},
        "bound": {},
    }
    found[member] = other.get(member, "other")
    path.write_text(json.dumps(found))
    with pytest.raises(BadInputError, match="checksum"):
        proposals.read(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no proposal"),
        ("[]", "no proposal"),
        ("{}", "no proposal"),
        ("[" * 100_000, "no proposal"),
        (json.dumps({"record": "proposal", "format": 2}), "format 2"),
        (json.dumps({"record": "proposal", "format": 1}), "checksum"),
        (json.dumps({"record": "proposal", "format": 1, "changes": 3}), "checksum"),
        (json.dumps({**PROPOSAL.as_dict(), "bound": {"x": float("nan")}}), "checksum"),
        (json.dumps({**PROPOSAL.as_dict(), "scope": "\ud800"}), "checksum"),
    ],
)
def test_what_is_no_proposal_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(BadInputError, match=told):
        proposals.read(path)


def test_one_for_another_command_is_refused(path: Path) -> None:
    with pytest.raises(BadInputError, match="for `migrate guard apply`"):
        proposals.read(path, "key rotate")


def test_a_missing_one_is_told_and_none_is_overwritten(tmp_path: Path, path: Path) -> None:
    with pytest.raises(BadInputError):
        proposals.read(tmp_path / "none.json")
    before = path.read_bytes()
    with pytest.raises(BadInputError, match="never overwritten"):
        proposals.write(path, proposal(scope="/other"))
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere.json")
    with pytest.raises(BadInputError):
        proposals.write(tmp_path / "link.json", PROPOSAL)
    with pytest.raises(FileError):
        proposals.write(path / "below.json", PROPOSAL)
    assert path.read_bytes() == before


# Who approves, and what counts


def test_another_identity_approves_and_a_third_or_the_maker_carries_it_out(path: Path) -> None:
    assert why(path) == ()
    assert approve(path)
    assert carry(path, BEN) == carry(path, MAKER) == "ann-id"
    # Approved again it is the same, and by another one it is one more.
    assert not approve(path)
    assert approve(path, BEN)
    assert [one.object_id for one in fileapprovals.approvals(path)] == ["ann-id", "ben-id"]


def test_the_maker_does_not_approve_and_the_approver_does_not_carry_out(path: Path) -> None:
    with pytest.raises(RefusedError, match="of their own"):
        approve(path, MAKER)
    assert approve(path)
    [reason] = why(path, ANN)
    assert "whoever approves does not carry it out" in reason
    # In another spelling of the letters too.
    shouting = By("ann", "host", "1", Identity("ANN-ID", tenant_id=T.upper()))
    assert "whoever approves" in why(path, shouting)[0]
    # With one more approver, one of them can.
    assert approve(path, BEN)
    assert carry(path, ANN) == "ben-id"


def test_a_proposal_of_nobody_is_approved_by_nobody(tmp_path: Path) -> None:
    made, path = proposal(by=By("x", "host", "1").who()), tmp_path / "n.json"
    proposals.write(path, made)
    with pytest.raises(RefusedError, match="of their own"):
        approve(path, made=proposals.read(path))


@pytest.mark.parametrize("by", [By("ann", "host", "1"), By("ann", "host", "1", Identity("", tenant_id=T))])
def test_nobody_approves_without_an_identity(path: Path, by: By) -> None:
    with pytest.raises(DeniedError):
        approve(path, by)


@pytest.mark.parametrize("tenant", ["tenant-2", ""])
def test_an_identity_of_another_tenant_neither_approves_nor_carries_out(path: Path, tenant: str) -> None:
    stranger = By("eve", "host", "1", Identity("eve-id", tenant_id=tenant))
    with pytest.raises(DeniedError):
        approve(path, stranger)
    assert approve(path)
    with pytest.raises(DeniedError):
        carry(path, stranger)


def test_a_proposal_without_a_tenant_is_nobodys_to_approve(tmp_path: Path) -> None:
    with pytest.raises(DeniedError):
        approve(tmp_path / "p", By("x", "h", "1", Identity("x")), made=proposal(tenant_id=""))


@pytest.mark.parametrize(
    ("prefix", "error"),
    [("x" * 8, BadInputError), ("", BadInputError), ("0" * 7, BadInputError), ("0" * 64, RefusedError)],
)
def test_the_digest_has_to_be_the_ones_that_was_looked_at(path: Path, prefix: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        fileapprovals.approve(path, PROPOSAL, prefix, ANN, NOW)
    assert fileapprovals.approvals(path) == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sha256": "0" * 64}, "another file"),
        ({"command": "key rotate"}, "for the command key rotate"),
        ({"scope": "/subscriptions/x"}, "for the scope /subscriptions/x"),
        ({"tenant_id": "tenant-2"}, "for the tenant tenant-2"),
        ({"object_id": "MAKER-ID"}, "whoever made the file"),
        ({"object_id": ""}, "whoever made the file"),
        ({"at": "soon"}, "its time cannot be"),
        ({"at": (NOW + timedelta(hours=1)).isoformat()}, "its time cannot be"),
        ({"at": (NOW - timedelta(days=7, seconds=1)).isoformat()}, "counts for 7 days"),
    ],
)
def test_an_approval_that_is_of_something_else_does_not_count(
    path: Path, changed: dict[str, Any], told: str
) -> None:
    assert approve(path)
    file = fileapprovals.place(path)
    found = json.loads(file.read_text())
    found["approvals"][0] |= changed
    file.write_text(json.dumps(found))
    [reason] = why(path)
    assert told in reason


def test_an_approval_counts_for_a_week_and_can_be_given_anew(path: Path) -> None:
    assert approve(path)
    later = NOW + timedelta(days=7)
    assert carry(path, at=later) == "ann-id"
    later += timedelta(seconds=1)
    assert why(path, at=later)
    assert approve(path, at=later)
    assert carry(path, at=later) == "ann-id"


def test_what_was_approved_of_one_file_is_not_of_another(path: Path) -> None:
    assert approve(path)
    other = proposal(scope="/providers/Microsoft.Management/managementGroups/other")
    assert "another file" in why(path, made=other)[0]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"record":"approval"}', '{"record":"approval","format":1,"approvals":[{"x":1}]}']
)
def test_a_broken_file_of_approvals_is_told_and_never_overwritten(path: Path, text: str) -> None:
    file = fileapprovals.place(path)
    file.write_text(text)
    with pytest.raises(BadInputError):
        approve(path)
    with pytest.raises(BadInputError):
        carry(path)
    assert file.read_text() == text


def test_a_secret_in_a_comment_is_not_kept(path: Path) -> None:
    url = "https://acct.blob.core.windows.net/c?sig=abcdef0123456789"
    fileapprovals.approve(path, PROPOSAL, PROPOSAL.sha256, ANN, NOW, url)
    assert "abcdef0123456789" not in fileapprovals.place(path).read_text()


# Carried out


def test_it_is_carried_out_once_and_an_interruption_is_gone_on_with(path: Path) -> None:
    ben = identity(BEN)
    assert fileapprovals.carried_out(path, PROPOSAL) is None
    fileapprovals.refuse_second_use(path, PROPOSAL)
    fileapprovals.begin(path, PROPOSAL, ben, NOW)
    fileapprovals.refuse_second_use(path, PROPOSAL)
    fileapprovals.begin(path, PROPOSAL, ben, NOW + timedelta(hours=1))
    fileapprovals.end(path, PROPOSAL, ben, NOW + timedelta(hours=2))
    done = fileapprovals.carried_out(path, PROPOSAL)
    assert done and (done.begun, done.ended) == ("2026-12-01T12:00:00+00:00", "2026-12-01T14:00:00+00:00")
    with pytest.raises(RefusedError, match="already"):
        fileapprovals.refuse_second_use(path, PROPOSAL)
    with pytest.raises(RefusedError, match="already"):
        fileapprovals.begin(path, PROPOSAL, ben, NOW + timedelta(hours=3))
    assert fileapprovals.carried_out(path, PROPOSAL) == done
    # Of another proposal at the same path it says nothing; and that one, put back, is not carried out again.
    other = proposal(scope="/other")
    fileapprovals.refuse_second_use(path, other)
    fileapprovals.begin(path, other, ben, NOW)
    fileapprovals.end(path, other, ben, NOW)
    for one in (PROPOSAL, other):
        with pytest.raises(RefusedError, match="already"):
            fileapprovals.refuse_second_use(path, one)


USE = {"sha256": "x", "begun": "x", "by": "x", "ended": ""}


@pytest.mark.parametrize(
    "uses", [None, {}, ["x"], [{}], [USE | {"by": 5}], [USE | {"more": ""}], [{"sha256": "x"}]], ids=str
)
def test_a_broken_note_of_it_refuses(path: Path, uses: Any) -> None:
    note = fileapprovals.place(path, "carried-out")
    note.write_text(json.dumps({"record": "carried-out", "format": 1, "uses": uses}))
    before = note.read_bytes()
    for work in (fileapprovals.begin, fileapprovals.end):
        with pytest.raises(BadInputError):
            work(path, PROPOSAL, identity(BEN), NOW)
    with pytest.raises(BadInputError):
        fileapprovals.refuse_second_use(path, PROPOSAL)
    assert note.read_bytes() == before


def test_two_commands_do_not_carry_it_out_at_once(path: Path, tmp_path: Path) -> None:
    with fileapprovals.alone(path):
        with pytest.raises(PlanLockedError, match="carrying this proposal out"), fileapprovals.alone(path):
            pass
        # Approving it, and carrying another one out, is something else.
        assert approve(path)
        proposals.write(tmp_path / "other.json", PROPOSAL)
        with fileapprovals.alone(tmp_path / "other.json"):
            pass
    with pytest.raises(RuntimeError), fileapprovals.alone(path):
        raise RuntimeError
    with fileapprovals.alone(path):
        pass
    with pytest.raises(FileError), fileapprovals.alone(tmp_path / "gone.json"):
        pass


def test_what_fails_in_between_is_no_fault_of_the_lock(path: Path) -> None:
    with pytest.raises(ConnectionError), fileapprovals.alone(path):
        raise ConnectionError


def test_what_is_read_of_the_files_beside_it_is_nobody_elses_until_it_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusive, "_PATIENCE_SECONDS", 0.0)
    read, seen = fileapprovals._read, []

    def held(of: Path, record: str) -> Any:
        with pytest.raises(PlanLockedError), exclusive.alone(path.parent):
            pass
        seen.append(record)
        return read(of, record)

    monkeypatch.setattr(fileapprovals, "_read", held)
    assert approve(path)
    fileapprovals.begin(path, PROPOSAL, identity(BEN), NOW)
    fileapprovals.end(path, PROPOSAL, identity(BEN), NOW)
    assert set(seen) == {"approval", "carried-out"}
    with exclusive.alone(path.parent):
        for work in (fileapprovals.begin, fileapprovals.end):
            with pytest.raises(PlanLockedError):
                work(path, PROPOSAL, identity(BEN), NOW)
        with pytest.raises(PlanLockedError):
            approve(path, ANN, NOW + timedelta(days=8))
        with pytest.raises(PlanLockedError):
            proposals.write(path.with_name("other.json"), PROPOSAL)


@pytest.mark.parametrize("value", [5, None, [], {"a": 1}, True], ids=["number", "null", "list", "object", "true"])
@pytest.mark.parametrize("member", ["command", "scope", "tenant_id", "created"])
def test_a_file_whose_digest_is_right_and_whose_texts_are_none_is_no_proposal(
    tmp_path: Path, member: str, value: Any
) -> None:
    forged = replace(PROPOSAL, **{member: value})
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(forged.as_dict()))
    with pytest.raises(BadInputError):
        proposals.read(path)


@pytest.mark.parametrize(
    "members",
    [
        {"bound": []},
        {"given": "x"},
        {"told": {"Head:": (5,)}},
        {"changes": (ProposedChange("create", "x", 5),)},  # type: ignore[arg-type]  # as a forger writes it
        {"changes": (ProposedChange("create", "x", "/x", (), [1]),)},  # type: ignore[arg-type]  # as a forger writes it
        {"by": {"identity": {"object_id": 5}}},
    ],
    ids=["bound", "given", "told", "id", "body", "maker"],
)
def test_a_file_whose_documents_are_none_is_no_proposal(tmp_path: Path, members: dict[str, Any]) -> None:
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(replace(PROPOSAL, **members).as_dict()))
    with pytest.raises(BadInputError):
        proposals.read(path)


def test_a_file_that_can_have_no_digest_is_no_proposal_though_it_says_none(tmp_path: Path) -> None:
    path = tmp_path / "forged.json"
    path.write_text(json.dumps({**PROPOSAL.as_dict(), "bound": {"x": float("nan")}, "sha256": ""}))
    with pytest.raises(BadInputError, match="checksum"):
        proposals.read(path)


@pytest.mark.parametrize("value", [5, None, ["x"]], ids=["number", "null", "list"])
def test_approvals_that_are_not_of_texts_cannot_be_read(path: Path, value: Any) -> None:
    assert approve(path)
    found = json.loads(fileapprovals.place(path).read_text())
    found["approvals"][0]["tenant_id"] = value
    fileapprovals.place(path).write_text(json.dumps(found))
    with pytest.raises(BadInputError, match="was changed"):
        fileapprovals.approvals(path)


def test_the_command_that_approves_can_be_typed_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "a b; c.json"
    proposals.write(path, PROPOSAL)
    with pytest.raises(RefusedError) as refused:
        fileapprovals.refuse_unapproved(path, PROPOSAL, identity(BEN), NOW)
    assert shlex.split(refused.value.remedy.partition("they run: ")[2])[2] == str(path)
