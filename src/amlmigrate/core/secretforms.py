"""The forms in which secrets stand in free text, beside those of URLs: each by the words around it.

A form is here only if what it finds opens something wherever it stands: masking more would hide what a reviewer
has to see, and what two documents differ in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# A value ends at white space, at what ends a member of a connection string or a query, and at a quote, escaped or
# not; what stands for a value is none: `${NAME}`, `$(NAME)`, `{{name}}`, `***`, nor is a constant or a look-up.
_NONE = r"\$\{|\$\(|\{\{|\*{3}|(?:none|true|false|null|str)(?![^\s;&,'\"\\)\]])|os\.(?:environ|getenv)\b"
_VALUE = rf"(?!{_NONE})(?P<secret>(?:[^\s;&,'\"\\]|\\(?![\"'nrt\\]))+)"
# Between a name and its value, in a connection string, a command, YAML or JSON.
_IS = r"\\?[\"']?\s*[:=]\s*\\?[\"']?"
_EQUALS = r"\s*=\s*\\?[\"']?"
# As Azure's connection strings and SDKs spell them.
_KEYS = (
    r"account[_-]?key|shared[_-]?access[_-]?key|shared[_-]?access[_-]?signature|shared[_-]?secret[_-]?value"
    r"|client[_-]?secret|access[_-]?token|refresh[_-]?token|api[_-]?key|secret[_-]?access[_-]?key|sas[_-]?token"
    r"|storage[_-]?key|subscription[_-]?key|(?:primary|secondary)[_-]?(?:access[_-]?)?key(?=\\?[\"']?\s*[:=]\s*\\?[\"']?\S{20})"
    r"|passphrase"
)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FORMS = (
    # A signature has a query's form: all of it up to its end, where it is named whole.
    _form(
        r"(?<![a-z0-9])shared[_-]?access[_-]?signature\s*[=\s]\s*(?P<secret>s[a-z]=[^\s;'\"\\]+|[a-z]+=[^\s;'\"\\]*sig=[^\s;'\"\\]+)"
    ),
    _form(rf"(?<![a-z0-9])(?:{_KEYS}){_IS}{_VALUE}"),
    # A number is a level of significance.
    _form(rf"(?<![a-z0-9_])sig{_EQUALS}(?![\d.]+(?:[\s,;)]|$)){_VALUE}"),
    # Within a URL that is a value of another.
    _form(r"(?:(?<![a-z0-9_])|(?<=%26)|(?<=%3f))sig%3d(?P<secret>(?:(?!%26)[^\s&'\"\\])+)"),
    # Options of commands, and what `curl` signs in with.
    _form(rf"(?<!\S)--(?:password|passwd|{_KEYS})\s+[\"']?(?!-){_VALUE}"),
    _form(rf"\bcurl\s[^\r\n|;&]{{0,500}}?(?<!\S)(?:-u|--user)[\s=]+[^\s:'\"]+:{_VALUE}"),
    # A member of a connection string may have spaces; it then ends at the next one.
    _form(r"(?:^|(?<=;))[^\S\r\n]*(?:password|pwd)\s*=\s*(?!\$[{(]|\{\{)(?P<secret>[^;\r\n]+)(?=;)"),
    _form(r";[^\S\r\n]*(?:password|pwd)\s*=\s*(?!\$[{(]|\{\{)(?P<secret>[^;'\"\r\n]+)"),
    # `pwd` is a directory as well.
    _form(rf"(?<![a-z0-9])(?:password|passwd|pwd(?!{_EQUALS}/)){_EQUALS}{_VALUE}"),
    # Variables of an environment, as `PGPASSWORD`.
    re.compile(rf"\b[A-Z][A-Z0-9_]*PASSWORD={_VALUE}"),
    # A line of YAML; words for people follow the same name.
    re.compile(rf"(?im)^[ \t-]*(?:password|passwd):[ \t]+(?=\S*\d){_VALUE}[ \t]*$"),
    _form(r"[\"'](?:password|passwd|pwd)\\?[\"']\s*:\s*\\?[\"'](?P<secret>[^\"'\\]+)"),
    # Words follow `bearer` too: a token is long, or has a digit.
    _form(r"\bbearer\s+(?P<secret>(?=[^\s'\",;]*\d)[\w.~+/=-]{8,}|[\w.~+/=-]{24,})"),
    _form(
        r"\bauthorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:bearer|basic|sharedkey|token)\s+(?P<secret>[^\s'\",\\]+)"
    ),
    # A JSON Web Token begins with `{"` in base64, wherever it stands.
    re.compile(r"(?P<secret>\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?)"),
    # Of a private key that is cut short all the rest is part of it, unless it is masked already.
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----(?!<secret>)(?P<secret>.+?)(?=-----END|$(?![\r\n]))",
        re.DOTALL,
    ),
    # The tokens of GitHub, Hugging Face, OpenAI, Slack and Databricks say what they are.
    re.compile(
        r"(?P<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|hf_[A-Za-z0-9]{20,}"
        r"|sk-(?:proj-)?[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|dapi[0-9a-f]{32}))"
    ),
)
# Without any of these there is no form to look for.
_SIGN = re.compile(
    r"[=:]|bearer|eyJ|-----BEGIN|gh[pousr]_|github_pat_|hf_|sk-|xox[abprs]-|dapi|sig%3d|--[a-z]", re.IGNORECASE
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text such secrets begin and end; they may overlap."""
    if _SIGN.search(text):
        for form in _FORMS:
            yield from (match.span("secret") for match in form.finditer(text))
