"""The figures as one page for people: no script, nothing from elsewhere, a trend for each figure as a drawing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from amlmigrate.core.documents import Document
from amlmigrate.core.escapes import shown
from amlmigrate.core.few import agreed, many
from amlmigrate.figures.mttr import in_days
from amlmigrate.figures.trends import Trend

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }
.big { font-size: 2.2rem; font-weight: 600; } .told { color: #555; }
table { border-collapse: collapse; margin: .6rem 0; } th, td { padding: .2rem .9rem .2rem 0; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } th { border-bottom: 1px solid #999; }
svg { display: block; margin: .5rem 0; } .line { fill: none; stroke: #0b5cab; stroke-width: 2; }
.dot { fill: #0b5cab; } .axis { stroke: #999; } text { font-size: 12px; fill: #555; }
section { break-inside: avoid; } ul { padding-left: 1.2rem; }
@media print { body { margin: 0; max-width: none; } }
"""
_WIDE, _HIGH, _LEFT, _LOW = 640, 130, 56, 24


def text(told: Document, trends: Sequence[Trend], costs: Iterable[str]) -> str:
    """The figures, as `Figures.as_dict` tells them, as HTML; `costs` are `Cost.lines`."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    scans = told["scans"]
    head = (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Keys of Azure ML workspaces</title><style>{_STYLE}</style></head><body>\n"
    )
    by_name: dict[str, list[Trend]] = {}
    for one in trends:
        by_name.setdefault(one.figure, []).append(one)
    parts = [
        "<h1>Keys of Azure ML workspaces</h1>\n",
        _told(
            f"As of {told['at']}, from {many(scans['count'], 'scan')} between {scans['first']}"
            f" and {scans['newest']}."
        ),
        _section("Under a customer's key", _production(told), by_name.get("production", ())),
        _section("Left under Microsoft's key", _residual(told), by_name.get("residual", ())),
        _section("Time until a workspace was put under a key", _times(told), by_name.get("mttr_days", ())),
        _section("Rotations", _rotations(told), by_name.get("rotations", ())),
        _section("Alerts", _alerts(told), by_name.get("alerts", ())),
        _section("What it costs", _costs(told["cost"], costs), by_name.get("cost", ())),
        f"<section><h2>What bounds these figures</h2><ul>{_items(told['bounds'])}</ul></section>\n",
    ]
    return head + "".join(parts) + "</body></html>\n"


def _production(told: Document) -> str:
    found = told["production"]
    rows = [
        ("with their storage too", found["with_storage"]),
        ("with their registry too", found["with_registry"]),
        ("with all other data that they read", found["with_other_data"]),
        ("with all of it", found["with_all"]),
        ("vanished", found["vanished"]),
        ("unreadable", found["unreadable"]),
        ("being moved", found["moving"]),
        ("production by an earlier scan only", found["no_longer_told"]),
        ("untagged workspaces", found["untagged"]["total"]),
        ("of these under a key", found["untagged"]["under_cmk"]),
        ("other workspaces", found["other"]["total"]),
        ("of these under a key", found["other"]["under_cmk"]),
    ]
    rows += [
        (f"production by {name}, under a key", f"{one['under_cmk']} of {one['total']}")
        for name, one in found["by"].items()
    ]
    big = f"{found['under_cmk']} of {found['total']} production workspaces ({_percent(found['share'])})"
    return _big(big) + _table(("", "workspaces"), rows)


def _residual(told: Document) -> str:
    found = told["residual"]
    more = "at least " if found["bound"] == "at least" else ""
    rows = [("whole resources", found["resources"]), ("accepted until a day", found["accepted"])]
    bytes_ = found["bytes"]
    size = "size not known" if bytes_ is None else f"{bytes_:,} {agreed(bytes_, 'byte', 'bytes')}"
    return _big(f"{more}{many(found['containers'], 'container')}, {size}") + _table(("", "number"), rows)


def _times(told: Document) -> str:
    found = told["mttr_days"]
    least = "at least " if found["bound"] == "at least" else ""
    rows = [("all", found)]
    for name in ("by_environment", "by_wave", "by_sensitivity"):
        rows += [(f"{name[3:]}: {key}", one) for key, one in found[name].items()]
    names = ("closed", "mean", "median", "p90", "open", "open_mean", "open_oldest", "vanished")
    head = ("", "put under a key", "mean days", "median", "9 of 10", "open", "mean age", "oldest", "vanished")
    return _big(f"{least}{_days(found['mean'])} on average") + _table(
        head, [(row, *(one[name] for name in names)) for row, one in rows]
    )


def _rotations(told: Document) -> str:
    found = told["rotations"]
    if found is None:
        return _told("Not read.")
    made = many(found["made"], "rotation")
    big = f"{made} in the last year, {found['adopted']} of them adopted by all under the key"
    rows = [
        ("keys in use", found["keys"]),
        ("keys of workspaces that vanished or could not be read", found["keys_gone"]),
        ("within their cryptoperiod", found["within"]),
        ("keys that could not be read", found["keys_unread"]),
        ("things under a key", found["dependants"]),
        ("of these on the newest version", found["on_newest"]),
    ]
    return _big(big) + _table(("", "number"), rows)


def _alerts(told: Document) -> str:
    found = told["alerts"]
    if found is None:
        return _told("Not read.")
    rows = [(f"keys: {name}", count) for name, count in found["by_rule"].items()]
    rows += [(f"keys: {name}", count) for name, count in found["by_severity"].items()]
    rows += [(f"access: {name}", count) for name, count in found["access"]["by_rule"].items()]
    rows += [(f"access: {name}", count) for name, count in found["access"]["by_severity"].items()]
    rows += [("by a drill, not counted", found["drills"]), ("of other rules, not counted", found["other"])]
    big = (
        f"{found['total']} on keys, {found['access']['total']} on access; in the last 30 days"
        f" {_known(found['last_30_days'])} and {_known(found['access']['last_30_days'])}"
    )
    return _big(big) + _table(("", "alerts"), rows)


def _costs(found: Document, lines: Iterable[str]) -> str:
    currency = found["currency"] or ""
    parts = ("added", "double", "remaining")
    rows = [(name, found[name]["monthly_at_least"], found[name]["not_known"]) for name in parts]
    head = ("", f"{currency} a month at list prices, at least", "amounts not known")
    return _table(head, rows) + f"<ul>{_items(line.strip() for line in lines)}</ul>"


def _section(title: str, body: str, trends: Iterable[Trend]) -> str:
    return f"<section><h2>{_safe(title)}</h2>{body}{''.join(map(drawn, trends))}</section>\n"


def drawn(trend: Trend) -> str:
    """A trend as a drawing, whose text says the same in words."""
    if not trend.points:
        return _told(f"{trend.title}: nothing was read yet.")
    first, last = trend.points[0], trend.points[-1]
    told = f"{trend.title}: {trend.told(first[1])} on {first[0]:%Y-%m-%d}"
    if len(trend.points) > 1:
        told += f", {trend.told(last[1])} on {last[0]:%Y-%m-%d}"
    top = trend.top or max(1.0, *(value for _, value in trend.points))
    span = max((last[0] - first[0]).total_seconds(), 1.0)
    places = [
        (
            _LEFT + (_WIDE - _LEFT - 8) * (at - first[0]).total_seconds() / span,
            8 + (_HIGH - _LOW - 8) * (1 - value / top),
        )
        for at, value in trend.points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    low = _HIGH - _LOW
    return (
        f'<svg role="img" viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" height="{_HIGH}">'
        f"<title>{_safe(told)}</title>"
        f'<line class="axis" x1="{_LEFT}" y1="{low}" x2="{_WIDE}" y2="{low}"/>'
        f'<text x="0" y="16">{_safe(trend.told(top))}</text><text x="0" y="{low}">{_safe(trend.told(0.0))}</text>'
        f'<text x="{_LEFT}" y="{_HIGH - 6}">{first[0]:%Y-%m-%d}</text>'
        f'<text x="{_WIDE}" y="{_HIGH - 6}" text-anchor="end">{last[0]:%Y-%m-%d}</text>'
        f'<polyline class="line" points="{line}"/>{dots}</svg>{_told(told + ".")}'
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = "".join(f"<th>{_safe(one)}</th>" for one in head)
    made = "".join(_row(row) for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{made}</tbody></table>"


def _row(row: Sequence[object]) -> str:
    name, *values = row
    cells = "".join(f'<td class="number">{_safe(_known(one))}</td>' for one in values)
    return f"<tr><td>{_safe(name)}</td>{cells}</tr>"


def _known(value: object) -> object:
    return "not known" if value is None else value


def _big(text: str) -> str:
    return f'<p class="big">{_safe(text)}</p>'


def _told(text: str) -> str:
    return f'<p class="told">{_safe(text)}</p>'


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{_safe(one)}</li>" for one in texts)


def _safe(text: object) -> str:
    """Somebody else's words as text that no browser obeys: no sign of HTML, and none that is not visible."""
    return escape(shown(str(text)))


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.1f} %"


def _days(value: float | None) -> str:
    return "not known" if value is None else in_days(value)
