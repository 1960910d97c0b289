"""Remove the source workspace, and only on evidence that is green, complete and still true.

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws --dry-run

Example: migrate decommission plans/old-ws --confirm old-rg/old-ws
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import CHANGES, READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.decommission import DecommissionView
from amlmigrate.cli.who import local
from amlmigrate.core.errors import BadInputError, ExitCode
from amlmigrate.core.plan import Plan
from amlmigrate.decommissioning.decommission import DecommissionRequest, decommission
from amlmigrate.decommissioning.neighbours import scope
from amlmigrate.decommissioning.soak import HOURS
from amlmigrate.decommissioning.stage import RemovalOptions


class ContainerFate(StrEnum):
    """What becomes of the source workspace's own containers."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class DecommissionOptions:
    """What `decommission` is asked."""

    confirm: Annotated[str, typer.Option(help="Repeat the source, as GROUP/NAME.", metavar="GROUP/NAME")]
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the gate, and remove nothing.")] = False
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="Delete the workspace for good: it cannot be recovered, and its name is free again."
        ),
    ] = False
    soak: Annotated[
        float,
        typer.Option(
            help="Hours that have to be over since the cutover, or without one since the first green"
            " verification.",
            min=0,
            max=1_000_000,
            metavar="HOURS",
        ),
    ] = HOURS
    storage: Annotated[ContainerFate, typer.Option(help="The source's own containers: keep or delete them.")] = (
        ContainerFate.KEEP
    )
    accept_unrecoverable: Annotated[
        bool,
        typer.Option(
            "--accept-unrecoverable",
            help=(
                "Remove it even if it cannot be recovered afterwards (Microsoft documents that, or Azure predicts"
                " that a policy refuses it), or if a policy may refuse its deletion once its endpoints are gone."
                " Purges nothing."
            ),
        ),
    ] = False
    accept_unseen: Annotated[
        list[str] | None,
        typer.Option(
            help=(
                "With --storage delete: accept that this subscription or workspace cannot be seen. May be"
                " repeated."
            ),
            metavar="SCOPE",
        ),
    ] = None
    force_unlock: options.ForceUnlock = False

    @property
    def removal(self) -> RemovalOptions:
        """What is to be removed. Raises BadInputError for what names no subscription and no workspace."""
        unseen = frozenset(scope(text) for text in self.accept_unseen or ())
        return RemovalOptions(self.purge, self.dry_run, self.storage is ContainerFate.DELETE, unseen)


@options.for_both_sides
def command(plan: options.NeededPlanFolder, asked: DecommissionOptions, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        _refuse_options(asked)
        folder, read = plans.load_own(plan)
        _refuse_unconfirmed(read, asked.confirm)
        request = DecommissionRequest(
            read,
            folder,
            local(shared),
            asked.removal,
            timedelta(hours=asked.soak),
            view.event,
            accept_unrecoverable=asked.accept_unrecoverable,
            force_unlock=asked.force_unlock,
        )
        told = DecommissionView(read, await decommission(request, lambda: session(shared)))
        view.show(told)
        return told.code

    execute(shared, work, interrupted=READS if asked.dry_run else CHANGES)


def _refuse_options(asked: DecommissionOptions) -> None:
    """Raises BadInputError for what is only asked where containers are deleted."""
    if asked.accept_unseen and asked.storage is not ContainerFate.DELETE:
        raise BadInputError(
            "--accept-unseen is about --storage delete, and without it no container is deleted.",
            address="--accept-unseen",
            remedy="Add --storage delete, or leave --accept-unseen out.",
        )


def _refuse_unconfirmed(plan: Plan, confirm: str) -> None:
    source = plan.header.source_ref.short
    if confirm.lower() != source.lower():
        raise BadInputError(
            f"--confirm says '{confirm}', but the plan's source is '{source}'.",
            remedy="Repeat the source as GROUP/NAME if it is the one that you mean to remove.",
        )
