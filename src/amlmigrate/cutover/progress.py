"""What a cutover tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from amlmigrate.core.events import TypedEvent


@dataclass(frozen=True, slots=True)
class SettingChanges(TypedEvent):
    """Settings of one item are about to be changed: `text` says what they will be."""

    name: ClassVar[str] = "cutover.setting"

    side: str
    address: str
    text: str
