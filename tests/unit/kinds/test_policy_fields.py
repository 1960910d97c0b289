"""Which bodies a policy judges alike: what is one item's own does not count, all that a rule may compare does."""

from __future__ import annotations

from typing import Any

import pytest

from amlmigrate.kinds import moving_kinds

MODELS, DATASTORES, COMPONENTS = (moving_kinds()[name] for name in ("models", "datastores", "components"))
MODEL: dict[str, Any] = {
    "modelType": "custom_model",
    "modelUri": "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores/d/paths/a",
    "description": "one",
    "tags": {"run": "1"},
    "properties": {"origin": "/a"},
    "flavors": {"sklearn": {"data": {"v": "1"}}},
    "isAnonymous": False,
}


def _fields(kind: Any = MODELS, head: dict[str, Any] | None = None, **properties: Any) -> Any:
    return kind.policy_fields({**(head or {}), "properties": {**MODEL, **properties}})


@pytest.mark.parametrize(
    "own",
    [
        {"description": "two"},
        {"tags": {"run": "2"}},
        {"properties": {"origin": "/b", "more": "x"}},
        {"flavors": {"pytorch": {}}},
        {"modelUri": "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores/other/paths/b"},
    ],
)
def test_what_is_an_items_own_does_not_count(own: dict[str, Any]) -> None:
    assert _fields(**own) == _fields()


@pytest.mark.parametrize(
    "other",
    [
        {"modelType": "mlflow_model"},
        {"isAnonymous": True},
        {"modelUri": "https://acct.blob.core.windows.net/c/a"},
        {"modelUri": "azureml://registries/theirs/models/m/versions/1"},
        {"stage": "Production"},
        {"datasets": [{"name": "x"}]},
    ],
)
def test_what_a_rule_may_compare_counts(other: dict[str, Any]) -> None:
    assert _fields(**other) != _fields()


def test_of_the_envelope_all_counts_but_the_name() -> None:
    assert _fields(head={"name": "a", "id": "/a"}) == _fields(head={"name": "b", "id": "/b"}) == _fields()
    for head in ({"tags": {"a": "b"}}, {"location": "eastus2"}, {"identity": {"type": "None"}}, {"kind": "x"}):
        assert _fields(head=head) != _fields()


def test_of_addresses_counts_where_they_lead() -> None:
    def of(text: str) -> Any:
        return _fields(environment=text)["properties"]["environment"]

    workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    environments = "microsoft.machinelearningservices/workspaces/environments/versions"
    assert of(f"{workspace}/environments/e/versions/3") == environments
    assert of(f"azureml:{workspace}/environments/f/versions/4") == environments
    assert of("https://Acct.blob.core.windows.net/c/p?x") == "https://acct.blob.core.windows.net"
    assert of("azureml://registries/theirs/models/m") == "azureml://registries/theirs"
    assert of("mcr.microsoft.com/azureml/base:1") == "mcr.microsoft.com/azureml/base:1"
    assert of("a\nb") == of("c" * 257) == "a long text" and of("c" * 256) == "c" * 256


def test_a_component_counts_without_its_specification_and_a_datastore_with_its_credentials_type() -> None:
    assert _fields(COMPONENTS, componentSpec={"a": "1"}) == _fields(COMPONENTS, componentSpec={"b": "2"})
    one, other = (
        {"credentialsType": name, "secrets": {"key": {"$secret": "key"}}} for name in ("AccountKey", "Sas")
    )
    assert _fields(DATASTORES, credentials=one) != _fields(DATASTORES, credentials=other)


@pytest.mark.parametrize("kind", moving_kinds().values(), ids=lambda kind: kind.name)
def test_every_kind_says_it_of_its_example(kind: Any) -> None:
    document = kind.example().document
    assert kind.policy_fields(document) == kind.policy_fields({**document, "name": "another"})
