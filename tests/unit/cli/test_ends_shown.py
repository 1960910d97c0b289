"""How a command's end is shown where there is little room: what is copied from it stays on one line."""

from __future__ import annotations

import pytest

from amlmigrate.cli.views import consoles
from amlmigrate.cli.views.ending import CommandEnd
from amlmigrate.cli.views.page import Page

FILE = "plans/a-workspace-with-a-name/evidence/0006-verify.json"
NEXT = "migrate decommission plans/a-workspace-with-a-name --confirm group/a-workspace-with-a-name"


def test_what_is_copied_from_a_narrow_terminal_is_not_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    end = CommandEnd("A sentence that is longer than forty columns are wide.", files={"Evidence": FILE}, next=NEXT)
    end.human(Page(consoles.console()))
    *sentence, file, following = capsys.readouterr().out.splitlines()
    assert len(sentence) == 2
    assert (file, following) == (f"Evidence: {FILE}", f"Next: {NEXT}")
