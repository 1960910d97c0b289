"""The Azure CLI, unmodified and without its extension `ml`, against the local Azure: what it does, and what comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUP, ACCOUNT, VAULT, CONTAINER = "conformance-cli", "conformancecli", "conformance-cli", "things"
SHARE, FILE, LOGS = "notes", "Users/book \u00e4.ipynb", "conformance-logs"
BLOB, TEXT = "folder/hello \u00e4.txt", "hello\n"
READER = "Storage Blob Data Reader"
RULE = {"if": {"field": "location", "notIn": ["eastus2", "global"]}, "then": {"effect": "deny"}}
_LOGIN = ("--auth-mode", "login", "--account-name", ACCOUNT)


@dataclass(frozen=True)
class Step:
    """One command; what it answers must hold. `fails` is what a refusal must say."""

    arguments: tuple[str, ...]
    holds: Callable[[Any], bool] = bool
    fails: str = ""


def _named(name: str) -> Callable[[Any], bool]:
    return lambda found: found["name"] == name


def _has(name: str) -> Callable[[Any], bool]:
    return lambda found: name in [each["name"] for each in found]


def _anything(_: Any) -> bool:
    return True


def _account(secret: Path, env: dict[str, str]) -> Iterator[Step]:
    # The secret is in a file: a process list would show it.
    yield Step(("login", "--service-principal", "--username", env["AZURE_CLIENT_ID"], "--password", f"@{secret}", "--tenant", env["AZURE_TENANT_ID"]), lambda found: found[0]["id"] == env["AZURE_SUBSCRIPTION_ID"])  # fmt: skip
    yield Step(("account", "show"), lambda found: found["user"]["type"] == "servicePrincipal")
    yield Step(
        ("group", "create", "-n", GROUP, "-l", "eastus2", "--tags", "a=b"),
        lambda found: found["tags"] == {"a": "b"},
    )
    yield Step(("group", "show", "-n", GROUP), _named(GROUP))
    yield Step(("group", "list"), _has(GROUP))


def _storage(folder: Path) -> Iterator[Step]:
    sent, back = folder / "sent.txt", folder / "back.txt"
    sent.write_text(TEXT)
    named = ("-n", ACCOUNT, "-g", GROUP)
    blob = ("-c", CONTAINER, "-n", BLOB, *_LOGIN)
    yield Step(("storage", "account", "check-name", "-n", ACCOUNT), lambda found: found["nameAvailable"] is True)
    yield Step(("storage", "account", "create", *named, "-l", "eastus2", "--sku", "Standard_LRS", "--min-tls-version", "TLS1_2", "--allow-blob-public-access", "false"), lambda found: found["provisioningState"] == "Succeeded" and not found["allowBlobPublicAccess"])  # fmt: skip
    yield Step(
        ("storage", "account", "check-name", "-n", ACCOUNT), lambda found: found["reason"] == "AlreadyExists"
    )
    yield Step(("storage", "account", "show", *named), lambda found: found["sku"]["name"] == "Standard_LRS")
    keys = lambda found: [each["keyName"] for each in found] == ["key1", "key2"]  # noqa: E731
    yield Step(("storage", "account", "keys", "list", *named, "--query", "[].{keyName: keyName}"), keys)
    yield Step(
        ("storage", "account", "keys", "renew", *named, "--key", "primary", "--query", "[].{keyName: keyName}"),
        keys,
    )
    yield Step(("storage", "container", "create", "-n", CONTAINER, *_LOGIN), lambda found: found["created"])
    yield Step(("storage", "container", "create", "-n", CONTAINER, *_LOGIN), lambda found: not found["created"])
    yield Step(("storage", "container", "list", *_LOGIN), _has(CONTAINER))
    yield Step(("storage", "container-rm", "list", "--storage-account", ACCOUNT, "-g", GROUP), _has(CONTAINER))
    yield Step(
        ("storage", "blob", "upload", "-f", str(sent), "--metadata", "a=b", *blob), lambda found: found["etag"]
    )
    yield Step(("storage", "blob", "upload", "-f", str(sent), *blob), fails="already exists")
    yield Step(("storage", "blob", "show", *blob), lambda found: found["properties"]["contentLength"] == len(TEXT) and found["metadata"] == {"a": "b"})  # fmt: skip
    yield Step(
        ("storage", "blob", "list", "-c", CONTAINER, *_LOGIN),
        lambda found: [each["name"] for each in found] == [BLOB],
    )
    yield Step(("storage", "blob", "download", "-f", str(back), *blob), lambda _: back.read_text() == TEXT)
    yield Step(("storage", "blob", "delete", *blob), _anything)
    yield Step(("storage", "blob", "exists", *blob), lambda found: found == {"exists": False})
    yield Step(("storage", "container", "delete", "-n", CONTAINER, *_LOGIN), lambda found: found["deleted"])
    yield Step(
        ("storage", "container", "create", "-n", CONTAINER, "--fail-on-exist", *_LOGIN), fails="being deleted"
    )


def _vault() -> Iterator[Step]:
    key = ("--vault-name", VAULT, "-n", "first")
    yield Step(("keyvault", "create", "-n", VAULT, "-g", GROUP, "-l", "eastus2", "--enable-purge-protection", "true", "--retention-days", "7"), lambda found: found["properties"]["enablePurgeProtection"] and found["properties"]["softDeleteRetentionInDays"] == 7)  # fmt: skip
    yield Step(("keyvault", "show", "-n", VAULT, "-g", GROUP), _named(VAULT))
    # By Azure's default a vault made by the CLI goes by role assignments, and who made it has none.
    yield Step(("role", "assignment", "create", "--role", "Key Vault Crypto Officer", "--assignee", os.environ["AZURE_CLIENT_ID"], "--scope", f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"), _anything)  # fmt: skip
    yield Step(
        ("keyvault", "key", "create", *key, "--kty", "RSA", "--size", "3072"),
        lambda found: found["key"]["kty"] == "RSA",
    )
    yield Step(("keyvault", "key", "rotate", *key), lambda found: "/keys/first/" in found["key"]["kid"])
    yield Step(("keyvault", "key", "list-versions", *key), lambda found: len(found) == 2)
    yield Step(("keyvault", "key", "list", "--vault-name", VAULT), _has("first"))
    yield Step(
        ("keyvault", "key", "set-attributes", *key, "--enabled", "false"),
        lambda found: found["attributes"]["enabled"] is False,
    )
    yield Step(("keyvault", "key", "delete", *key), _anything)
    yield Step(("keyvault", "key", "list-deleted", "--vault-name", VAULT), _has("first"))
    yield Step(("keyvault", "key", "purge", *key), fails="purge")


def _rights() -> Iterator[Step]:
    scope = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
    me = os.environ["AZURE_CLIENT_ID"]

    def own(found: Any) -> bool:
        return [each["roleDefinitionName"] for each in found].count(READER) == 1

    yield Step(("role", "definition", "list", "--name", READER), lambda found: found[0]["roleName"] == READER)
    yield Step(("ad", "sp", "show", "--id", me), lambda found: found["appId"] == me)
    yield Step(
        ("role", "assignment", "create", "--role", READER, "--assignee", me, "--scope", scope),
        lambda found: found["scope"] == scope,
    )
    yield Step(("role", "assignment", "list", "--assignee", me, "--scope", scope), own)
    # Somebody whom the directory does not know gets nothing, and nobody else gets it instead.
    yield Step(
        ("role", "assignment", "create", "--role", READER, "--assignee", "nobody@example.com", "--scope", scope),
        fails="nobody@example.com",
    )
    yield Step(("role", "assignment", "delete", "--role", READER, "--assignee", me, "--scope", scope), _anything)
    yield Step(("role", "assignment", "list", "--assignee", me, "--scope", scope), lambda found: not own(found))


def _policies() -> Iterator[Step]:
    scope = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
    yield Step(
        ("policy", "definition", "create", "-n", "regions", "--mode", "All", "--rules", json.dumps(RULE)),
        _named("regions"),
    )
    yield Step(
        ("policy", "assignment", "create", "-n", "regions-here", "--policy", "regions", "--scope", scope),
        _named("regions-here"),
    )
    yield Step(("policy", "assignment", "list", "--scope", scope), _has("regions-here"))
    yield Step(
        ("identity", "create", "-n", "elsewhere", "-g", GROUP, "-l", "westus"), fails="RequestDisallowedByPolicy"
    )
    yield Step(("policy", "assignment", "delete", "-n", "regions-here", "--scope", scope), _anything)
    yield Step(("policy", "definition", "delete", "-n", "regions"), _anything)


def _locks() -> Iterator[Step]:
    lock = ("-n", "keep", "-g", GROUP)
    yield Step(
        ("lock", "create", *lock, "--lock-type", "CanNotDelete"), lambda found: found["level"] == "CanNotDelete"
    )
    yield Step(("lock", "list", "-g", GROUP), _has("keep"))
    yield Step(("storage", "account", "delete", "-n", ACCOUNT, "-g", GROUP, "--yes"), fails="ScopeLocked")
    yield Step(("lock", "delete", *lock), _anything)
    yield Step(("lock", "list", "-g", GROUP), lambda found: found == [])


def _shares(folder: Path) -> Iterator[Step]:
    scope = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
    sent, back = folder / "book.ipynb", folder / "book-back.ipynb"
    sent.write_text(TEXT)
    named = ("--share-name", SHARE, *_LOGIN, "--enable-file-backup-request-intent")
    yield Step(("role", "assignment", "create", "--role", "Storage File Data Privileged Contributor", "--assignee", os.environ["AZURE_CLIENT_ID"], "--scope", scope), _anything)  # fmt: skip
    yield Step(("storage", "share-rm", "create", "-n", SHARE, "--storage-account", ACCOUNT, "-g", GROUP, "--quota", "5"), _named(SHARE))  # fmt: skip
    yield Step(("storage", "share-rm", "list", "--storage-account", ACCOUNT, "-g", GROUP), _has(SHARE))
    yield Step(("storage", "directory", "create", "-n", "Users", *named), lambda found: found["created"])
    yield Step(("storage", "file", "upload", "--source", str(sent), "--path", FILE, "--metadata", "a=b", *named), _anything)  # fmt: skip
    yield Step(("storage", "file", "show", "--path", FILE, *named), lambda found: found["properties"]["contentLength"] == len(TEXT) and found["metadata"] == {"a": "b"})  # fmt: skip
    yield Step(("storage", "file", "list", "--path", "Users", *named), _has(FILE.rpartition("/")[2]))
    yield Step(("storage", "file", "download", "--dest", str(back), "--path", FILE, *named), lambda _: back.read_text() == TEXT)  # fmt: skip
    yield Step(("storage", "file", "delete", "--path", FILE, *named), _anything)
    yield Step(("storage", "file", "exists", "--path", FILE, *named), lambda found: found == {"exists": False})


def _secrets(folder: Path) -> Iterator[Step]:
    scope = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
    secret, kept = ("--vault-name", VAULT, "-n", "password"), folder / "secret.backup"
    value = folder / "value.txt"
    value.write_text("first")
    shown = ("--query", "{name: name, tags: tags}")
    yield Step(("role", "assignment", "create", "--role", "Key Vault Secrets Officer", "--assignee", os.environ["AZURE_CLIENT_ID"], "--scope", scope), _anything)  # fmt: skip
    yield Step(("keyvault", "secret", "set", *secret, "-f", str(value), "--tags", "a=b", *shown), lambda found: found["name"] == "password" and found["tags"]["a"] == "b")  # fmt: skip
    yield Step(("keyvault", "secret", "list", "--vault-name", VAULT), _has("password"))
    yield Step(("keyvault", "secret", "backup", *secret, "-f", str(kept)), lambda _: kept.stat().st_size > 0)
    yield Step(("keyvault", "secret", "restore", "--vault-name", VAULT, "-f", str(kept)), fails="password")
    yield Step(("keyvault", "secret", "delete", *secret), _anything)
    yield Step(("keyvault", "secret", "list-deleted", "--vault-name", VAULT), _has("password"))
    yield Step(("keyvault", "secret", "recover", *secret), _anything)


def _alarms() -> Iterator[Step]:
    group = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/{VAULT}"
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{LOGS}"
    actions = f"{group}/providers/Microsoft.Insights/actionGroups/keys"
    setting = ("-n", "audit", "--resource", vault)
    yield Step(("monitor", "log-analytics", "workspace", "create", "-g", GROUP, "-n", LOGS, "-l", "eastus2"), _named(LOGS))  # fmt: skip
    yield Step(("monitor", "diagnostic-settings", "create", *setting, "--workspace", logs, "--export-to-resource-specific", "true", "--logs", json.dumps([{"categoryGroup": "audit", "enabled": True}])), lambda found: found["logAnalyticsDestinationType"] == "Dedicated")  # fmt: skip
    yield Step(("monitor", "diagnostic-settings", "show", *setting), _named("audit"))
    yield Step(("monitor", "action-group", "create", "-n", "keys", "-g", GROUP, "--short-name", "keys", "--action", "email", "officer", "officer@example.com", "usecommonalertschema"), lambda found: found["emailReceivers"][0]["useCommonAlertSchema"])  # fmt: skip
    yield Step(("monitor", "action-group", "list", "-g", GROUP), _has("keys"))
    yield Step(("monitor", "metrics", "alert", "create", "-n", "latency", "-g", GROUP, "--scopes", vault, "--condition", "avg ServiceApiLatency > 1000", "--action", actions), lambda found: found["criteria"]["allOf"][0]["threshold"] == 1000)  # fmt: skip
    yield Step(("monitor", "metrics", "alert", "list", "-g", GROUP), _has("latency"))
    yield Step(("monitor", "activity-log", "alert", "create", "-n", "vault-gone", "-g", GROUP, "--scope", group, "--condition", "category=Administrative and operationName=Microsoft.KeyVault/vaults/delete", "-a", actions), _named("vault-gone"))  # fmt: skip
    yield Step(("monitor", "activity-log", "alert", "list", "-g", GROUP), _has("vault-gone"))
    yield Step(("monitor", "action-group", "test-notifications", "create", "--action-group", "keys", "-g", GROUP, "-a", "email", "officer", "officer@example.com", "usecommonalertschema", "--alert-type", "logalertv2"), lambda found: found["actionDetails"][0]["Name"] == "officer")  # fmt: skip
    yield Step(("monitor", "diagnostic-settings", "delete", *setting), _anything)


def _end() -> Iterator[Step]:
    yield Step(("resource", "list", "-g", GROUP), lambda found: {"Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"} <= {each["type"] for each in found})  # fmt: skip
    yield Step(("group", "delete", "-n", GROUP, "--yes"), _anything)
    yield Step(("group", "exists", "-n", GROUP), lambda found: found is False)


def _do(az: str, step: Step, env: dict[str, str]) -> str:
    """Does it, and returns what was wrong: empty where nothing was."""
    command = [az, *step.arguments, "--output", "json", "--only-show-errors"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    if step.fails:
        return (
            ""
            if done.returncode and step.fails in done.stderr
            else f"not refused with '{step.fails}': {done.stderr[-400:]}"
        )
    if done.returncode:
        return f"ended with {done.returncode}: {done.stderr.strip()[-400:]}"
    try:
        found = json.loads(done.stdout) if done.stdout.strip() else None
        return "" if step.holds(found) else f"answered {done.stdout.strip()[:400]}"
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return f"{type(error).__name__} {error}: {done.stdout.strip()[:400]}"


def steps(folder: Path, secret: Path) -> Iterator[Step]:
    """All of them, in their order."""
    yield from _account(secret, dict(os.environ))
    for part in (
        _storage(folder),
        _vault(),
        _rights(),
        _policies(),
        _locks(),
        _shares(folder),
        _secrets(folder),
        _alarms(),
        _end(),
    ):
        yield from part


def main(az: str) -> int:
    """Does them all, tells each, and returns how many failed."""
    failed = done = 0
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        secret = folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(os.environ["AZURE_CLIENT_SECRET"])
        own = {
            "AZURE_CONFIG_DIR": str(folder / "config"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_NO_COLOR": "1",
        }
        for step in steps(folder, secret):
            wrong = _do(az, step, {**os.environ, **own})
            done, failed = done + 1, failed + bool(wrong)
            told = " ".join(each for each in step.arguments if not each.startswith(("@", "{")))[:100]
            print(f"{'FAILED' if wrong else 'passed'}  az {told}", flush=True)
            if wrong:
                print(f"        {wrong}", flush=True)
            if wrong and done == 1:
                print("        Without a login nothing else was tried.")
                break
    print(f"Azure CLI: {done - failed} of {done} commands passed.", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1]), 1))
