"""The figures as Prometheus reads them from a file: no time stamps, and what is not known is left out, never 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from amlmigrate.core.clock import moment
from amlmigrate.core.documents import Document

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge: its name, what it says, and its values by labels."""

    name: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...] = field(default_factory=tuple)

    def lines(self) -> Iterator[str]:
        """As text; nothing at all where no value is known."""
        if self.samples:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} gauge"
            yield from (f"{self.name}{_labels(labels)} {float(value)!r}" for labels, value in self.samples)


def text(told: Document) -> str:
    """The figures, as `Figures.as_dict` tells them, in the text format."""
    return "".join(f"{line}\n" for metric in metrics(told) for line in metric.lines())


def metrics(told: Document) -> Iterator[Metric]:
    """Every metric of the figures."""
    yield from _workspaces(told)
    yield from _times(told)
    yield from _keys(told)
    yield from _alerts(told)
    yield from _costs(told["cost"])
    yield _one(
        "aml_cmk_last_scan_timestamp_seconds", "When the newest scan was made.", _seconds(told["scans"]["newest"])
    )
    yield _one("aml_cmk_figures_timestamp_seconds", "When the figures were made.", _seconds(told["at"]))
    gap = told["scans"]["longest_gap_days"] * 86400
    yield _one("aml_cmk_longest_scan_gap_seconds", "The longest time between two scans.", gap)
    yield _one("aml_cmk_figures_whole", "1 where all that was asked could be read.", float(told["whole"]))


def _workspaces(told: Document) -> Iterator[Metric]:
    production, residual = told["production"], told["residual"]
    parts = (("production", production), ("untagged", production["untagged"]), ("other", production["other"]))
    samples = []
    for name, part in parts:
        for key, value in (("customer", part["under_cmk"]), ("not_customer", part["total"] - part["under_cmk"])):
            samples.append(({"environment": name, "key": key}, value))
    yield Metric(
        "aml_cmk_workspaces",
        "Workspaces; those that are unreadable or vanished are not under a key.",
        tuple(samples),
    )
    yield _one(
        "aml_cmk_production_share", "Production workspaces under a customer's key, of one.", production["share"]
    )
    least = production["share_with_untagged"]
    yield _one("aml_cmk_production_share_with_untagged", "The share if all untagged were production.", least)
    held = tuple(
        ({"what": name}, production[f"with_{name}"])
        for name in ("storage", "registry", "other_data", "all")
        if production[f"with_{name}"] is not None
    )
    yield Metric("aml_cmk_production_with", "Of those under a key, how many have this under one too.", held)
    doubt = tuple(
        ({"why": name}, production[name]) for name in ("vanished", "unreadable", "moving", "no_longer_told")
    )
    yield Metric("aml_cmk_production_in_doubt", "Production workspaces that need somebody to look.", doubt)
    # Of none that is "at least" nothing was read.
    known = residual if residual["containers"] or residual["bound"] == "known" else dict.fromkeys(residual)
    yield _one("aml_cmk_residual_containers", "Containers left under Microsoft's key.", known["containers"])
    yield _one("aml_cmk_residual_bytes", "Their bytes, where the size was read.", known["bytes"])


def _times(told: Document) -> Iterator[Metric]:
    times = told["mttr_days"]
    closed = tuple(({"of": name}, times[name]) for name in ("mean", "median", "p90") if times[name] is not None)
    yield Metric("aml_cmk_repair_days", "Days until a workspace was put under a key (at least).", closed)
    yield _one("aml_cmk_repaired_workspaces", "Workspaces that were put under a key.", times["closed"])
    yield _one("aml_cmk_open_workspaces", "Workspaces that are not under a key yet.", times["open"])
    yield _one("aml_cmk_oldest_open_days", "Days that the oldest of them is known.", times["open_oldest"])


def _keys(told: Document) -> Iterator[Metric]:
    found = told["rotations"]
    if found is None:
        return
    yield _one("aml_cmk_keys", "Keys in use.", found["keys"])
    yield _one(
        "aml_cmk_keys_within_cryptoperiod", "Keys whose version is within its cryptoperiod.", found["within"]
    )
    yield _one("aml_cmk_rotations_made", "Rotations of the last year.", found["made"])
    yield _one("aml_cmk_rotations_adopted", "Of these, those that everything went over to.", found["adopted"])


def _alerts(told: Document) -> Iterator[Metric]:
    found = told["alerts"]
    if found is None:
        return
    for name, part in (("keys", found), ("access", found["access"])):
        rules = tuple(({"rule": rule}, count) for rule, count in part["by_rule"].items())
        grave = tuple(({"severity": one}, count) for one, count in part["by_severity"].items())
        yield Metric(f"aml_cmk_alerts_{name}", f"Alerts on {name} that were seen, by rule.", rules)
        yield Metric(f"aml_cmk_alerts_{name}_severity", f"Alerts on {name} that were seen, by severity.", grave)
        yield _one(
            f"aml_cmk_alerts_{name}_30_days", f"Alerts on {name} of the last 30 days.", part["last_30_days"]
        )


def _costs(found: Document) -> Iterator[Metric]:
    parts = ("added", "double", "remaining")
    known = tuple(
        ({"part": name, "currency": found["currency"] or ""}, found[name]["monthly_at_least"])
        for name in parts
        if found[name]["monthly_at_least"] is not None
    )
    yield Metric("aml_cmk_cost_monthly_at_least", "What it costs a month at list prices, at least.", known)
    unknown = tuple(({"part": name}, found[name]["not_known"]) for name in parts)
    yield Metric("aml_cmk_cost_not_known", "Of how many things the price is not known.", unknown)


def _one(name: str, told: str, value: float | None) -> Metric:
    return Metric(name, told, () if value is None else (({}, value),))


def _seconds(text: str) -> float | None:
    at = moment(text)
    return at.timestamp() if at else None


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    told = (f'{name}="{"".join(_ESCAPES.get(sign, sign) for sign in value)}"' for name, value in labels.items())
    return "{" + ",".join(told) + "}"
