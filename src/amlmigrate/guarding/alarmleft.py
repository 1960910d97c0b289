"""Rules that a guardrail made and its file no longer asks for: they stay, and that is told. Only reads."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.alarms.rules import ALARMS, rule_of
from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import key_of, name_of
from amlmigrate.core.parallel import gathered
from amlmigrate.guarding.wanted import Alarms
from amlmigrate.policies.marks import tagged_here
from amlmigrate.posture.reading import tried_list


async def told(arm: Arm, alarms: Alarms, scope: str, asked: Iterable[str]) -> tuple[str, ...]:
    """A sentence on those that bear the scope's mark and the name; `asked` are the ids that are to be there."""
    wanted = set(map(key_of, asked))
    kinds = {rule.kind: None for rule in ALARMS}
    read = await gathered(
        {kind: tried_list(arm, f"{alarms.group}/providers/Microsoft.Insights/{kind}") for kind in kinds}
    )
    left = sorted(
        name_of(one.get("id"))
        for found in read.values()
        for one in found.value or ()
        if key_of(one.get("id")) not in wanted
        and tagged_here(one, scope)
        and rule_of(str(one.get("id")), alarms.name)
    )
    unread = [
        f"Whether there are {kind} that the file no longer asks for is not known: {found.refused}"
        for kind, found in read.items()
        if found.refused
    ]
    if not left:
        return tuple(unread)
    return (
        f"The file does not ask for these rules of migrate guard, and apply leaves them: {', '.join(left)}.",
        *unread,
    )
