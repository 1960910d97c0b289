"""Where things of a source are in its target, as a plan has decided it."""

from __future__ import annotations

from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Plan
from amlmigrate.core.workspace import SurveyedWorkspace


def mapping_of(plan: Plan, source: SurveyedWorkspace, target: SurveyedWorkspace) -> Mapping:
    """From the source to the target, with the names and the object ids of the plan."""
    people = plan.header.extra.get("principals") or {}
    return Mapping(source, target, plan.names(), dict(people.get("called") or {}))
