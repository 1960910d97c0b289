"""Compare both workspaces afresh, and keep evidence. Ends with 0 only when nothing differs and nothing is open.

Example: migrate verify plans/old-ws

Example: migrate verify plans/old-ws --depth metadata
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer

from amlmigrate.cli import living, options, plans
from amlmigrate.cli.execute import CommonOptions, execute
from amlmigrate.cli.living import headline
from amlmigrate.cli.living import lines as living_lines
from amlmigrate.cli.login import session
from amlmigrate.cli.views.base import View
from amlmigrate.cli.who import who
from amlmigrate.core.decision import DecisionVerb
from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.state import Outcome
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.cutover.record import active
from amlmigrate.inventory.done_by_hand import undone
from amlmigrate.inventory.sides import read_both
from amlmigrate.leasing.looking import refuse_changing
from amlmigrate.ledger import Ledger
from amlmigrate.ledger.decisions import trusted
from amlmigrate.ledger.items import decided, items
from amlmigrate.ledger.valid_decisions import Standing, settled_findings
from amlmigrate.posture.sensitivity import most_sensitive
from amlmigrate.verifying import waived_items
from amlmigrate.verifying.document_comparison import compare_documents
from amlmigrate.verifying.report import Depth
from amlmigrate.verifying.sdk import Readers, compare_readers
from amlmigrate.verifying.verify import verify


class DepthOption(StrEnum):
    """How deep to compare."""

    METADATA = "metadata"
    CHECKSUM = "checksum"
    SDK = "sdk"


# How much is the same, and what of the rest is where.
_COUNTED = ("same", "of", "not_in_target", "not_the_same", "not_compared")


@options.for_both_sides
def command(
    plan: options.PlanFolder = None,
    depth: Annotated[
        DepthOption,
        typer.Option(help="metadata: documents and listings; checksum: every byte; sdk: MLClient too."),
    ] = DepthOption.CHECKSUM,
    *,
    shared: CommonOptions,
) -> None:
    async def work(view: View) -> ExitCode:
        folder, read = plans.load_own(plan)
        with Ledger(folder, fresh=False) as ledger:
            ledger.bind(read)
            report = await _verify(view, shared, folder, read, ledger, depth.value)
        return _ended(view, folder, report)

    execute(shared, work)


async def _verify(view: View, shared: CommonOptions, folder: Any, plan: Any, ledger: Any, depth: str) -> Any:
    # A decision that no report tells of lets nothing go.
    reports = trusted(folder, ledger)
    async with session(shared) as clouds:
        ledger.clock = clouds.target.arm.service_clock.now
        unchanged = partial(refuse_changing, clouds.target, plan, ledger)
        await unchanged()
        if active(reports):
            return await living.verify(shared, clouds, folder, plan, ledger, reports, depth, unchanged, view.event)
        documents = await _documents(clouds, plan, ledger)
        view.event(Event("verify.start", {"prefixes": sum(1 for step in plan.steps if step.prefix)}))
        found = await compare_readers(plan, clouds, view.event) if Depth(depth) is Depth.SDK else Readers()
        return await verify(
            plan,
            folder,
            ledger,
            clouds,
            documents,
            depth=Depth(depth),
            sensitive=most_sensitive(documents.mapping.source, documents.mapping.target),
            read=found,
            by=await who(shared, clouds.target.credential),
            unchanged=unchanged,
            emit=view.event,
        )


async def _documents(clouds: Any, plan: Any, ledger: Any) -> Any:
    standing = Standing(plan, ledger)
    findings, ended = settled_findings(plan, standing), items(plan, ledger, standing)
    settled = decided(ended) | findings.keys()
    by_hand = frozenset(address for address, one in findings.items() if one.verb is DecisionVerb.DONE)
    by_hand |= {item.address for item in ended if item.outcome is Outcome.BY_HAND}
    source, target = await read_both(clouds, plan)
    found = compare_documents(plan, source, target, settled, by_hand)
    theirs = waived_items.of_documents(plan, waived_items.waived(plan, ended), target)
    return replace(found, theirs=theirs, undone=tuple(await undone(clouds, plan, ended)))


def _headline(content: Any) -> str:
    if "since_cutover" in content:
        return headline(content)
    return str(content["headline"])


def _mlclient(content: Any) -> str:
    """What MLClient reads, where it was asked."""
    if not (sdk := content.get("sdk")):
        return ""
    asked = f" MLClient reads {sdk['readable']} of {sdk['assets']} assets in the target"
    alike, unknown = len(sdk["unreadable_alike"]), len(sdk["source_not_checked"])
    more = [f"{alike} it can read on neither side"] * bool(alike)
    more += [f"in the source {unknown} were not checked"] * bool(unknown)
    return "; ".join([asked, *more]) + "."


def _ended(view: View, folder: Any, report: Any) -> ExitCode:
    content = report.content
    lines = [
        f"difference: {d['address']} {d['field']}: expected {d['expected']!r}, found {d['actual']!r}"
        for d in content["differences"]
    ]
    lines += [
        f"let go: {d['address']} {d['field']}: expected {d['expected']!r}, found {d['actual']!r}"
        for d in content.get("tolerated", ())
    ]
    lines += [f"{item['outcome']}: {item['address']}: {item['detail']}" for item in content["unsettled"]]
    lines += living_lines(content)
    lines += [f"over foreign bytes: {item['address']}: {item['detail']}" for item in content["foreign_bytes"]]
    lines += [f"{f['severity']}: {f['address']}: {f['summary']}" for f in content["posture"]]
    lines += [f"false MD5 label, kept as in the source: {path}" for path in content["false_md5_labels"]]
    lines += [f"{one['address']}: {one['detail']}" for one in content["decided_findings"]]
    lines += [
        f"{w['severity']}: {w['address']}: {w['summary']}" for w in (*content["found"], *content["warnings"])
    ]
    lines += [f"not checked: {what}" for what in content["not_checked"]]
    green = content["green"]
    source = WorkspaceRef.parse(content["source"]["id"]).short
    view.result(
        "verify.end",
        {
            "text": _headline(content) + _mlclient(content),
            "green": green,
            **{name: content[name] for name in _COUNTED if name in content},
            "items": content["items"],
            # What the plan warned of may still be so, and is told once.
            "lines": list(dict.fromkeys(lines)),
            "differences": content["differences"],
            "unsettled": content["unsettled"],
            "open_findings": content["open_findings"],
            "foreign_bytes": content["foreign_bytes"],
            "posture": content["posture"],
            "found": content["found"],
            "warnings": content["warnings"],
            "not_checked": content["not_checked"],
            **({"since_cutover": content["since_cutover"]} if "since_cutover" in content else {}),
            "files": {"Evidence": str(report.path)},
            "next": f"migrate decommission {folder} --confirm {source}" if green else f"migrate status {folder}",
        },
    )
    if green:
        return ExitCode.DONE
    refused = any(f["severity"] == "error" for f in content["posture"])
    lost = content.get("since_cutover", {}).get("open")
    settled = not (content["differences"] or content["unsettled"] or content["open_findings"] or lost)
    return ExitCode.REFUSED if refused and settled else ExitCode.INCOMPLETE
