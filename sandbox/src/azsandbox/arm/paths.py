"""What a key of the store, which is a path, says by itself."""

from __future__ import annotations


def above(key: str) -> list[str]:
    """The keys of all scopes that hold a key: its resource, group and subscription, outermost first."""
    parts = key.split("/")[1:]
    found = []
    index = 0
    path = ""
    while index < len(parts):
        step = 4 if parts[index] == "providers" else 2
        path = f"{path}/{'/'.join(parts[index : index + step])}"
        index += step
        if index < len(parts):
            found.append(path)
    return found
