"""A plan in the making."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from amlmigrate.core.address import Address
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Step


@dataclass(slots=True)
class Draft:
    """Steps by address, findings, and what each step comes after."""

    steps: dict[Address, Step] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    # Names that come with their first version, so that nothing is written for them.
    brought: set[Address] = field(default_factory=set)

    def add(self, step: Step) -> None:
        """Adds a step."""
        self.steps[step.address] = step

    def add_marked(self, step: Step, mark: str) -> None:
        """Adds a step under its address, or under that with as many marks as it takes until none has it."""
        address = step.address
        while address in self.steps:
            address = Address.parse(f"{address}{mark}")
        self.add(replace(step, address=address))

    def come_after(self, address: Address, before: Address) -> None:
        """One step more that a step comes after."""
        step = self.steps[address]
        if before not in step.after:
            self.steps[address] = replace(step, after=(*step.after, before))
