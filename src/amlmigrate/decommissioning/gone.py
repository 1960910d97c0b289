"""When a workspace counts as gone: pure, over looks at it and at our own deletion, with the clock as an argument.

ARM's regions replicate: one may answer "not found" for minutes of what lives (seen: terraform-provider-azurerm
18268). So a single look never decides: either our own operation has succeeded and the workspace is absent, or it
is absent in several looks over a time, which does not show that it was us.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from amlmigrate.cloud.operations import Ending
from amlmigrate.core.clock import Clock, Pace, Wait

# Neither an option nor a setting changes these. Inferred (AZ-DEL-10): no region lags for longer.
LOOKS, SECONDS = 4, 120.0
# For so long after our operation succeeded a workspace may still be shown. Inferred (AZ-DEL-1): not longer.
SETTLING = 60.0


class Sight(StrEnum):
    """What one look shows."""

    ABSENT = "ARM says of the workspace that it is not there, and its group's list lacks it"
    LIVING = "the workspace answers"
    GOING = "the workspace is being deleted"
    ANOTHER = "another workspace has the name"
    UNKNOWN = "the answer shows nothing"


@dataclass(frozen=True, slots=True)
class GoneLook:
    """One look; `told` says what an answer was that shows nothing."""

    sight: Sight
    told: str = ""

    def __str__(self) -> str:
        return f"{self.sight}{self.told and f': {self.told}'}"


class GoneResult(StrEnum):
    """What came of it. `STANDS`: nothing shows that it is gone, and the gate is passed anew, whole."""

    GONE = "gone by our own deletion"
    NOT_OURS = "absent, not shown to be by us"
    STANDS = "not shown to be gone"


Looking = Callable[[], Awaitable[GoneLook]]


async def settled(ending: Ending, look: Looking, clock: Clock, *, settling: float) -> tuple[GoneResult, GoneLook]:
    """What has become of a workspace whose deletion by us ended so; all but a success confirms nothing.

    After our success it is looked at again for `settling` seconds until it is absent.
    """
    if ending is Ending.SUCCEEDED:
        last = await _until_absent(look, clock, settling)
        return (GoneResult.GONE if last.sight is Sight.ABSENT else GoneResult.STANDS), last
    await _while_going(look, clock)
    last = await absent_for_long(look, clock)
    return (GoneResult.NOT_OURS if last.sight is Sight.ABSENT else GoneResult.STANDS), last


async def absent_for_long(look: Looking, clock: Clock) -> GoneLook:
    """The first look that is not `ABSENT`, or the last of at least `LOOKS` looks over at least `SECONDS`."""
    begun, looks = clock.now(), 0
    while True:
        last = await look()
        looks += 1
        if last.sight is not Sight.ABSENT or (looks >= LOOKS and clock.now() - begun >= SECONDS):
            return last
        await clock.sleep(SECONDS / (LOOKS - 1))


async def _until_absent(look: Looking, clock: Clock, settling: float) -> GoneLook:
    wait = Wait(Pace(clock))
    while (last := await look()).sight is not Sight.ABSENT:
        if wait.over if last.sight is Sight.GOING else wait.spent >= settling:
            break
        await wait.pause()
    return last


async def _while_going(look: Looking, clock: Clock) -> None:
    """Waits for a deletion whose operation nobody has recorded."""
    wait = Wait(Pace(clock))
    while (await look()).sight is Sight.GOING and not wait.over:
        await wait.pause()
