"""The command line: finds and runs the command, reports its outcome, gives every error its sentence and its code."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from difflib import get_close_matches
from pathlib import Path

from pact_gate import usage
from pact_gate.commands.step import Step
from pact_gate.connect import connect, connect_github
from pact_gate.github import event
from pact_gate.github.runner import Runner
from pact_gate.model.errors import InputError, PactGateError
from pact_gate.model.outcome import Outcome
from pact_gate.report import annotations as notes
from pact_gate.report import summary, text
from pact_gate.report.escape import log_line
from pact_gate.settings.broker import broker_settings
from pact_gate.settings.github import github_settings
from pact_gate.settings.inputs import Inputs
from pact_gate.settings.known import KNOWN, LISTS, WORDS, WORDS_WITH_PATH

# A command's module is imported when it is asked for: a step pays for nothing that it does not use.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "gate": ("pact_gate.commands.gate", "publish this commit's pacts if there are any, then ask can-i-deploy"),
    "publish": ("pact_gate.commands.publish", "publish this commit's pacts"),
    "verify": ("pact_gate.commands.verify", "verify a provider against its consumers' pacts"),
    "compare-openapi": ("pact_gate.commands.compare_openapi", "compare pacts with a provider's OpenAPI document"),
    "can-i-deploy": ("pact_gate.commands.can_i_deploy", "ask whether a version may be deployed or merged"),
    "explain": ("pact_gate.commands.explain", "say why a result is missing, and what mends it"),
    "contract-gate": (
        "pact_gate.commands.contract_gate",
        "publish, have verified, wait, and decide on a pull request",
    ),
    "trigger-verification": ("pact_gate.commands.trigger_verification", "have the providers verify what is missing"),
    "settle-statuses": ("pact_gate.commands.settle_statuses", "end the commit statuses that a gate left pending"),
    "requested-versions": ("pact_gate.commands.requested_versions", "check a consumer's request for a verification"),
    "reconcile": ("pact_gate.commands.reconcile", "find and put right what no push puts right"),
    "record-deployment": ("pact_gate.commands.record_deployment", "record what was deployed, released or removed"),
    "create-version": ("pact_gate.commands.create_version", "create a version without pacts"),
    "fetch-pacts": ("pact_gate.commands.fetch_pacts", "take pact files out of a run's artifact, as untrusted data"),
    "scaffold-states": ("pact_gate.commands.scaffold_states", "write down the provider states that the pacts ask for"),
    "lint": ("pact_gate.commands.lint", "look through pact files for what will hurt later"),
    "plan": ("pact_gate.commands.plan", "say which pacticipants of pact-gate.yml this commit concerns"),
    "broker": (
        "pact_gate.commands.broker",
        "serve the embedded broker, copy its file, check it: broker serve|start|backup|check",
    ),
}

_HELP = frozenset(("-h", "--help"))
_BUG = "https://github.com/pact-gate/pact-gate/issues"


def main(argv: Sequence[str]) -> int:
    """Run one command and give its exit code: 0 done, 1 no, 2 wrong input, 3 no broker or GitHub, 4 a bug here."""
    runner = Runner(os.environ)
    try:
        return _ended(argv, runner)
    finally:
        with suppress(OSError):  # a full disk may be what an error is about
            runner.write_summary()


def _ended(argv: Sequence[str], runner: Runner) -> int:
    """Run one command, and turn whatever it raises into its sentence and its exit code."""
    try:
        return _run(argv, runner)
    except PactGateError as error:
        _report_error(error, runner)
        return error.exit_code
    except OSError as error:  # a full disk, a folder that is gone: this machine's, not ours
        cause = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
        refusal = InputError(cause, "Check the inputs that name files, and this machine's disk.")
        _report_error(refusal, runner)
        return refusal.exit_code
    except Exception as error:
        runner.log("\n".join(map(log_line, traceback.format_exc().splitlines())))
        bug = PactGateError(
            f"pact-gate broke ({type(error).__name__}).", f"The traceback is in the log. Please report it: {_BUG}"
        )
        _report_error(bug, runner)
        return bug.exit_code


def _run(argv: Sequence[str], runner: Runner) -> int:
    if not argv or argv[0] == "help" or not _HELP.isdisjoint(argv):
        runner.log(_usage([word for word in argv if word not in {"help", *_HELP}]))
        return 0
    module = importlib.import_module(_module(argv[0]))
    inputs = Inputs(_flags(argv[0], argv[1:]), os.environ)
    broker = broker_settings(inputs)
    github = github_settings(inputs)
    runner.mask(filter(None, (*broker.secrets, github.github_token)))
    with ExitStack() as ending:
        step = Step(
            runner,
            connect=lambda: ending.enter_context(closing(connect(broker))),
            connect_github=lambda token: ending.enter_context(closing(connect_github(github, token))),
            find_commit=lambda: event.commit(os.environ, Path.cwd()),
        )
        outcomes = module.run(inputs, step)
        return max(_report(each, runner) for each in ((outcomes,) if isinstance(outcomes, Outcome) else outcomes))


def _module(command: str) -> str:
    if command not in COMMANDS:
        near = get_close_matches(command, COMMANDS, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"There is no command {command!r}.{hint}", f"The commands are: {', '.join(COMMANDS)}.")
    return COMMANDS[command][0]


def _flags(command: str, words: Sequence[str]) -> dict[str, str]:
    """Read `--input value`, `--input=value` and `--input` (for true), and the words of `broker`: `broker check PATH`.

    An input that is a list may be given several times.
    """
    given: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        place = None if word.startswith("--") else _place(command, given)
        if place:
            given[place] = word
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        known = KNOWN[command] | WORDS.get(given.get("action", ""), {}).keys()
        if not word.startswith("--") or name not in known:
            raise _unknown_input(command, word, name, known)
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        if name in given and name not in LISTS:
            raise InputError(f"The input --{name} is given twice.", "Give it once.")
        given[name] = f"{given[name]}\n{value}" if name in given else value
    return given


def _place(command: str, given: Mapping[str, str]) -> str | None:
    """Say which input a word without dashes is, if it can be one here: `broker ACTION`, and for some the file."""
    if command != "broker":
        return None
    if not given:
        return "action"
    return "path" if given.get("action") in WORDS_WITH_PATH and "path" not in given else None


def _unknown_input(command: str, word: str, name: str, known: Collection[str]) -> InputError:
    near = get_close_matches(name.lstrip("-"), known, 1)
    hint = f" Did you mean --{near[0]}?" if near else ""
    listed = ", ".join(f"--{each}" for each in sorted(known))
    return InputError(f"The command {command} knows no input {word!r}.{hint}", f"Its inputs are: {listed}.")


def _usage(words: Sequence[str]) -> str:
    if not words:
        return usage.of_all({name: purpose for name, (_, purpose) in COMMANDS.items()})
    _module(words[0])  # it says which commands there are
    return usage.of_command(words[0])


def _report(outcome: Outcome, runner: Runner) -> int:
    runner.log(text.text(outcome))
    runner.output(outcome.outputs)
    runner.summarize(summary.summary(outcome))
    if runner.on_github:
        runner.annotate(notes.annotations(outcome))
    return outcome.exit_code


def _report_error(error: PactGateError, runner: Runner) -> None:
    runner.log(text.error_text(error))
    if runner.on_github:
        runner.annotate(notes.error_annotations(error))
    runner.summarize(summary.error_summary(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
