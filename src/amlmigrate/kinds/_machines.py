"""The virtual machines that something of a workspace takes, as far as a quota is concerned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machines:
    """So many of one size; `kept`: whether they are there all the time, or only while something runs.

    `spare`: of the priority that Azure may take back, which has one quota for all sizes. `most`: how many it may
    grow to.
    """

    size: str
    count: int
    kept: bool = False
    spare: bool = False
    most: int = 1
