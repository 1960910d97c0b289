"""A workspace with its resources from its description: what is there is read, then made as it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.cloud.resources import Resources
from amlmigrate.cloud.session import Session
from amlmigrate.core.events import Emit
from amlmigrate.desired import deciding, ownership
from amlmigrate.desired.applying import Applied, apply
from amlmigrate.desired.deciding import Looker, PlannedPart
from amlmigrate.desired.parts import DesiredPort
from amlmigrate.desired.steps import DesiredStep
from amlmigrate.desired.usage import Estate
from amlmigrate.provisioning import regions
from amlmigrate.provisioning.assemble import parts
from amlmigrate.provisioning.foreseeing import foreseen
from amlmigrate.provisioning.known import KnownValues
from amlmigrate.provisioning.progress import REFUSED, events
from amlmigrate.provisioning.wanted import WantedWorkspace

# For so many seconds a right that was given may take to arrive, where nothing else is said.
PATIENCE = 600


@dataclass(frozen=True, slots=True)
class ProvisionRequest:
    """What is wanted, from which file, and what of others is adopted; `patience` is in seconds."""

    wanted: WantedWorkspace
    file: str
    adopt: tuple[str, ...]
    emit: Emit
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Provisioning:
    """What becomes of each resource; nothing is done yet."""

    request: ProvisionRequest
    planned: tuple[PlannedPart[KnownValues], ...]
    looker: Looker[KnownValues]

    @property
    def steps(self) -> list[DesiredStep]:
        """Of each resource, in order."""
        return [each.step for each in self.planned]

    @property
    def asks(self) -> tuple[str, ...]:
        """What has to be agreed to first: it cannot be undone, or changes what others have or use."""
        return tuple(dict.fromkeys(one for each in self.planned for one in each.asks))

    def check(self) -> None:
        """Raises RefusedError with every reason why it must not be done."""
        deciding.check(self.steps, self.request.file, REFUSED)

    async def apply(self) -> Applied:
        """Does it. Raises what Azure refuses, and RefusedError for what nobody agreed to."""
        return await apply(self.planned, self.looker, patience=self.request.patience)


async def provisioning(request: ProvisionRequest, clouds: Session, *, wait: bool) -> Provisioning:
    """Reads what is there, and decides. With `wait`, what is under way there is waited for.

    Raises BadInputError for a region that is none, and what Azure says.
    """
    wanted, side = request.wanted, clouds.target
    port = DesiredPort(Resources(side.arm), side.vaults, side, Estate(side))
    asked = parts(wanted, side.vaults.uri, side.login.cloud)
    word = ownership.word(wanted.owner, asked, request.adopt, wanted.allowed, request.file)
    await regions.check(side.arm, wanted, request.file)
    looker = Looker(port, word, events(request.emit), KnownValues())
    planned = await foreseen(await looker.plan(asked, wait=wait), port)
    return Provisioning(request, tuple(planned), looker)
