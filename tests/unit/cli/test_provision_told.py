"""What `migrate provision` says of itself: the command that goes on, what it does, and what is still open."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.provisioning.provisioned import wanted

from amlmigrate.cli import provision
from amlmigrate.cli.asked import Agreement, agree
from amlmigrate.cli.execute import CommonOptions
from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.asking import AskedView
from amlmigrate.cli.views.base import CommandView
from amlmigrate.cli.views.human import HumanView
from amlmigrate.cli.views.json_lines import JsonView
from amlmigrate.cli.views.page import Page
from amlmigrate.cli.views.provision import ProvisionDryView, ProvisionPlanView, ProvisionView
from amlmigrate.core.errors import ExitCode, RefusedError
from amlmigrate.core.events import TypedEvent
from amlmigrate.desired.applying import Applied
from amlmigrate.desired.steps import DesiredStep, DesiredVerb
from amlmigrate.provisioning.progress import events as provision_events

SUB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stone"
STEPS = [
    DesiredStep(DesiredVerb.EXISTS, "resource group", "/subscriptions/s/resourceGroups/g"),
    DesiredStep(DesiredVerb.CREATE, "storage account", SUB, ("costs money",), facts=("nobody uses it",)),
]
WANTED = wanted()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (provision.Said("w.yaml", (), False), "migrate provision w.yaml"),
        (
            provision.Said("my file.yaml", ("kv", "/subscriptions/s x"), False, 1800, "house keys.yaml"),
            "migrate provision 'my file.yaml' --adopt kv --adopt '/subscriptions/s x' --profiles 'house keys.yaml'"
            " --wait 30",
        ),
    ],
)
def test_the_command_that_goes_on_is_the_same_one(said: provision.Said, told: str) -> None:
    """Without the table of profiles it would make another key."""
    assert provision._again(said) == told


@pytest.mark.parametrize(
    ("verbs", "told"),
    [
        ("exists", "Nothing to do."),
        ("exists wait", "Nothing to do; 1 not known yet, since Azure is still at work there."),
        ("grant exists", "1 to do, 1 as it is."),
        (
            "grant wait exists exists",
            "1 to do, 2 as they are; 1 not known yet, since Azure is still at work there.",
        ),
        ("refuse wait create", "1 refused, so nothing is done."),
    ],
)
def test_what_is_under_way_is_not_called_as_it_is(verbs: str, told: str) -> None:
    steps = [DesiredStep(DesiredVerb(verb), "workspace", "/x") for verb in verbs.split()]
    [event] = ProvisionPlanView(steps, "s").as_json()
    assert event.data["block"][-1] == told == event.data["text"].splitlines()[-1]


def _lines(capsys: pytest.CaptureFixture[str], *shown: CommandView | TypedEvent) -> list[dict[str, Any]]:
    """The lines of `--json`, without their times."""
    view = JsonView()
    for one in shown:
        if isinstance(one, TypedEvent):
            view.event(one)
        else:
            view.show(one)
    view.ended(ExitCode.DONE)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(one.pop("time") for one in found)
    return found


def test_a_program_is_told_the_plan_as_a_block_and_as_steps(capsys: pytest.CaptureFixture[str]) -> None:
    block = [
        "In subscription s:",
        "  exists  resource group: resourceGroups/g",
        "  create  storage account: resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stone",
        "          - costs money",
        "          - nobody uses it",
        "",
        "1 to do, 1 as it is.",
    ]
    view = ProvisionPlanView(STEPS, "s")
    [line] = _lines(capsys, view)
    assert line == {
        "event": "provision.plan",
        "text": "\n".join(block),
        "block": block,
        "steps": [
            {"action": "exists", "what": "resource group", "id": "/subscriptions/s/resourceGroups/g", "notes": []},
            {
                "action": "create",
                "what": "storage account",
                "id": SUB,
                "notes": ["costs money", "nobody uses it"],
            },
        ],
        "changes": 1,
    }
    view.human(Page(consoles.console()))
    assert capsys.readouterr().out.splitlines() == block


def test_a_program_is_told_each_end(capsys: pytest.CaptureFixture[str]) -> None:
    dry, end = _lines(
        capsys,
        ProvisionDryView("migrate provision f"),
        ProvisionView(WANTED, Applied(2, ("warning: it expires",))),
    )
    assert dry == {"event": "provision.dry", "text": "Nothing was changed.", "next": "migrate provision f"}
    assert end.pop("duration") >= 0
    target, group = (
        f"{WANTED.subscription}/g/one",
        f"/subscriptions/{WANTED.subscription}/resourceGroups/g/providers",
    )
    vault = f"{group}/Microsoft.KeyVault/vaults/kv-keys"
    ids = {
        "workspace": f"{group}/Microsoft.MachineLearningServices/workspaces/one",
        "key vault": vault,
        "key": f"{vault}/keys/cmk",
        "identity": f"{group}/Microsoft.ManagedIdentity/userAssignedIdentities/id-one",
        "storage account": f"{group}/Microsoft.Storage/storageAccounts/stone",
    }
    assert end == {
        "event": "provision.end",
        "text": "g/one is there, under a customer's key; 2 steps changed something.",
        "changed": 2,
        "warnings": ["warning: it expires"],
        "target": target,
        "ids": ids,
        "lines": [*(f"{what}: {id_}" for what, id_ in ids.items()), f"--target {target}", "warning: it expires"],
        "next": f"migrate doctor --target {target}, then migrate plan --source GROUP/NAME --target {target}",
        "exit_code": 0,
    }


def test_what_is_copied_from_a_narrow_terminal_is_not_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ProvisionView(WANTED, Applied(1, ("warning: the key expires, and nobody is told of it",))).human(
        Page(consoles.console())
    )
    said = capsys.readouterr().out.splitlines()
    assert f"  storage account: {WANTED.storage.id}" in said and f"  --target {WANTED.owner}" in said
    assert not any("nobody is told of it" in line and "warning" in line for line in said), "a sentence is broken"


def _told() -> list[TypedEvent]:
    found: list[TypedEvent] = []
    events = provision_events(found.append)
    events.doing(STEPS[1])
    events.waiting("storage account", SUB, "is creating")
    events.done(STEPS[1])
    return found


def test_what_goes_on_is_the_step_for_programs_and_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    doing, waiting, done = _lines(capsys, *_told())
    step = {"action": "create", "what": "storage account", "id": SUB, "notes": ["costs money", "nobody uses it"]}
    assert doing == {"event": "provision.doing", **step} and done == {"event": "provision.done", **step}
    assert waiting == {
        "event": "provision.waiting", "what": "storage account", "id": SUB, "why": "is creating"
    }  # fmt: skip
    view = HumanView()
    for event in _told():
        view.event(event)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "storage account stone: create\nstorage account stone: is creating\n")


def test_who_is_asked_sees_every_reason_and_a_program_is_told_none(capsys: pytest.CaptureFixture[str]) -> None:
    asked = AskedView(["the key vault keeps its name", "ann's registry is changed"])
    assert _lines(capsys, asked) == []
    HumanView().show(asked)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "This cannot be undone, or changes what others have or use:",
        "  - the key vault keeps its name",
        "  - ann's registry is changed",
    ]


async def test_without_a_terminal_nobody_is_asked_and_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    one = Agreement("w.yaml", "migrate provision w.yaml", yes=False)
    with pytest.raises(RefusedError) as refused:
        await agree(HumanView(), CommonOptions(), ("it is for good",), one)
    assert refused.value.reasons == ("it is for good",) and str(refused.value.remedy).endswith("w.yaml --yes")
    await agree(HumanView(), CommonOptions(), (), one)
    await agree(HumanView(), CommonOptions(), ("it is for good",), replace(one, yes=True))


def test_the_view_for_people_names_no_event() -> None:
    """What it does with an event is registered by the event's type, in `views.progress`."""
    text = (Path(provision.__file__).parent / "views" / "human.py").read_text()
    assert "event.name" not in text and "singledispatch" not in text and ".data" not in text
