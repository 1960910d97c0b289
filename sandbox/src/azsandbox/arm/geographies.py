"""In which geography a region lies.

learn.microsoft.com/azure/key-vault/general/overview-security-worlds names these; any other region counts as a
geography of its own here, where Azure may have more than one region in it.
"""

from __future__ import annotations

import re

_GEOGRAPHIES = {
    "United States": re.compile(r"(east|west|central|northcentral|southcentral|westcentral)us[23]?$"),
    "Europe": re.compile(r"(north|west)europe$"),
    "Japan": re.compile(r"japan(east|west)$"),
    "Australia": re.compile(r"australia(east|southeast|central2?)$"),
    "India": re.compile(r"(west|central|south)india$"),
}


def geography(region: str) -> str:
    """The geography of a region, by its name as `westeurope`."""
    return next((name for name, regions in _GEOGRAPHIES.items() if regions.match(region)), region)
