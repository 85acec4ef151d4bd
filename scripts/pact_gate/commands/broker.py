"""The words of `broker`: `serve` here and now, `start` for the rest of a job, and those of modules of their own."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pact_gate.commands.step import Step
from pact_gate.model.errors import InputError
from pact_gate.model.outcome import Outcome
from pact_gate.settings.broker import AccessSettings, ServeSettings, access_settings, serve_settings
from pact_gate.settings.inputs import Inputs, environment_of_others

_OTHER_WORDS = {"backup": "pact_gate.commands.broker_backup", "check": "pact_gate.commands.broker_check"}
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.05
_ENDING = ("SIGTERM", "SIGINT", "SIGHUP")
_ANNOUNCED = "The embedded broker serves "


def run(inputs: Inputs, step: Step) -> Outcome:
    """Serve, start a process that serves, or do what another word says."""
    action = inputs.text("action")
    if action in _OTHER_WORDS:
        outcome: Outcome = importlib.import_module(_OTHER_WORDS[action]).run(inputs, step)
        return outcome
    settings = serve_settings(inputs, default_port="0" if action == "start" else "9292")
    if action == "serve":
        return _serve(settings, access_settings(inputs), step)
    if action == "start":
        return _start(settings, step)
    raise InputError(
        f"There is no command '{' '.join(filter(None, ('broker', action)))}'.",
        "Write `broker serve`, `broker start`, `broker backup` or `broker check`.",
    )


def _serve(settings: ServeSettings, access: AccessSettings, step: Step) -> Outcome:
    """Serve until it is ended by Ctrl-C, SIGTERM or SIGHUP; a second one of them ends it at once."""
    from pact_gate.embedded import application  # noqa: PLC0415 - the other words need none of these
    from pact_gate.serving import journal  # noqa: PLC0415
    from pact_gate.serving.server import Limits, Server  # noqa: PLC0415

    database = Path(settings.database)
    with journal.writing(sys.stderr), ExitStack() as ending:
        ending.callback(os.umask, os.umask(0o077))  # a new file will hold the secrets of webhooks
        broker = application(database, webhook_hosts=frozenset(settings.webhook_hosts))
        ending.callback(broker.close)
        served, guard = _guarded(broker, access)
        try:
            server = Server(served, access.host, settings.port, Limits(), guard)
        except OSError as error:
            raise InputError(
                f"The address {access.host} or its port {settings.port} cannot be used: {error.strerror}.",
                "Choose another port, or an address of this machine.",
            ) from error
        _end_by_signals(server)
        step.log(f"{_ANNOUNCED}{database} at {server.url}")
        server.run()
    return Outcome(f"The embedded broker at {server.url} was ended.")


def _end_by_signals(server: Any) -> None:
    def end(number: int, _frame: FrameType | None) -> None:
        if server.is_ending:
            _die(number)
        server.end()

    for name in _ENDING:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):  # as under nohup
            signal.signal(number, end)


def _die(number: int) -> None:
    """End at once of a signal; the first process of a container, whom none but a handled one ends, by its code."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    os._exit(128 + number)


def _guarded(broker: Any, access: AccessSettings) -> tuple[Any, Any]:
    """Put before the broker what it needs to be served to others, and give what is asked before a body is received.

    First comes the proxy's word, then whose pages a browser shows, then who may in.
    """
    from pact_gate.embedded.app import raw_path  # noqa: PLC0415
    from pact_gate.serving.access import Access, Credentials  # noqa: PLC0415
    from pact_gate.serving.browsers import Browsers  # noqa: PLC0415
    from pact_gate.serving.forwarded import Forwarded  # noqa: PLC0415
    from pact_gate.serving.server import everyone  # noqa: PLC0415

    who = Credentials(access.tokens, access.users, access.reader_tokens, access.reader_users)
    known = Access(broker, who, raw_path) if who else broker
    only_here = not (who or access.trusted_proxies)  # without credentials it listens to this machine alone
    served = Forwarded(Browsers(known, only_here=only_here), access.trusted_proxies)
    return served, known.denial if who else everyone


def _start(settings: ServeSettings, step: Step) -> Outcome:
    """Start `broker serve` as a process of its own, which ends with the job, and wait until it answers."""
    log = Path(tempfile.mkstemp(prefix="pact-gate-broker-", suffix=".log", dir=step.runner.temporary_folder)[1])
    words = [sys.executable, "-I", sys.argv[0], "broker", "serve"]
    words += ["--database", settings.database, "--port", str(settings.port)]
    words += [word for host in settings.webhook_hosts for word in ("--webhook-hosts", host)]
    # Without the runner's own variables of this step: what it logs is no command to the runner.
    environment = environment_of_others(os.environ)
    environment.pop("GITHUB_ACTIONS", None)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            words,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    url = _url(process, log, step)
    return Outcome(
        headline=f"The embedded broker serves {settings.database} at {url} for the rest of this job.",
        facts=(("address", url), ("log", str(log)), ("process", str(process.pid))),
        outputs={"url": url},
    )


def _url(process: subprocess.Popen[bytes], log: Path, step: Step) -> str:
    end = step.clock.now() + _START_SECONDS
    while step.clock.now() < end and process.poll() is None:
        found = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if _ANNOUNCED in line]
        if found and _answers(url := found[0].rpartition(" at ")[2]):
            return url
        step.clock.sleep(_LOOK_SECONDS)
    process.kill()
    told = log.read_text(encoding="utf-8", errors="replace").strip().removeprefix("Error: ").partition("\n")[0]
    raise InputError(f"The embedded broker did not start. {told}".strip(), "Check the inputs `database` and `port`.")


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):  # noqa: S310 - an address of our own
            return True
    except (URLError, OSError):
        return False
