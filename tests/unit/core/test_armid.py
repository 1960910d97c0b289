"""ARM ids: taken apart in one place, compared without case, whatever text an answer has in their place."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amlmigrate.core.armid import ArmId, key_of, name_of

S = "0a0b0c0d-1111-2222-3333-444455556666"
SUBSCRIPTION = f"/subscriptions/{S}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/my.Rg_(1)"
WS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/Ws"
MODEL = f"{WS}/models/m/versions/1"
LOCK = f"{MODEL}/providers/Microsoft.Authorization/locks/l"
TENANT = "/providers/Microsoft.Management/managementGroups/mg"
ROLE = f"{TENANT}/providers/Microsoft.Authorization/roleDefinitions/r"
ML = "microsoft.machinelearningservices/workspaces"
NAMES = st.text(string.ascii_letters + string.digits + "-_.() é", min_size=1, max_size=8).filter(
    lambda name: name.lower() not in ("providers", "resourcegroups")
)
PAIRS = st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=3)


@st.composite
def ids(draw: st.DrawFn) -> tuple[str, str, str, list[tuple[str, list[tuple[str, str]]]]]:
    """An id with what it was made of: subscription, group, and each provider with its types and names."""
    subscription, group = draw(st.just("") | NAMES), ""
    if subscription:
        group = draw(st.just("") | NAMES)
    providers = draw(st.lists(st.tuples(NAMES, PAIRS), min_size=0 if subscription else 1, max_size=3))
    text = f"/subscriptions/{subscription}" * bool(subscription) + f"/resourceGroups/{group}" * bool(group)
    for namespace, pairs in providers:
        text += f"/providers/{namespace}" + "".join(f"/{type_}/{name}" for type_, name in pairs)
    return text, subscription, group, providers


@given(ids())
def test_an_id_is_taken_apart_into_what_it_was_made_of(
    made: tuple[str, str, str, list[tuple[str, list[tuple[str, str]]]]],
) -> None:
    text, subscription, group, providers = made
    one = ArmId.of(text)
    assert str(one) == text and one.whole
    assert (one.subscription, one.group) == (subscription, group)
    namespace, pairs = providers[-1] if providers else ("", [])
    assert (one.namespace, one.types, one.names) == (
        namespace,
        tuple(t for t, _ in pairs),
        tuple(n for _, n in pairs),
    )
    assert one.type == "/".join((namespace, *(type_ for type_, _ in pairs))).lower()
    assert one.group_id == ArmId.of(f"/subscriptions/{subscription}/resourceGroups/{group}" if group else "")
    assert one.subscription_id == ArmId.of(f"/subscriptions/{subscription}" if subscription else "")


@given(ids(), st.data())
def test_letters_of_any_case_are_one_id(
    made: tuple[str, str, str, list[tuple[str, list[tuple[str, str]]]]], data: st.DataObject
) -> None:
    text = made[0].replace("é", "e")
    other = "".join(data.draw(st.sampled_from([sign.lower(), sign.upper()])) for sign in text)
    one, two = ArmId.of(text), ArmId.of(other)
    assert one == two and hash(one) == hash(two) and one.key == two.key == key_of(other)
    assert one.type == two.type and one.within(two) and two.within(one)
    assert {one: 1}[two] == 1
    assert [part.lower() for part in one.parts] == [part.lower() for part in two.parts]


@given(ids())
def test_what_is_above_an_id_holds_it_up_to_the_tenant(
    made: tuple[str, str, str, list[tuple[str, list[tuple[str, str]]]]],
) -> None:
    one = ArmId.of(made[0])
    seen = [one]
    while seen[-1]:
        assert one.within(seen[-1]) and seen[-1].whole
        seen.append(seen[-1].parent)
        assert len(seen[-1].text) < len(seen[-2].text)
    assert one.within(ArmId.of("")) and one.within(ArmId.of("/"))


@given(st.text(alphabet="/ab*?\n:.é" + "sprv", max_size=30) | st.text())
@example("/subscriptions")
@example("/subscriptions//resourceGroups/g")
@example(f"{SUBSCRIPTION}/providers//x")
@example(f"{WS}//models/m")
@example(f"{WS}/models/m\n")
@example("//")
def test_any_text_can_be_asked_and_what_is_none_has_no_parts(text: str) -> None:
    one = ArmId.of(text)
    assert one.text == one.parent.text + one.text.removeprefix(one.parent.text)
    assert one == ArmId.of(str(one))
    assert bool(one.subscription) <= one.key.startswith("/subscriptions/")
    assert one.name == name_of(text)
    if not one.whole:
        assert len(one.types) != len(one.names) or not one.types


@pytest.mark.parametrize(
    ("text", "type_", "names", "parent", "scope"),
    [
        (SUBSCRIPTION, "", (), "", SUBSCRIPTION),
        (GROUP, "", (), SUBSCRIPTION, GROUP),
        (WS, ML, ("Ws",), GROUP, GROUP),
        (f"{WS}/models/m", f"{ML}/models", ("Ws", "m"), WS, GROUP),
        (MODEL, f"{ML}/models/versions", ("Ws", "m", "1"), f"{WS}/models/m", GROUP),
        (LOCK, "microsoft.authorization/locks", ("l",), MODEL, MODEL),
        (TENANT, "microsoft.management/managementgroups", ("mg",), "", ""),
        (ROLE, "microsoft.authorization/roledefinitions", ("r",), TENANT, TENANT),
        (f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r",
         "microsoft.authorization/roledefinitions", ("r",), SUBSCRIPTION, SUBSCRIPTION),
    ],
)  # fmt: skip
def test_the_parts_of_an_id(text: str, type_: str, names: tuple[str, ...], parent: str, scope: str) -> None:
    url = f"https://management.azure.com{text}?api-version=1"
    for one in (ArmId.of(text), ArmId.of(f"{text}/"), ArmId.at(text), ArmId.at(f"{text}/"), ArmId.at(url)):
        assert (one.text, one.type, one.names, one.whole) == (text, type_, names, True)
        assert (one.parent.text, one.scope.text) == (parent, scope)
    assert ArmId.of(text.upper()).type == type_


@pytest.mark.parametrize(
    ("text", "type_", "names", "parent"),
    [
        (f"{WS}/models", f"{ML}/models", ("Ws",), WS),
        (f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces", ML, (), GROUP),
        (f"{WS}/providers/Microsoft.Authorization/locks", "microsoft.authorization/locks", (), WS),
        (f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults", "microsoft.keyvault/deletedvaults", (), SUBSCRIPTION),
        (f"{SUBSCRIPTION}/providers/Microsoft.KeyVault", "microsoft.keyvault", (), SUBSCRIPTION),
        (f"{TENANT}/providers/Microsoft.Authorization/roleAssignments", "microsoft.authorization/roleassignments", (), TENANT),
    ],
)  # fmt: skip
def test_a_list_is_no_resource_and_lies_in_its_owner(
    text: str, type_: str, names: tuple[str, ...], parent: str
) -> None:
    one = ArmId.of(text)
    assert (one.type, one.names, one.whole, one.parent.text) == (type_, names, False, parent)
    assert one.within(ArmId.of(parent)) and not ArmId.of(parent).within(one)


@pytest.mark.parametrize(
    ("text", "subscription", "group"),
    [
        (f"{SUBSCRIPTION}/resourceGroups", S, ""),
        (f"{SUBSCRIPTION}/locations", S, ""),
        (f"{GROUP}/odd", S, "my.Rg_(1)"),
        (f"{GROUP}//providers/A/b/c", S, "my.Rg_(1)"),
        *(("", "", ""), ("/", "", ""), ("name", "", ""), ("a/b/c", "", ""), ("/subscriptions", "", "")),
        ("https://kv.vault.azure.net/keys/k", "", ""),
    ],
)
def test_what_is_no_resource_has_no_type(text: str, subscription: str, group: str) -> None:
    one = ArmId.of(text)
    assert (one.subscription, one.group, one.type, one.names) == (subscription, group, "", ())
    assert not one.whole


def test_nothing_is_an_id_too() -> None:
    assert not ArmId.of(None) and not ArmId.of("") and not ArmId.of("/")
    assert ArmId.of(None) == ArmId.of("/") != ArmId.of(WS)
    assert ArmId.of(WS) != WS


@pytest.mark.parametrize(("inner", "outer"), [(WS, GROUP), (MODEL, WS), (LOCK, MODEL), (ROLE, TENANT), (WS, WS)])
def test_what_lies_in_another_and_what_only_begins_like_it(inner: str, outer: str) -> None:
    assert ArmId.of(inner.upper()).within(ArmId.of(f"{outer}/"))
    assert not ArmId.of(f"{outer}2").within(ArmId.of(outer))
    assert not ArmId.of(outer).within(ArmId.of(f"{inner}/x/y"))


def test_the_names_that_the_gateway_uses() -> None:
    assert ArmId.of(MODEL).spelled == "Microsoft.MachineLearningServices/workspaces/Ws/models/m/versions/1"
    assert ArmId.of(MODEL).collection == f"{WS}/models/m/versions"
    assert ArmId.of(LOCK).name == "l"


def test_a_url_is_no_id_and_another_host_is_another_thing() -> None:
    keys = [f"https://{vault}.vault.azure.net/keys/k" for vault in ("one", "two")]
    assert ArmId.of(keys[0]) != ArmId.of(keys[1]) and not ArmId.of(keys[0]).whole
    assert key_of(keys[0]) == keys[0] and ArmId.of(f"https://management.azure.com{WS}").type == ""
    assert ArmId.of(f"{WS}?x=y") != ArmId.of(WS)
