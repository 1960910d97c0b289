"""What tests are made of: here rules for the local Azure's faults, in its modules values of the product."""

from __future__ import annotations

from typing import Any

# What a rule may do, and the member of the rule that says how.
_DOES = {
    "status": "status", "delay": "seconds", "drop": "when", "hang": "when", "kill": "when", "cut": "bytes", "stale": "reads",
}  # fmt: skip


def fault(method: str = "", path: str = "", **more: Any) -> dict[str, Any]:
    """A rule of the local Azure: which calls it is about, and one of `status=`, `delay=` (seconds), `drop=`, `hang=`,
    `kill=` (`"before"` or `"after"` the call's work), `cut=` (after so many bytes) and `stale=` (for so many reads).

    A call is told by its method, path, `host` and `query` (patterns) and by its number (`nth`, and for how many
    `times`, 0 for ever). All else is a member of the rule, as `body` and `headers` of an answer.
    """
    told = {"method": method, "path": path, **more}
    match = {
        name: told[name]
        for name in ("method", "path", "host", "query", "nth", "times")
        if told.get(name, "") != ""
    }
    [action] = set(_DOES) & set(more)
    rest = {name: value for name, value in more.items() if name not in match and name != action}
    return {"match": match, "action": action, _DOES[action]: more[action], **rest}
