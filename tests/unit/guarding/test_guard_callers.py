"""Who is seen to use keys, who of them is to be confirmed, and what `guard callers` says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from tests.unit.guarding.guards import alarms
from tests.unit.keys.keyed import NOW, VAULT_ID, log, of_account, of_workspace, use

from amlmigrate.cli.views.guardcallers import GuardCallersView
from amlmigrate.cli.views.human import HumanView
from amlmigrate.core.errors import ExitCode
from amlmigrate.guarding.learning import LearntCallers, learnt
from amlmigrate.keys.model import Dependant, LoggedUse, UnreadPlace
from amlmigrate.keys.searching import Found
from amlmigrate.posture.reading import Read

OWN, SERVICE, STRANGER = (f"{sign * 8}-0000-4000-8000-000000000001" for sign in "abc")


def seen(
    *uses: LoggedUse, under: tuple[Dependant, ...] = (), callers: dict[str, str] | None = None, **more: Any
) -> LearntCallers:
    given = {"log": log(*uses), "unread": [], "names": {}, **more}
    found = Found(list(under), list(given["unread"]))
    file = alarms(vaults=(VAULT_ID,), callers=callers or {})
    return learnt(file, found, {VAULT_ID: given["log"]}, given["names"], NOW)


def identity(principal: str) -> dict[str, Any]:
    return {"identity": {"type": "SystemAssigned", "principalId": principal}}


def test_what_lies_under_a_key_explains_its_identity() -> None:
    found = seen(
        use("KeyUnwrap", caller=OWN, calls=5), under=(of_account(**identity(OWN)), of_workspace(**identity(OWN)))
    )
    [one] = found.callers
    assert (one.explained, one.calls, one.open) == (("storage account acct", "workspace ws"), 5, True)
    assert GuardCallersView(found).code is ExitCode.INCOMPLETE


def test_whoever_may_use_a_key_is_to_be_confirmed_and_whoever_was_only_refused_is_not() -> None:
    found = seen(
        use("KeyUnwrap", caller=SERVICE, calls=9, refused=1),
        use("KeyUnwrap", caller=STRANGER, calls=2, refused=2),
        use("KeyBackup", caller="somebody"),
        under=(of_workspace(**identity(OWN)),),
        names={SERVICE: "Azure Machine Learning"},
    )
    assert [(one.object_id, one.open, one.whose) for one in found.callers] == [
        (SERVICE, True, "Azure Machine Learning"),
        (OWN, True, "workspace ws"),
        (STRANGER, False, ""),
    ]


def test_what_the_file_has_is_settled_once_a_week_was_seen() -> None:
    uses, callers = (use("KeyUnwrap", caller=OWN), use("KeyWrap", caller=SERVICE)), {OWN: "ws", SERVICE: "ml"}
    whole = seen(*uses, callers=callers)
    assert (whole.settled, GuardCallersView(whole).code) == (True, ExitCode.DONE)
    young = seen(callers=callers, log=log(*uses, since=NOW - timedelta(days=6, hours=23)))
    refused = seen(callers=callers, log=Read(refused="no right"))
    elsewhere = seen(*uses, callers=callers, unread=[UnreadPlace("/subscriptions/x", "a/read", "forbidden", 403)])
    for one in (young, refused, elsewhere):
        assert not one.open and not one.settled
        assert GuardCallersView(one).code is ExitCode.INCOMPLETE
    assert refused.unread == (f"the log of {VAULT_ID}: no right",)


def test_who_has_no_object_id_cannot_be_confirmed() -> None:
    found = seen(use("KeyUnwrap", caller="", calls=2), use("KeyWrap", caller=OWN), callers={OWN: "ws"})
    assert [one.object_id for one in found.callers] == [OWN] and not found.settled
    assert found.unread == (
        f"who made 2 calls of {VAULT_ID}: the log has no object id, and the alarm tells each such call",
    )


def test_what_it_prints_can_be_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    found = seen(
        use("KeyUnwrap", caller=SERVICE, calls=3),
        under=(of_workspace(**identity(OWN)),),
        names={SERVICE: 'It\'s "us": #1'},
    )
    HumanView().show(GuardCallersView(found))
    text = capsys.readouterr().out
    lines = text[text.index("  callers:") :].splitlines()
    entries = yaml.safe_load("\n".join(lines[: 1 + len(found.open)]))
    assert entries == {"callers": [{"id": SERVICE, "what": 'It\'s "us": #1'}, {"id": OWN, "what": "workspace ws"}]}
    assert "2 callers to confirm of 2." in text and text.count("# whose is it?") == 1
