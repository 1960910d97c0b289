"""What `verify` says at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amlmigrate.core.errors import ExitCode
from amlmigrate.core.events import Event
from amlmigrate.core.few import many
from amlmigrate.core.headline import not_let_go, unchecked
from amlmigrate.core.workspace import WorkspaceRef
from amlmigrate.cutover.record import SINCE
from amlmigrate.ledger.evidence import EvidenceFile

# How much is the same, and what of the rest is where.
_COUNTED = ("same", "of", "not_in_target", "not_the_same", "not_compared")


def told(report: EvidenceFile, folder: Path) -> Event:
    """The event at the end of a verification."""
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
    lines += _since_lines(content)
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
    return Event(
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


def code(report: EvidenceFile) -> ExitCode:
    """The exit code that a verification comes to."""
    content = report.content
    if content["green"]:
        return ExitCode.DONE
    refused = any(f["severity"] == "error" for f in content["posture"])
    lost = content.get("since_cutover", {}).get("open")
    settled = not (content["differences"] or content["unsettled"] or content["open_findings"] or lost)
    return ExitCode.REFUSED if refused and settled else ExitCode.INCOMPLETE


def _headline(content: Any) -> str:
    if "since_cutover" in content:
        return living_headline(content)
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


def living_headline(content: dict[str, Any]) -> str:
    """What a report of a verification after the cutover comes to, in one sentence."""
    since_then = content[SINCE]
    used = sum(1 for one in since_then["changes"] if not one["finding"])
    let_go = sum(1 for one in since_then["changes"] if one["finding"]) - len(since_then["open"])
    if content["green"]:
        lost = f", {many(let_go, 'lost one was', 'lost ones were')} let go" if let_go else ""
        rest = f"; {told}" if (told := unchecked(content)) else ""
        return (
            f"Green at depth {content['depth']} since the cutover: the source is as it was, and so are"
            f" {many(content['blobs'], 'proven blob')} in the target{lost};"
            f" {many(used, 'other change')} there{rest}."
        )
    return (
        f"Not green: {many(len(since_then['open']), 'proven item')} lost in the target since the cutover,"
        f" {many(len(content['differences']), 'difference')},"
        f" {len(content['unsettled'])} open{not_let_go(content)}."
    )


def _since_lines(content: dict[str, Any]) -> list[str]:
    """Each change since the cutover, what is to be decided first."""
    told = content.get(SINCE)
    if not told:
        return []
    undecided = [f"{one['severity']}: {one['address']}: {one['summary']}" for one in told["open"]]
    shown = {one["address"] for one in told["open"]}
    rest = [one for one in told["changes"] if one["finding"] not in shown]
    return undecided + [
        f"{one['what']} since the cutover: {one['address']}, seen at {one['seen']}" for one in rest
    ]
