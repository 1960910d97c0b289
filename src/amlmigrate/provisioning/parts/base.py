"""A part of provisioning: a resource of the file, with the values that are learned on the way to it."""

from __future__ import annotations

from amlmigrate.desired.parts import DesiredPart
from amlmigrate.provisioning.known import KnownValues

ProvisioningPart = DesiredPart[KnownValues]
