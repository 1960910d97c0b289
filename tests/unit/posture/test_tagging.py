"""The tagging standard: which rule tells a level, which tags are written, and which files are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from amlmigrate.core import schemas, strictyaml
from amlmigrate.core.errors import BadInputError
from amlmigrate.posture import tagging
from amlmigrate.posture.tagging import ENVIRONMENT, SENSITIVITY, TaggingSubject

SHIPPED = tagging.read()


def subject(name: str = "ws", hbi: bool = False, group: str = "rg", **tags: str) -> TaggingSubject:
    return TaggingSubject(name, group, "sub", {key.replace("_", "-"): value for key, value in tags.items()}, hbi)


@pytest.mark.parametrize(
    ("one", "sensitivity", "environment"),
    [
        (subject(), None, None),
        (subject(data_classification="restricted", environment="prod"), "restricted", "prod"),
        (subject(Data_Classification=" Confidential ", ENV="PRD"), "confidential", "prod"),
        (subject(sensitivity="c2", stage="uat"), "internal", "test"),
        (subject("team-dev"), None, "dev"),
        (subject("devices"), None, None),
        (subject("risk-prod", env="dev"), None, "dev"),
        (subject(hbi=True), "confidential", None),
        (subject(hbi=True, classification="public"), "public", None),
    ],
)
def test_the_shipped_standard(one: TaggingSubject, sensitivity: str | None, environment: str | None) -> None:
    assert (SHIPPED.level(SENSITIVITY, one), SHIPPED.level(ENVIRONMENT, one)) == (sensitivity, environment)


def test_the_shipped_standard_is_what_the_schema_says() -> None:
    assert schemas.problem(tagging.schema(), strictyaml.load(tagging.shipped())) is None


def test_every_shipped_rule_can_decide() -> None:
    for rule in SHIPPED.rules:
        tags = {rule.when["tags"][0]: rule.when.get("values", ["x"])[0]} if "tags" in rule.when else {}
        name = rule.when.get("names", ["*"])[0].replace("*", "a")
        assert SHIPPED.level(rule.fact, TaggingSubject(name, "g", "s", tags, "hbi" in rule.when)) == rule.level, (
            rule
        )


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        ({}, {"environment": "prod"}),
        ({"env": "PRD"}, {"environment": "prod"}),
        ({"Environment": "PRD"}, {"Environment": "prod"}),
        ({"environment": "prod"}, {}),
        ({"environment": "the blue one"}, {}),
    ],
)
def test_only_what_is_missing_or_spelled_otherwise_is_written(
    tags: dict[str, str], written: dict[str, str]
) -> None:
    levels = {ENVIRONMENT: "prod", SENSITIVITY: None}
    assert SHIPPED.tags(levels, tags) == written
    assert SHIPPED.tags(levels, {**tags, **written}) == {}


def standard(**changes: Any) -> dict[str, Any]:
    facts = {
        "sensitivity": {"tag": "secrecy", "levels": ["low", "high"]},
        "environment": {"tag": "where", "levels": ["play", "real"]},
    }
    return {"format": 1, "facts": facts, **changes}


def rule(level: str = "real", fact: str = "environment", **when: Any) -> dict[str, Any]:
    return {"fact": fact, "level": level, "when": when}


def read(folder: Path, content: Any) -> tagging.Standard:
    path = folder / "rules.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return tagging.read(path)


def test_all_of_a_rule_has_to_hold_and_the_first_decides(tmp_path: Path) -> None:
    rules = [
        rule("play", groups=["Lab-*"], names=["a*"]),
        rule("real", groups=["lab-*"]),
        rule("play", subscriptions=["sub"], tags=["owner"]),
    ]
    own = read(tmp_path, standard(rules=rules))
    assert own.level(ENVIRONMENT, subject("abc", group="lab-1")) == "play"
    assert own.level(ENVIRONMENT, subject("xyz", group="LAB-1")) == "real"
    assert own.level(ENVIRONMENT, subject("abc")) is None
    assert own.level(ENVIRONMENT, subject(owner="anybody")) == "play"
    assert own.sha256 != SHIPPED.sha256


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (": : :", "it is not valid YAML"),
        ("format: 1\nfacts: {}\nformat: 1\n", "'format' is given twice, in line 1 and in line 3"),
        (
            'format: 1\nfacts: {sensitivity: {tag: "a\\n", levels: [a, b]}, environment: {tag: b, levels: [a, b]}}',
            "is not a name of 1 to 512 characters without any of < > % & \\ ? / (example: data-classification)",
        ),
        ("", "None is not of type 'object'"),
        (standard(format=2), "1 was expected"),
        (standard(extra=1), "the member 'extra' is unknown"),
        ({"format": 1}, "'facts' is missing"),
        (standard(rules=[rule("huge", names=["a"])]), "'huge' is not a level of environment"),
        (standard(rules=[rule(values=["a"])]), "'tags' is a dependency of 'values'"),
        (standard(rules=[rule()]), "$.rules[0].when"),
        (
            standard(
                facts={
                    "sensitivity": {"tag": "Where", "levels": ["low", "high"]},
                    "environment": {"tag": "where", "levels": ["play", "real"]},
                }
            ),
            "the tag 'where' is given to two facts",
        ),
        (standard(rules=[rule(fact="colour", names=["a"])]), "'colour' is not one of"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(BadInputError, match="rule file cannot be used") as caught:
        read(tmp_path, content)
    assert told in caught.value.summary


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no such file"):
        tagging.read(tmp_path / "missing.yaml")
