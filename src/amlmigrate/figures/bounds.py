"""What bounds the figures, in sentences: how often somebody looked, what was not read, what counts though gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from amlmigrate.core.few import agreed, few, many
from amlmigrate.figures import mttr, record
from amlmigrate.figures.history import Look

if TYPE_CHECKING:
    from amlmigrate.figures.stage import Figures

_DAY = timedelta(days=1)


def longest_gap(looks: Sequence[Look]) -> float:
    """The longest time between two scans, in days."""
    return max(((after.at - one.at) / _DAY for one, after in pairwise(looks)), default=0.0)


def of(figures: Figures) -> Iterator[str]:
    """All that bounds the figures of a run."""
    yield from _scans(figures)
    yield from _share(figures)
    yield from _let_go(figures)
    yield from _times(figures)
    yield from _plans(figures)
    yield from _live(figures)


def _scans(figures: Figures) -> Iterator[str]:
    looks = figures.past.looks
    newest = looks[-1]
    if len(looks) == 1:
        yield f"There is one scan, of {newest.at:%Y-%m-%d}: what was before it is not known."
    else:
        yield (
            f"{many(len(looks), 'scan')} from {looks[0].at:%Y-%m-%d} to {newest.at:%Y-%m-%d}; the longest time"
            f" between two of them is {mttr.in_days(round(longest_gap(looks), 1))}, and no figure is more exact"
            " than that."
        )
    if figures.at - newest.at > _DAY:
        age = mttr.in_days(round((figures.at - newest.at) / _DAY))
        yield f"The newest scan is {age} old, and so is what it told."
    for name, why in figures.past.unread.items():
        yield f"The scan {name} was not read: {why}"
    for name in figures.past.missing:
        yield f"The scan {name}, which was counted before, is not there any more: what only it saw is not counted."
    for id_, names in figures.past.nameless.items():
        yield (
            f"{id_} was seen without a workspaceId ({few(names)}): whether it is the one of that name which was"
            " seen with one is not known, and it counts beside that."
        )
    for place, why in newest.unreadable.items():
        yield f"The newest scan could not read {place}: {why}"
    seen = {place for look in looks for place in look.places}
    for place in sorted(seen - newest.places):
        last = max(look.at for look in looks if place in look.places)
        yield f"The newest scan did not look in subscription {place}: what is there counts as of {last:%Y-%m-%d}."
    if newest.projects:
        yield (
            f"{many(newest.projects, 'project is', 'projects are')} not counted: what is kept of a project is"
            " under the key of its hub."
        )


def _share(figures: Figures) -> Iterator[str]:
    share, beside = figures.share, figures.share.beside
    if beside.vanished:
        yield (
            f"{many(beside.vanished, 'production workspace is', 'production workspaces are')} no longer there, and"
            " no plan proves where what they held has gone: they count as they were seen last, under Microsoft's"
            " key."
        )
    if beside.unreadable:
        yield f"{many(beside.unreadable, 'production workspace')} could not be read, and count as not under a key."
    if beside.no_longer_told:
        yield (
            f"{many(beside.no_longer_told, 'workspace counts', 'workspaces count')} as production because an"
            " earlier scan said so, and the newest one does not. Only its owner's decision takes one out (migrate"
            " scan --decisions)."
        )
    if share.untagged.total:
        yield (
            f"Of {many(share.untagged.total, 'workspace')} nothing tells the environment; if all of them were"
            f" production, the share would be {100 * (share.least or 0):.1f} %."
        )
    unknown = (
        (beside.storage_unknown, "their storage is"),
        (beside.registry_unknown, "their registry is"),
        (beside.other_data_unknown, "other data that they read are"),
    )
    for count, what in unknown:
        if count:
            yield f"Of {many(count, 'production workspace')} under a key it is not known whose key {what} under."


def _let_go(figures: Figures) -> Iterator[str]:
    for workspace, life in figures.past.last.lives.items():
        if life.let_go and not life.last.customer and not figures.past.last.settled(workspace):
            yield (
                f"{life.last.id} is no longer there, and counts nowhere: its owner decided that it is no"
                f" production ({life.let_go})."
            )


def _times(figures: Figures) -> Iterator[str]:
    times = figures.mttr.every
    if early := times.at_least + times.open_at_least:
        yield (
            f"Of {many(early, 'workspace')} under Microsoft's key it is not known since when: their days count"
            " from the first scan that saw them, and are at least that many."
        )
    if times.vanished:
        yield f"{times.vanished} of them vanished, and stay open: being gone is not being put under a key."


def _plans(figures: Figures) -> Iterator[str]:
    for place, why in figures.past.plans.unread.items():
        yield f"The plan {place} was not read whole, so that residuals and successors may be missing: {why}"
    for place, what in figures.past.plans_gone.items():
        yield (
            f"The plan {place} was counted before, and {what}: what it left and what it moves count as they were"
            " read last, and nothing that it proved or that was accepted makes a figure better."
        )
    if not figures.past.plans.count:
        yield "No plan was read: what removals left, and where workspaces went, is not known."
    if unknown := figures.residuals.size_unknown:
        yield f"Of {many(unknown, 'residual container')} the size was not read: it is not in the sum."


def _live(figures: Figures) -> Iterator[str]:
    live = figures.live
    if live.rotations is None:
        yield f"Rotations were not read: {live.why.get('rotations', 'the vaults were not asked.')}"
    elif live.rotations.keys_gone:
        yield (
            f"{many(live.rotations.keys_gone, 'key')} of workspaces that vanished or could not be read"
            f" {agreed(live.rotations.keys_gone, 'counts', 'count')} as not within the cryptoperiod."
        )
    if live.rotations and live.rotations.keys_unread:
        yield f"The versions of {many(live.rotations.keys_unread, 'key')} could not be read."
    for place, why in live.why.items():
        if place != "rotations":
            yield f"Not read: {place}: {why}"
    if live.alerts is None:
        yield "Alerts were not read" + (": those of earlier runs are counted." if figures.alerts else ".")
    else:
        for place, why in live.alerts.unread.items():
            yield f"The alerts of subscription {place} could not be read: {why}"
    if live.actual:
        for place, why in live.actual.unread.items():
            yield f"What was billed in subscription {place} could not be read: {why}"
    if figures.alerts:
        looked = figures.past.record.looked + ([figures.at] if live.alerts and not live.alerts.unread else [])
        begin, gaps = record.since(looked)
        if begin:
            yield (
                f"Alerts are known from {begin:%Y-%m-%d} on: Azure keeps them for 30 days. One event in a log may"
                " have raised up to three of them, since a rule looks back further than it waits."
            )
        yield from record.unlooked(gaps)
