"""Whether what alarms are about and lie in is there: the group, Log Analytics and its region, the vaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.arm import Arm
from amlmigrate.core.armid import name_of
from amlmigrate.core.parallel import gathered
from amlmigrate.core.spelling import plain_region
from amlmigrate.guarding import alarmrules
from amlmigrate.guarding.wanted import Alarms, Guardrail
from amlmigrate.posture.reading import tried


@dataclass(frozen=True, slots=True)
class AlarmPlaces:
    """The alarms with the region of their logs; `wanted` is None where the file asks for none.

    `wrong` is what the file says and is not so, by the ARM id that it is about; `unread` why something is not
    known; `lacking` what nobody is told of.
    """

    wanted: Alarms | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why they cannot be made: rules would be made that watch nothing, or tell nobody."""
        return (*self.wrong.values(), *self.unread)


async def found(arm: Arm, guardrail: Guardrail) -> AlarmPlaces:
    """Reads them."""
    alarms = guardrail.alarms
    if alarms is None:
        return AlarmPlaces()
    logs = (alarms.logs,) if alarms.logs else ()
    named = (alarms.group, *alarms.vaults, *alarms.workspaces, *alarms.action_groups, *logs)
    read = await gathered({id_: tried(arm.get(id_)) for id_ in dict.fromkeys(named)})
    wrong = {
        id_: f"{id_} is not there, and `alarms` in the file names it."
        for id_, one in read.items()
        if one.value is None and not one.refused
    }
    unread = tuple(f"whether {name_of(id_)} is there: {one.refused}" for id_, one in read.items() if one.refused)
    # Rules over logs are made in their region (AZ-MONITOR-26).
    region = plain_region((read[alarms.logs].value or {}).get("location") or "") if alarms.logs else ""
    if region and alarms.location and region != alarms.location:
        wrong[alarms.logs] = f"{alarms.logs} is in {region}, and `alarms.location` says {alarms.location}."
    placed = replace(alarms, location=region or alarms.location)
    return AlarmPlaces(placed, wrong, unread, tuple(alarmrules.lacking(guardrail, placed)))
