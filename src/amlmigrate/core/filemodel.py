"""What the members of a file by a person are made of: texts of a form, ids, and maps with rules of their own.

The schema that pydantic makes of a model says the same as the model checks: each rule here gives both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

# The types of the errors that are this module's own; each has its whole text in it.
FORM, EITHER, APART = "form", "either", "apart"


def needed(description: str, **limits: Any) -> Any:
    """A member that has to be given."""
    return Field(description=description, **limits)


def may(description: str, **limits: Any) -> Any:
    """A member that may be left out, and is not null where it is given."""
    return Field(default_factory=lambda: None, description=description, **limits)


@dataclass(frozen=True, slots=True)
class Form:
    """What a whole text looks like, as a regular expression; no line feed follows it.

    A person is told `what` it has to be, with an example, and never the expression.
    """

    whole: str
    what: str
    example: str

    @property
    def pattern(self) -> str:
        """As JSON Schema has it, in ECMA 262, where `$` is the end."""
        return f"^{self.whole}$"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern, "examples": [self.example]}

    @property
    def told(self) -> str:
        """What it has to be, after "is not"."""
        return f"{self.what} (example: {self.example})"

    def _checked(self, value: str) -> str:
        if not re.fullmatch(self.whole, value):
            # `form` is for those who repeat no value.
            told = {"told": f"{value!r} is not {self.told}", "form": self.told}
            raise PydanticCustomError(FORM, "{told}", told)
        return value


# A name in an ARM id. With `?`, `#` or `%` in it, or of dots alone, a URL would be of something else. A group's
# does not end with a dot, nor Application Insights' with a blank (learn.microsoft.com, resource-name-rules).
_NAME = r"[^/?#%\\\x00-\x1f]*[^/?#%\\\s.]"


# What stands for the reader's own in examples.
_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/GROUP"


def arm_id(what: str, provider: str, *types: str) -> Form:
    """The ARM id of a resource in a group, in whatever letter case its fixed parts are; `what` it is the id of."""
    fixed = ["/subscriptions/", "/resourceGroups/", f"/providers/{provider}/{types[0]}/"]
    fixed += [f"/{type_}/" for type_ in types[1:]]
    example = f"{_GROUP}/providers/{provider}" + "".join(f"/{type_}/NAME" for type_ in types)
    return Form("".join(f"{_any_case(part)}{_NAME}" for part in fixed), f"the ARM id of {what}", example)


def arm_scope() -> Form:
    """The ARM id of a subscription, of a resource group or of a management group."""
    group = f"({_any_case('/resourceGroups/')}{_NAME})?"
    above = _any_case("/providers/Microsoft.Management/managementGroups/")
    return Form(
        f"({_any_case('/subscriptions/')}[0-9a-fA-F-]{{36}}{group}|{above}{_NAME})",
        "the ARM id of a subscription, resource group or management group",
        _SUBSCRIPTION,
    )


def arm_group() -> Form:
    """The ARM id of a resource group."""
    return Form(
        f"{_any_case('/subscriptions/')}[0-9a-fA-F-]{{36}}{_any_case('/resourceGroups/')}{_NAME}",
        "the ARM id of a resource group",
        _GROUP,
    )


def _any_case(part: str) -> str:
    return "".join(
        f"[{sign.upper()}{sign.lower()}]" if sign.isalpha() else ("\\." if sign == "." else sign) for sign in part
    )


# What is an id of Entra, or of a role: a GUID.
ObjectId = Annotated[
    str,
    Form(
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "a GUID",
        "11111111-2222-3333-4444-555555555555",
    ),
]
VaultId = Annotated[str, arm_id("a key vault", "Microsoft.KeyVault", "vaults")]


def _whole(value: Any) -> Any:
    """JSON Schema takes 30.0 for an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)


def _said_in_the_schema(schema: dict[str, Any], model: type[FileModel]) -> None:
    """What `_against_itself` checks; a class's name says nothing to a reader of the schema."""
    schema.pop("title", None)
    if model.either:
        schema["oneOf"] = [{"required": ["name"]}, {"required": ["id"]}]
    if model.apart:
        first, others = model.apart
        schema["dependentSchemas"] = {first: {"properties": {name: {"not": {}} for name in others}}}


class FileModel(BaseModel):
    """A map of the file. Its members are named as in the file, in camel case; no other is taken."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        json_schema_extra=_said_in_the_schema,
    )

    # A member, and those that cannot be given beside it.
    apart: ClassVar[tuple[str, tuple[str, ...]] | None] = None
    # Whether exactly one of `name` and `id` is given.
    either: ClassVar[bool] = False

    @model_validator(mode="wrap")
    @classmethod
    def _as_a_whole(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        """Checks the members beside each other even where one of them is wrong by itself: all is told at once."""
        found = list(cls._against_itself(value)) if isinstance(value, dict) else []
        try:
            model = handler(value)
        except ValidationError as error:
            found += [_again(one) for one in error.errors(include_url=False)]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return model

    @classmethod
    def _against_itself(cls, value: dict[str, Any]) -> Iterator[InitErrorDetails]:
        if cls.either and len({"name", "id"} & value.keys()) != 1:
            yield _own(EITHER, "give either `name` or `id`", (), value)
        first, others = cls.apart or ("", ())
        if first in value:
            for name in others:
                if name in value:
                    yield _own(APART, f"not together with `{first}`", (name,), value[name])


def _own(type_: str, told: str, place: tuple[str, ...], value: Any) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(type_, "{told}", {"told": told}), loc=place, input=value)


def _again(error: Any) -> InitErrorDetails:
    """An error that was raised below, to be raised again with others."""
    custom = error["type"] in (FORM, EITHER, APART)
    type_ = PydanticCustomError(error["type"], "{told}", error["ctx"]) if custom else error["type"]
    return InitErrorDetails(type=type_, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))
