"""What a version of a key says of a drill that is under way: a tag, by which anybody can end it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import join

from amlmigrate.core.clock import moment, stamp
from amlmigrate.core.keys import KeyVersion

# Of the version that a drill is about, as long as it is under way.
UNDER_WAY = "aml-cmk-migrate-drill-under-way"


@dataclass(frozen=True, slots=True)
class DrillTag:
    """What the tag says: the drill's id, its end, who began it (object id), and when the tag was written (UTC).

    `disabled`: the call that wrote it has disabled the version too.
    """

    drill: str
    until: datetime
    operator: str
    at: datetime
    disabled: bool = False

    @property
    def text(self) -> str:
        """The tag's value; of 256 characters at most (learn.microsoft.com, about-keys)."""
        state = "disabled" if self.disabled else "begun"
        return f"drill={self.drill} state={state} until={stamp(self.until)} by={self.operator} at={stamp(self.at)}"

    @classmethod
    def of(cls, text: str) -> DrillTag | None:
        """Reads it; None for what no drill wrote."""
        found = dict(part.partition("=")[::2] for part in text.split())
        until, at = moment(found.get("until")), moment(found.get("at"))
        state, drill = found.get("state"), found.get("drill")
        if not drill or until is None or at is None or state not in ("begun", "disabled"):
            return None
        return cls(drill, until, found.get("by", ""), at, state == "disabled")


def tag_of(version: KeyVersion) -> DrillTag | None:
    """What a version says of a drill; None where it bears no tag that a drill wrote."""
    return DrillTag.of(version.tags.get(UNDER_WAY, ""))


def restoring(key_id: str) -> str:
    """The command that ends the drill of a key, from any machine."""
    return join(["migrate", "key", "drill", "--restore", "--key", key_id])


def told(version: KeyVersion, now: datetime) -> str:
    """What is said of a drill by whoever only looks."""
    tag = tag_of(version)
    state = "is disabled" if not version.enabled else "is enabled"
    if tag is None:
        return f"The tag of a drill on version {version.version} cannot be read; it {state}."
    who = f"the identity {tag.operator}" if tag.operator else "nobody that it names"
    if tag.until > now:
        return f"A drill of version {version.version} is under way until {_said(tag.until)}, by {who}; it {state}."
    return f"A drill of version {version.version}, by {who}, was to end at {_said(tag.until)}; it {state} still."


def _said(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
