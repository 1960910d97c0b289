"""`manual.md`: what cannot move and what a person has to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from amlmigrate.core import markdown
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import mapped
from amlmigrate.core.escapes import as_json
from amlmigrate.core.plan import Action, Header, Step
from amlmigrate.core.redaction import masked
from amlmigrate.ledger import files

FILE = "manual.md"


def write_listings(folder: Path, by_hand: Iterable[Asset]) -> None:
    """Writes a file for each item that stands for many: a JSON line for each of them."""
    for left in by_hand:
        if left.many.lines:
            name = "-".join(part for part in (left.address.collection, left.address.name) if part)
            shown = (mapped(line, _harmless) for line in left.many.lines)
            lines = (as_json(line) + "\n" for line in shown)
            files.write(folder / f"{name}.jsonl", "".join(lines).encode())


def _harmless(where: str, text: str) -> str:
    """Names and paths are what a list is for; what somebody wrote about them may be anything."""
    return "${DESCRIPTION}" if where == "/description" else masked(text)


def write(folder: Path, header: Header, steps: Iterable[Step]) -> Path:
    """Writes the list for people; it is made of the plan alone."""
    lines = [f"# Left to do by hand: {markdown.text(header.source_ref.short)}", ""]
    left = [step for step in steps if step.action in (Action.MANUAL, Action.CONFLICT)]
    if not left:
        lines.append("Nothing that was listed is left to do by hand.")
    for step in left:
        lines += [f"- [ ] {markdown.code(str(step.address))}: {markdown.text(step.reason)}"]
    if left:
        lines += [
            "",
            "The whole definition of each, and the commands that create it again, are in `by-hand/`, by its"
            " address.",
            'When one is done or need not be, record it: `migrate waive ADDRESS --reason "..."`.',
        ]
    # Of nothing in it, as what could not be listed.
    if told := [finding for finding in header.findings if finding.about == header.source["id"]]:
        lines += ["", "## Of the workspace itself", ""]
        lines += [f"- {markdown.text(f'{finding.summary} {finding.remedy}')}" for finding in told]
    return files.write(folder / FILE, ("\n".join(lines) + "\n").encode())
