"""The figures as others read them: Prometheus' own parser, and a page whose numbers are those of the JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.unit.figures.histories import history, told_by

from amlmigrate.figures import page, prom, stage, trends
from amlmigrate.figures.alerts import AlertsRead, Fired
from amlmigrate.figures.record import Record
from amlmigrate.figures.resources import EstateResources
from amlmigrate.figures.rotations import rotations
from amlmigrate.figures.scans import ScansRead
from amlmigrate.figures.stage import Figures, Live

HOSTILE = "<script>alert(1)</script>\"'&\u202e\x07</td>{}\\\n"


def figures(seed: int = 3, *, live: bool = True, name: str = "key-changed", waves: Any = None) -> Figures:
    """The figures of a made history."""
    made = history(seed)
    now = made.looks[-1].at + timedelta(days=1)
    fired = Fired("1", name, "Sev1", now.isoformat(), "/v", "keys")
    asked = Live(rotations([], now), AlertsRead((fired,), {})) if live else Live()
    plans = told_by(made.plans, waves=waves or {}, unread={"plans/x": HOSTILE} if waves else {})
    return stage.figures(stage.sources(ScansRead(made.looks, {}, EstateResources()), plans, Record()), asked, now)


def samples(told: Figures) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus' own parser finds."""
    families = text_string_to_metric_families(prom.text(told.as_dict()))
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples
    }


@pytest.mark.parametrize("seed", range(20))
def test_prometheus_reads_what_the_json_has(seed: int) -> None:
    made = figures(seed)
    told, found = made.as_dict(), samples(made)
    for name in ("production", "untagged", "other"):
        part = told["production"] if name == "production" else told["production"][name]
        own = [
            found["aml_cmk_workspaces", (("environment", name), ("key", key))]
            for key in ("customer", "not_customer")
        ]
        assert (own[0], sum(own)) == (part["under_cmk"], part["total"])
    assert found.get(("aml_cmk_production_share", ())) == told["production"]["share"]
    assert found.get(("aml_cmk_repair_days", (("of", "p90"),))) == told["mttr_days"]["p90"]
    assert found["aml_cmk_open_workspaces", ()] == told["mttr_days"]["open"]
    assert found["aml_cmk_alerts_keys", (("rule", "key-changed"),)] == 1
    assert found["aml_cmk_last_scan_timestamp_seconds", ()] == made.past.looks[-1].at.timestamp()


def test_what_is_not_known_has_no_value_there() -> None:
    names = {name for name, _ in samples(figures(live=False))}
    assert not [one for one in names if "rotation" in one or "alert" in one]
    text = prom.text(figures().as_dict())
    assert not re.search(r"None|nan", text)
    # No line has a time stamp: a name, its labels, a value.
    assert all(re.fullmatch(r"#.*|\w+(\{.*\})? \S+", line) for line in text.splitlines())


def test_a_hostile_name_is_a_label_and_nothing_else() -> None:
    found = samples(figures(name=HOSTILE))
    assert found["aml_cmk_alerts_keys", (("rule", HOSTILE),)] == 1


class _Read(HTMLParser):
    """Tags with their attributes, and the rows of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.big: list[str] = []
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._into = self.rows[-1]
        if tag == "p" and dict(attributes).get("class") == "big":
            self.big.append("")
            self._into = self.big

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "p"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into:
            self._into[-1] += data


@pytest.mark.parametrize("seed", range(10))
def test_the_numbers_of_the_page_are_those_of_the_json(seed: int) -> None:
    made = figures(seed)
    told, read = made.as_dict(), _Read(page.text(made.as_dict(), trends.of(made), made.cost.lines()))
    rows = {row[0]: row[1:] for row in reversed(read.rows) if row[0]}
    production, times = told["production"], told["mttr_days"]
    for name in ("vanished", "unreadable"):
        assert rows[name] == [str(production[name])]
    assert rows["being moved"] == [str(production["moving"])]
    assert rows["untagged workspaces"] == [str(production["untagged"]["total"])]
    assert read.big[0].startswith(f"{production['under_cmk']} of {production['total']} production workspace")
    wanted = (times[name] for name in ("closed", "mean", "median", "p90", "open", "open_mean", "open_oldest"))
    assert rows["all"][:7] == ["not known" if one is None else str(one) for one in wanted]
    assert rows["keys: key-changed"] == ["1"]
    assert [tag for tag, _ in read.tags].count("svg") >= 2


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    made = figures(waves={f"id{number}": HOSTILE for number in range(9)}, name=HOSTILE)
    text = page.text(made.as_dict(), trends.of(made), made.cost.lines())
    read = _Read(text)
    assert {tag for tag, _ in read.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "section", "ul", "li"),
        *("table", "thead", "tbody", "tr", "th", "td", "svg", "line", "text", "polyline", "circle"),
    }
    attributes = {name for _, found in read.tags for name in found}
    assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "style", "action")]
    assert "<script" not in text and "\u202e" not in text and "\x07" not in text
    [policy] = [found["content"] for _, found in read.tags if "http-equiv" in found]
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style and "@import" not in style
    assert any("\\u202e" in cell for row in read.rows for cell in row)


def test_a_trend_says_in_words_what_it_draws() -> None:
    made = figures(7)
    [share, *_] = trends.of(made)
    drawn = page.drawn(share)
    first, last = share.points[0], share.points[-1]
    assert f"{first[1]:.1f} % on {first[0]:%Y-%m-%d}" in drawn
    assert f"{last[1]:.1f} % on {last[0]:%Y-%m-%d}" in drawn
    assert drawn.count("<circle") == len(share.points)
    [points] = re.findall(r'points="([^"]+)"', drawn)
    places = [tuple(map(float, one.split(","))) for one in points.split()]
    assert places == sorted(places)
    assert all(0 <= x <= 640 and 0 <= y <= 130 for x, y in places)


def test_amounts_in_two_currencies_are_not_on_one_line() -> None:
    made = figures()
    lines = tuple(
        {
            "at": f"2026-01-0{day}T00:00:00+00:00",
            "scans": [],
            "figures": {"cost": dict.fromkeys(("added", "double", "remaining"), 5.0) | {"currency": currency}},
        }
        for day, currency in ((1, "USD"), (2, "EUR"))
    )
    priced = replace(
        made, past=replace(made.past, record=Record(lines=lines)), cost=replace(made.cost, currency="EUR")
    )
    for one in trends.of(priced):
        if one.figure == "cost":
            assert ([value for _, value in one.points], one.unit) == ([5.0], "EUR")


def test_amounts_are_told_as_they_are_counted() -> None:
    day = figures().at
    trend = trends.Trend("residual", "Bytes", ((day, 1.0),), "bytes")
    assert [trend.told(value) for value in (0.0, 1.0, 3_100_000_000_000.0)] == [
        "0 bytes", "1 byte", "3,100,000,000,000 bytes",
    ]  # fmt: skip
    assert trends.Trend("x", "Share", (), "%").told(33.333) == "33.3 %"
