"""The rules of a faults file: which requests they are about, and when they fire (what they do: `faults`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azsandbox.calls import HttpCall

ACTIONS = {"status", "drop", "cut", "delay", "hang", "stale", "expired_token", "kill"}
_MOMENTS = {"drop": {"before", "after"}, "hang": {"before", "after"}, "kill": {"before", "after", "answered"}}
_MATCH = {"method", "host", "path", "query", "principal", "nth", "times"}


class BadRules(ValueError):
    """The faults file does not say what to do, or when."""


@dataclass(slots=True)
class FaultRule:
    """One rule: patterns by field, the calls it fires at (`nth`, `times - 1` more), the action's values."""

    name: str
    patterns: dict[str, re.Pattern[str]]
    action: str
    values: dict[str, Any]
    nth: int = 1
    times: int = 1
    seen: int = field(default=0, compare=False)

    def fires(self, call: HttpCall) -> bool:
        """Counts a matching call, and says whether this is one that the rule fires at."""
        principal = call.principal.app_id if call.principal is not None else ""
        fields = {
            "method": call.method,
            "host": call.host,
            "path": call.path,
            "query": call.raw_query,
            "principal": principal,
        }
        if not all(pattern.search(fields[name]) for name, pattern in self.patterns.items()):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


def _rule(number: int, document: Any) -> FaultRule:
    if not isinstance(document, dict) or document.get("action") not in ACTIONS:
        raise BadRules(f"rule {number}: `action` must be one of {', '.join(sorted(ACTIONS))}")
    match = document.get("match", {})
    unknown = set(match) - _MATCH
    if unknown:
        raise BadRules(f"rule {number}: `match` does not know {', '.join(sorted(unknown))}")
    action = document["action"]
    if action in _MOMENTS and document.get("when", "before") not in _MOMENTS[action]:
        raise BadRules(f"rule {number}: `when` of {action} must be one of {', '.join(sorted(_MOMENTS[action]))}")
    try:
        patterns = {name: re.compile(match[name], re.IGNORECASE) for name in set(match) - {"nth", "times"}}
    except (re.error, TypeError) as error:
        raise BadRules(f"rule {number}: {error}") from None
    return FaultRule(
        name=str(document.get("name", f"{number}:{action}")),
        patterns=patterns,
        action=action,
        values={key: value for key, value in document.items() if key not in {"match", "action", "name"}},
        nth=int(match.get("nth", 1)),
        times=int(match.get("times", 1)),
    )


def parse(text: str) -> list[FaultRule]:
    """The rules of a file: a JSON list, or an object with the list under `rules`. Raises BadRules."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadRules(f"not JSON: {error}") from None
    rows = document.get("rules") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise BadRules("expected a JSON list of rules, or an object with the list under `rules`")
    return [_rule(number, row) for number, row in enumerate(rows, 1)]


class RuleBook:
    """The rules in force: those of the file, read anew (and counted anew) whenever it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._rules: list[FaultRule] = []

    def firing(self, call: HttpCall) -> list[FaultRule]:
        """The rules that fire at this call, in the file's order; every rule that matches counts the call."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            self._stamp, self._rules = -1, []
            return []
        if stamp != self._stamp:
            self._rules = parse(self._path.read_text(encoding="utf-8"))
            self._stamp = stamp
        return [rule for rule in self._rules if rule.fires(call)]
