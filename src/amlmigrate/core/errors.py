"""What can go wrong, each with its exit code, its address and what to do next."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from amlmigrate.core.held_secrets import without_secrets


class ExitCode(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    UNEXPECTED = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    REFUSED = 4
    LOCKED = 5
    DENIED = 6
    INTERRUPTED = 130


class MigrateError(Exception):
    """One sentence on what happened, the address it is about, and what to do about it."""

    exit_code = ExitCode.UNEXPECTED
    # Whether whoever met it has tried again already: nobody else does.
    retried = False

    # The next step where whoever raises it names none.
    remedy_otherwise = ""
    # What was done by then, of steps that are done one after the other.
    done: tuple[str, ...] = ()
    # The service's id of the request that was answered so, for the log; empty where none was.
    request_id: str = ""

    def __init__(self, summary: str, *, address: str = "", remedy: str = "") -> None:
        # The service repeats what it was sent, and what went wrong is kept in the ledger.
        self.summary = without_secrets(summary)
        super().__init__(self.summary)
        self.address = without_secrets(address)
        self.remedy = without_secrets(remedy or self.remedy_otherwise)

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, whatever its class is made of: what fails in another process is told as it was there."""
        return _again, (type(self), self.args, self.__dict__)

    def also(self, text: str) -> None:
        """Says one thing more: what it means for the larger work that it ended."""
        self.summary = f"{self.summary} {without_secrets(text)}"
        self.args = (self.summary,)


def _again(made: type[MigrateError], args: tuple[Any, ...], members: dict[str, Any]) -> MigrateError:
    error = made.__new__(made)
    error.args = args
    error.__dict__.update(members)
    return error


class BadInputError(MigrateError):
    """The arguments or a file cannot be used as they are."""

    exit_code = ExitCode.BAD_INPUT


class IncompleteError(MigrateError):
    """Something that was asked for is not done."""

    exit_code = ExitCode.INCOMPLETE


class RefusedError(MigrateError):
    """A safety rule stands in the way; `reasons` has all of them at once."""

    exit_code = ExitCode.REFUSED

    def __init__(
        self, summary: str, *, reasons: tuple[str, ...] = (), address: str = "", remedy: str = ""
    ) -> None:
        super().__init__(summary, address=address, remedy=remedy)
        self.reasons = tuple(map(without_secrets, reasons))


class PlanLockedError(MigrateError):
    """Another run holds the plan."""

    exit_code = ExitCode.LOCKED


class LeaseLostError(PlanLockedError):
    """The lease on the target could not be renewed, or is somebody else's: nothing is changed any more."""


class DeniedError(MigrateError):
    """Azure refused the identity or a permission."""

    exit_code = ExitCode.DENIED


class TargetLostError(DeniedError):
    """The target could be read when the run began and is refused now: its key or the rights are gone."""


class InterruptedRunError(MigrateError):
    """A signal ended the run; `run --resume` goes on."""

    exit_code = ExitCode.INTERRUPTED
    remedy_otherwise = "Run the same command again (`migrate run` with --resume): it goes on from there."


class UnreadableError(IncompleteError):
    """The bytes of blobs cannot be had, by nobody: what needs them fails, and all else goes on; `why` in short."""

    def __init__(self, summary: str, *, why: str = "", address: str = "", remedy: str = "") -> None:
        super().__init__(summary, address=address, remedy=remedy)
        self.why = why


class UnforeseenError(MigrateError):
    """A step met what nobody foresaw; the others went on."""


class DriftError(RefusedError):
    """The source is no longer what the plan was made from."""


class ConflictError(MigrateError):
    """The target holds something else under this address."""

    exit_code = ExitCode.INCOMPLETE
    remedy_otherwise = "See how it stands in Azure; if that is as it should be, make a new plan."
