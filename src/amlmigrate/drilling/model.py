"""A drill as values: what is asked for, what was seen of what is under the key, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from amlmigrate.core.keys import KeyVersion
from amlmigrate.keys.model import KeyInUse, vault_of

# Services may take an hour to notice (AZ-KEY-5): twice that shows it.
DEFAULT_LIMIT, LONGEST_LIMIT = timedelta(hours=2), timedelta(hours=4)
SHORTEST_LIMIT = timedelta(seconds=10)
# The version is disabled within this time, or not at all: never by a call that was waiting while the drill ended.
DISABLE_WITHIN = timedelta(minutes=2)
# For so long after the limit who drills must be able to enable the version, should the watcher have to be helped.
RESERVE = timedelta(hours=1)
# Said wherever a drill is shown, planned or done.
NO_SHREDDING = (
    "This is a drill of a revocation. It does not show that data is shredded: the key is there all the time, and"
    " backups of it are not reached."
)
CACHES = (
    "Services keep an unwrapped key for some time, about an hour as far as is documented: what answers until then,"
    " or at the limit, may answer from that."
)

LOG_BOUND = (
    "Of the vault's audit log its first row and its callers are looked at. A gap in the middle does not show, as"
    " where a diagnostic setting was removed and put back: who used the key in that time alone is not known."
)


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """Which key, which version of it (`None`: there is none to drill), and how long it may be disabled."""

    key: KeyInUse
    version: KeyVersion | None
    limit: timedelta
    now: datetime

    @property
    def confirmation(self) -> str:
        """What `--confirm` has to repeat."""
        return f"{vault_of(self.key)}/{self.key.name.name}"


class ProbeReply(StrEnum):
    """What a call that the key gates was answered."""

    ANSWERED = "answered"
    REFUSED = "refused"
    # With 401 or 403, and no word of the key.
    OTHERWISE = "refused in other words"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class ProbeLook:
    """One such call: what it came to, and in words where that is no plain answer."""

    reply: ProbeReply
    told: str = ""


class DownEnd(StrEnum):
    """How something under the key stood when the version was enabled again."""

    REFUSED = "refused"
    # It had answered before, so that the key is likely to be why; nothing says so.
    OTHERWISE = "refused in other words"
    ANSWERED = "still answered at the limit"
    # Before the limit, since somebody ended the drill.
    CUT_SHORT = "still answered when the drill was ended"
    UNKNOWN = "not known"
    UNMEASURED = "not measured"


class BackEnd(StrEnum):
    """Whether it was seen to answer after that."""

    ANSWERS = "answers"
    NOT_SEEN = "not seen to answer again"
    UNMEASURED = "not measured"


@dataclass(slots=True)
class Measured:
    """One thing under the key, or the vault itself, with what was seen of it. Seconds are since the change.

    `call` is the call that was made; `refused_after` is when the first refusal came, in whichever words,
    `answered_until` when the last answer before it: the truth lies between them. So it does between
    `silent_until`, the last call that was not answered (None: the first one was), and `back_after`, the first that
    was; both are None where it is not known when the version was enabled.
    """

    id: str
    kind: str
    name: str
    call: str
    down: DownEnd = DownEnd.UNMEASURED
    refused_after: float | None = None
    answered_until: float | None = None
    back: BackEnd = BackEnd.UNMEASURED
    silent_until: float | None = None
    back_after: float | None = None
    note: str = ""

    @property
    def called(self) -> str:
        """As a sentence names it."""
        return f"the {self.kind} '{self.name}'"


class VersionEnd(StrEnum):
    """How the version stood at the end, and by whom."""

    ENABLED = "enabled by this command"
    BY_ANOTHER = "enabled by the watcher or somebody else"
    # An attempt of this command was not answered, and what is read does not tell whether it was that.
    BY_UNKNOWN = "enabled, and by whom is not known"
    LEFT = "left as somebody else changed it"
    NOT_SHOWN = "not shown to be enabled"
    NOT_DISABLED = "never disabled"

    @property
    def restored(self) -> bool:
        """Whether the version was disabled, and was read back enabled, without the drill's tag."""
        return self in (VersionEnd.ENABLED, VersionEnd.BY_ANOTHER, VersionEnd.BY_UNKNOWN)


@dataclass(frozen=True, slots=True)
class DrillOutcome:
    """What a drill came to. `interrupted`: somebody ended it before the limit."""

    drill: str
    request: DrillRequest
    until: datetime
    measured: tuple[Measured, ...]
    version_end: VersionEnd
    disabled_at: datetime | None = None
    enabled_at: datetime | None = None
    note: str = ""
    interrupted: bool = False

    @property
    def restored(self) -> bool:
        """Whether the version was read back enabled, without the drill's tag."""
        return self.version_end.restored

    @property
    def complete(self) -> bool:
        """Whether the version is back, and everything that was measured refused and then answered."""
        seen = [one for one in self.measured if one.down is not DownEnd.UNMEASURED]
        return (
            self.version_end is VersionEnd.ENABLED
            and not self.interrupted
            and bool(seen)
            and len(seen) == len(self.measured)
            and all(one.down is DownEnd.REFUSED and one.back is BackEnd.ANSWERS for one in seen)
        )
