"""Print the key figures: what is under customers' keys, how soon it was, rotations, and alerts.

Reads all scans of a folder and all plans below another, asks the vaults for the versions of their keys and Azure
Monitor for the alerts that fired, and keeps each run beside the scans: Azure forgets alerts after 30 days. Changes
nothing in Azure. Ends with 3 where something could not be read: the figures then say what.

Example: migrate figures

Example: migrate figures --prices prices.json --actual

Example: migrate figures --offline --format html > figures.html

Example: migrate figures --format prom --out /var/lib/node_exporter/aml_cmk.prom
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amlmigrate.cli import options, plans
from amlmigrate.cli.execute import READS, CommonOptions, execute
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.views.keyfigures import FiguresView
from amlmigrate.core import escapes
from amlmigrate.core.errors import BadInputError, ExitCode, MigrateError
from amlmigrate.figures import page, prices, prom, record, stage, trends
from amlmigrate.figures.stage import Figures, FiguresRequest, Live
from amlmigrate.ledger import files
from amlmigrate.rotating import chain
from amlmigrate.scanning import scanfile


class FiguresFormat(StrEnum):
    """How the figures are shown."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    PROM = "prom"


@dataclass(frozen=True, slots=True)
class FiguresOptions:
    """What `figures` is asked."""

    scans: Annotated[Path, typer.Option(help="The folder that has the scans.", metavar="DIR")] = scanfile.ROOT
    plans: Annotated[Path, typer.Option(help="The folder below which the plans are.", metavar="DIR")] = plans.ROOT
    keys: Annotated[
        Path, typer.Option(help="The folder in which key rotate and key drill keep their reports.", metavar="DIR")
    ] = chain.ROOT
    offline: Annotated[
        bool, typer.Option("--offline", help="Read files alone: rotations and new alerts are then not read.")
    ] = False
    prices: Annotated[
        Path | None,
        typer.Option(
            help="What costs are worked out from: list prices, a saved answer of Azure's price API"
            " (docs/how-to/figures.md).",
            metavar="FILE",
        ),
    ] = None
    actual: Annotated[
        bool, typer.Option("--actual", help="Ask Cost Management what was billed; its answer counts for a day.")
    ] = False
    format: Annotated[FiguresFormat, typer.Option(help="How the figures are shown.")] = FiguresFormat.TABLE
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write them to this file, whole or not at all, and not to standard output.", metavar="FILE"
        ),
    ] = None


@options.for_one_side
def command(asked: FiguresOptions, *, shared: CommonOptions) -> None:
    async def work(view: View) -> ExitCode:
        return await _figures(view, shared, asked)

    execute(shared, work, interrupted=READS)


async def _figures(view: View, shared: CommonOptions, asked: FiguresOptions) -> ExitCode:
    _check(shared, asked)
    now = datetime.now(UTC)
    listed = prices.read(asked.prices) if asked.prices else None
    request = FiguresRequest(asked.scans, asked.plans, asked.keys, listed, asked.actual)
    known = stage.past(request, now)
    live = Live()
    if not asked.offline:
        async with session(shared) as clouds:
            # Who is not signed in lacks no role: this says so.
            await clouds.source.credential.tenant()
            live = await stage.live(clouds.source, known, request, now)
    made = stage.figures(known, live, now, listed)
    kept, unkept = None, None
    try:
        kept = record.add(asked.scans, now, made.kept(), live.alerts, known.scans, known.plans_there)
    except MigrateError as error:
        # They are told all the same, as to somebody who may only read the scans.
        unkept = error
    text = _text(made, asked.format)
    if text is None:
        view.show(FiguresView(made.as_dict(), tuple(made.cost.lines()), kept))
    elif asked.out:
        files.write(asked.out, text.encode())
    else:
        view.raw(text)
    if unkept:
        raise unkept
    return ExitCode.DONE if made.whole else ExitCode.INCOMPLETE


def _check(shared: CommonOptions, asked: FiguresOptions) -> None:
    """Refuses options that do not go together. Raises BadInputError."""
    if shared.json and asked.format is not FiguresFormat.TABLE:
        raise BadInputError("--json and --format exclude each other.", remedy="Leave one of them out.")
    if asked.actual and asked.offline:
        raise BadInputError(
            "--actual asks Azure, and --offline asks nobody.", address="--actual", remedy="Leave one of them out."
        )
    if asked.plans != plans.ROOT and not asked.plans.is_dir():
        raise BadInputError(
            f"There is no folder '{asked.plans}'.", address="--plans", remedy="Name the one that is."
        )
    if asked.out and asked.format is FiguresFormat.TABLE:
        raise BadInputError(
            "The table is for a terminal, and --out is a file.",
            address="--out",
            remedy="Add --format json, html or prom.",
        )


def _text(made: Figures, form: FiguresFormat) -> str | None:
    """The figures for another program; None for the table."""
    if form is FiguresFormat.JSON:
        return escapes.as_json(made.as_dict(), indent=2) + "\n"
    if form is FiguresFormat.PROM:
        return prom.text(made.as_dict())
    return page.text(made.as_dict(), trends.of(made), made.cost.lines()) if form is FiguresFormat.HTML else None
