"""The console script `azsandbox`: parses, calls, prints, exits."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from azsandbox import lifetime, nodepackages, requestlog
from azsandbox.principals import Directory
from azsandbox.roledelay import set_delay
from azsandbox.settings import Options, environment
from azsandbox.state import AlreadyRunning, NotRunning, StateFolder, default_folder, write_secret


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _limits(text: str) -> str:
    if text in {"real", "off"} or (text[:1] == "x" and text[1:].isdigit() and int(text[1:]) > 0):
        return text
    raise argparse.ArgumentTypeError("expected real, off or xN (the buckets refill N times as fast)")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("expected a number of seconds, 0 or more")
    return seconds


def _state_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, help="state folder (default: $AZSANDBOX_STATE, else ./.azsandbox)")


def _run_options(parser: argparse.ArgumentParser) -> None:
    _state_option(parser)
    parser.add_argument(
        "--arm-limits", type=_limits, default="real", metavar="real|off|xN", help="how ARM throttles"
    )
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="MS", help="milliseconds to add to every request"
    )
    parser.add_argument("--port", type=int, default=0, help="port of the proxy (default: any free port)")
    parser.add_argument("--location", default="eastus2", help="Azure region (default: eastus2)")
    parser.add_argument(
        "--role-delay",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="delay until a role assignment takes effect",
    )
    parser.add_argument(
        "--capture", action="store_true", help="record every exchange with ARM in capture.jsonl, without secrets"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="azsandbox", description="A local Azure for unmodified clients, behind a proxy."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="install the npm packages that the sandbox needs")
    up = commands.add_parser("up", help="start a sandbox")
    _run_options(up)
    up.add_argument("--detach", action="store_true", help="return as soon as it runs")
    up.add_argument("--until-input-ends", action="store_true", help="stop when standard input ends")
    _state_option(commands.add_parser("down", help="stop the sandbox"))
    _state_option(commands.add_parser("env", help='print export lines: eval "$(azsandbox env)"'))
    run = commands.add_parser("exec", help="start a sandbox, run a command in it, stop the sandbox")
    _run_options(run)
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD ...")
    _seed(commands.add_parser("seed", help="fill the running sandbox with a demo, or from files"))
    faults = commands.add_parser("faults", help="make selected requests fail")
    _state_option(faults)
    faults.add_argument("verb", choices=["set", "clear"], help="use the rules of a file, or end all rules")
    faults.add_argument("file", nargs="?", type=Path, help="with `set`: the rules, in JSON")
    _log(commands.add_parser("log", help="print the request log, one JSON line per request"))
    principal = commands.add_parser("principal", help="create a service principal")
    _state_option(principal)
    principal.add_argument("verb", choices=["add"], help="create it, and print its ids and its secret")
    principal.add_argument("name", help="its display name")
    principal.add_argument("--env", action="store_true", help="print export lines that sign a shell in as it")
    principal.add_argument("--no-roles", action="store_true", help="without any right (default: with all rights)")
    principal.add_argument(
        "--role",
        type=Path,
        metavar="FILE",
        help="only with this custom role, a file as for az role definition create",
    )
    principal.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="GROUP",
        help="resource group at which it has the role; may be repeated",
    )
    delay = commands.add_parser("role-delay", help="set how long new role assignments take to have an effect")
    _state_option(delay)
    delay.add_argument("seconds", type=_seconds, help="0: at once")
    deny = commands.add_parser("deny", help="set or clear deny assignments, such as Azure itself creates")
    _state_option(deny)
    deny.add_argument("verb", choices=["set", "clear"], help="use those of a file, or remove all")
    deny.add_argument("file", nargs="?", type=Path, help="with `set`: a JSON list of {scope, name, properties}")
    _alert(commands.add_parser("alert", help="have a rule of Azure Monitor fire, or resolve what it fired"))
    rest = commands.add_parser("rest", help="make one call as whoever the shell is signed in as, like az rest")
    rest.add_argument("method", help="GET, PUT, PATCH, POST or DELETE")
    rest.add_argument("url", help="with its api-version; what begins with a slash is ARM's")
    rest.add_argument("--body", default="", metavar="JSON", help="what is sent")
    ahead = commands.add_parser("pass-days", help="move the clock of the sandbox on")
    _state_option(ahead)
    ahead.add_argument("days", type=float, help="by how many days")
    return parser


def _alert(parser: argparse.ArgumentParser) -> None:
    _state_option(parser)
    parser.add_argument("verb", choices=["fire", "resolve"], help="fire an alert, or resolve all that are open")
    parser.add_argument("rule", help="ARM id of the rule")
    parser.add_argument("--target", default="", metavar="ID", help="resource (default: the rule's first scope)")


def _seed(parser: argparse.ArgumentParser) -> None:
    _state_option(parser)
    parser.add_argument(
        "what",
        nargs="?",
        choices=["demo", "bank"],
        help="demo: a realistic source workspace and an empty target; bank: three old workspaces, two new ones",
    )
    parser.add_argument(
        "--realistic",
        action="store_true",
        help="with demo: also computes, connections, schedules, endpoints, roles and many files",
    )
    parser.add_argument(
        "--notebooks", type=int, default=2_000, metavar="COUNT", help="with --realistic: how many files"
    )
    parser.add_argument("--workspace", metavar="ARM_ID", help="instead: the workspace to fill from files")
    parser.add_argument("--resources", type=Path, metavar="FILE", help="ARM resources, one JSON line each")
    parser.add_argument("--blobs", type=Path, metavar="FILE", help="blobs, one JSON line each")
    parser.add_argument(
        "--files", type=Path, metavar="FILE", help="files of the workspace's file shares, one JSON line each"
    )
    parser.add_argument("--json", action="store_true", help="with demo: print ids and counts as one JSON object")


def _log(parser: argparse.ArgumentParser) -> None:
    _state_option(parser)
    for name in ("host", "method", "path", "status", "principal"):
        parser.add_argument(f"--{name}", metavar="REGEX", help=f"only requests whose {name} matches")
    parser.add_argument("--json", action="store_true", help="JSON lines (the default)")
    parser.add_argument(
        "--since", default="", metavar="TIME", help="only requests from this time on, written as in the log"
    )
    parser.add_argument("--follow", action="store_true", help="continue to print new requests")


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        arguments.arm_limits,
        arguments.latency,
        arguments.port,
        arguments.location,
        arguments.role_delay,
        arguments.capture,
    )


def _folder(arguments: argparse.Namespace, *, make: bool = False) -> StateFolder:
    return StateFolder(arguments.state or default_folder(), make=make)


def _setup(_: argparse.Namespace) -> int:
    _print(
        "The npm packages are installed." if nodepackages.install() else "The npm packages were installed already."
    )
    return 0


def _up(arguments: argparse.Namespace) -> int:
    state = _folder(arguments, make=True)
    if arguments.detach:
        lifetime.detach(state, _options(arguments))
        _print(f"azsandbox runs, with its state in {state.root}")
        _print(f'Next: eval "$(azsandbox env --state {state.root})"')
        return 0
    from azsandbox import running

    tied = arguments.until_input_ends
    return asyncio.run(running.serve(state, _options(arguments), ready=_print, tied=tied))


def _down(arguments: argparse.Namespace) -> int:
    lifetime.stop(_folder(arguments))
    return 0


def _env(arguments: argparse.Namespace) -> int:
    state = _folder(arguments)
    for name, value in environment(state, state.announced()["port"]).items():
        _print(f"export {name}={shlex.quote(value)}")
    return 0


def _exec(arguments: argparse.Namespace) -> int:
    command = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    if not command:
        sys.stderr.write("azsandbox exec: there is no command after --\n")
        return 2
    from azsandbox import running

    return running.execute(arguments.state, _options(arguments), command)


def _run_seed(arguments: argparse.Namespace) -> int:
    from azsandbox.seeding import main as run

    return run(_folder(arguments), arguments)


def _faults(arguments: argparse.Namespace) -> int:
    state = _folder(arguments, make=True)
    if arguments.verb == "clear":
        state.faults.unlink(missing_ok=True)
        return 0
    if arguments.file is None:
        sys.stderr.write("azsandbox faults set: FILE is missing\n")
        return 2
    from azsandbox.faultrules import parse

    text = arguments.file.read_text(encoding="utf-8")
    rules = parse(text)
    write_secret(state.faults, text)
    _print(f"{len(rules)} rule{'s' * (len(rules) != 1)}")
    return 0


def _deny(arguments: argparse.Namespace) -> int:
    state = _folder(arguments, make=True)
    if arguments.verb == "clear":
        state.denials.unlink(missing_ok=True)
        return 0
    if arguments.file is None:
        sys.stderr.write("azsandbox deny set: FILE is missing\n")
        return 2
    from azsandbox.denials import set_denials

    count = set_denials(state, arguments.file.read_text(encoding="utf-8"))
    _print(f"{count} deny assignment{'s' * (count != 1)}")
    return 0


def _fire(arguments: argparse.Namespace) -> int:
    from azsandbox.arm.monitor.byhand import ask

    state = _folder(arguments)
    state.announced()
    ask(state.arm, arguments.rule, arguments.target, resolved=arguments.verb == "resolve")
    return 0


def _rest(arguments: argparse.Namespace) -> int:
    from azsandbox.restcalls import call

    status, text = call(arguments.method, arguments.url, arguments.body)
    _print(text)
    return int(status >= 400)


def _pass_days(arguments: argparse.Namespace) -> int:
    from azsandbox import timeahead

    if not 0 <= arguments.days < math.inf:
        raise ValueError("the clock goes on by a number of days, and never back")
    timeahead.move(_folder(arguments), arguments.days * 86400)
    return 0


def _show_log(arguments: argparse.Namespace) -> int:
    names = ("host", "method", "path", "status", "principal")
    filters = {name: getattr(arguments, name) for name in names if getattr(arguments, name)}
    for entry in requestlog.read(_folder(arguments).log, filters, since=arguments.since, follow=arguments.follow):
        _print(json.dumps(entry, ensure_ascii=False))
    return 0


def _principal(arguments: argparse.Namespace) -> int:
    from azsandbox import leastroles

    if bool(arguments.role) != bool(arguments.at):
        raise ValueError("--role and --at need each other")
    state = _folder(arguments, make=True)
    role = leastroles.read(arguments.role) if arguments.role else None
    made, secret = Directory(state).add(arguments.name, has_roles=not (arguments.no_roles or role))
    if role:
        env = environment(state, state.announced()["port"])
        asyncio.run(leastroles.give(env, made, role, arguments.at))
    if arguments.env:
        for variable, value in (("AZURE_CLIENT_ID", made.client_id), ("AZURE_CLIENT_SECRET", secret)):
            _print(f"export {variable}={shlex.quote(value)}")
        return 0
    _print(f"client id      {made.client_id}")
    _print(f"object id      {made.object_id}")
    _print(f"client secret  {secret}    (shown only now)")
    return 0


def _role_delay(arguments: argparse.Namespace) -> int:
    set_delay(_folder(arguments, make=True), arguments.seconds)
    return 0


_COMMANDS = {
    "setup": _setup,
    "up": _up,
    "down": _down,
    "env": _env,
    "exec": _exec,
    "seed": _run_seed,
    "faults": _faults,
    "deny": _deny,
    "alert": _fire,
    "rest": _rest,
    "pass-days": _pass_days,
    "log": _show_log,
    "principal": _principal,
    "role-delay": _role_delay,
}


_CANNOT = (
    AlreadyRunning,
    NotRunning,
    lifetime.CannotStart,
    nodepackages.AzuriteMissing,
    nodepackages.CannotSetUp,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 2 for wrong usage or input, 1 where the sandbox cannot do it."""
    arguments = _parser().parse_args(argv)
    try:
        return _COMMANDS[arguments.command](arguments)
    except (FileNotFoundError, ValueError) as error:
        sys.stderr.write(f"azsandbox: {error}\n")
        return 2
    except _CANNOT as error:
        sys.stderr.write(f"azsandbox: {error}\n")
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
