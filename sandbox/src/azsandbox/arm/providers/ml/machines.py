"""Sizes of machines: their families and what they have. One list for all regions.

Names, cores and memory: learn `azure/virtual-machines/sizes`; the members of an entry and the first of them: specs
2023-04-01, the example of VirtualMachineSizes_List. Inferred (AZ-COMPUTE-6): that a region has all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SIZE = re.compile(r"STANDARD_([A-Z]+)(\d+)([A-Z]*)(?:_[A-Z0-9]*?)??(?:_(V\d))?$", re.IGNORECASE)
# The numbers of the DSv2 series are not those of its cores.
_DSV2 = {"1": 1, "2": 2, "3": 4, "4": 8, "5": 16, "11": 2, "12": 4, "13": 8, "14": 16, "15": 20}
_MEMORY = {"1": 3.5, "2": 7, "3": 14, "4": 28, "5": 56, "11": 14, "12": 28, "13": 56, "14": 112, "15": 140}
# The other series: how a size is spelled, memory for a core, cores for a GPU, and the sizes by their cores.
_SERIES = (
    ("Standard_D{}s_v3", 4.0, 0, (2, 4, 8, 16, 32, 48, 64)),
    ("Standard_D{}as_v4", 4.0, 0, (2, 4, 8, 16, 32, 48, 64, 96)),
    ("Standard_F{}s_v2", 2.0, 0, (2, 4, 8, 16, 32, 48, 64, 72)),
    ("Standard_E{}s_v3", 8.0, 0, (2, 4, 8, 16, 32, 48, 64)),
    ("Standard_NC{}", 56 / 6, 6, (6, 12, 24)),
    ("Standard_NC{}s_v3", 112 / 6, 6, (6, 12, 24)),
    ("Standard_NC{}ads_A100_v4", 220 / 24, 24, (24, 48, 96)),
)
_DISK = 1_047_552


@dataclass(frozen=True, slots=True)
class Machine:
    """A size."""

    name: str
    family: str
    cores: int
    memory: float
    gpus: int

    def shown(self) -> dict[str, Any]:
        """As the list of sizes has it, but for prices."""
        return {
            "name": self.name,
            "family": self.family,
            "vCPUs": self.cores,
            "gpus": self.gpus,
            "osVhdSizeMB": _DISK,
            "maxResourceVolumeMB": int(self.memory * 2048),
            "memoryGB": self.memory,
            "lowPriorityCapable": True,
            "premiumIO": True,
            "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
        }


def size_of(machine: str) -> tuple[str, int]:
    """Family and cores of a size such as `Standard_DS3_v2`; no family for one that is not known."""
    match = _SIZE.match(machine)
    if match is None:
        return "", 0
    series, number, letters, version = match[1].upper(), match[2], match[3].upper(), (match[4] or "").upper()
    if (series, version) in {("DS", "V2"), ("D", "V2")}:
        return "standardDSv2Family", _DSV2.get(number, int(number))
    known = {
        ("D", "V3"): "standardDSv3Family",
        ("D", "V4"): "standardDASv4Family",
        ("F", "V2"): "standardFSv2Family",
        ("E", "V3"): "standardESv3Family",
        ("NC", "V3"): "standardNCSv3Family",
        ("NC", "V4"): "standardNCADSA100v4Family",
    }
    return known.get((series, version), f"standard{series}{letters}Family"), int(number)


def _all() -> Iterator[Machine]:
    for number, memory in _MEMORY.items():
        for letters in ("DS", "D"):
            name = f"Standard_{letters}{number}_v2"
            yield Machine(name, *size_of(name), memory, 0)
    for form, memory, gpu, sizes in _SERIES:
        for cores in sizes:
            name = form.format(cores)
            yield Machine(name, *size_of(name), round(memory * cores, 1), cores // gpu if gpu else 0)


# By their names in upper case, as computes show them.
MACHINES = {machine.name.upper(): machine for machine in _all()}
