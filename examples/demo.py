"""The main job, from a commit to a deploy gate, played with the example services on this machine: `make demo`.

act runs the services' workflows, with the actions of this checkout, against one embedded broker in a file. Each scene
has what it must come to, and the demo ends with 1 where a workflow answers something else. What is printed as an answer
was read from the run.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import demo_pages
from demo_act import Act, Run, Step
from demo_setup import CHECKOUT, PORTS, Repository, SetupError, act, free_port, repository

# The steps of the workflows that the story is about.
GATE = "Can I deploy to production?"
VERIFICATION = "Verify"
RECORD = "Record what was deployed"
SHOWN = ("Test", "Publish", VERIFICATION, GATE, RECORD)

MARKS = {"success": "✅", "failure": "❌"}
LOG_END = 60  # lines that are shown of a run that went another way


def story(stage: Stage) -> None:
    """Play the scenes in their order."""
    ports = [free_port() for _ in PORTS]
    fulfilment = repository("fulfilment", stage.folder, ports)
    orders = repository("orders", stage.folder, ports)
    products = repository("products", stage.folder, ports)

    stage.play(
        "fulfilment writes down in a test what it needs of the message order.placed, and publishes it as a pact. "
        "Nobody has verified it, so the gate says no.",
        fulfilment,
        Expected("not-in-environment", said="orders-service has never published a result"),
    )
    stage.play(
        "orders publishes what it needs of products, and verifies its message. Nobody has verified what orders needs.",
        orders,
        Expected("not-in-environment", verified="passed", said="products-service has never published a result"),
    )
    stage.play(
        "products verifies what orders needs. Nothing stands against it, but its deploy waits for an approval.",
        products,
        Expected("yes", verified="passed"),
        until="can-i-deploy",
    )
    stage.play(
        "orders asks again. What it needs is verified now, but not in production yet.",
        orders,
        Expected("not-in-environment", said=f"Its version {products.commit[:8]}"),
        kept=["contract"],
    )
    stage.play(
        "The deploy of products is approved. That it was deployed is recorded.",
        products,
        Expected(deployed=True),
        kept=["contract", "can-i-deploy"],
    )
    stage.play(
        "orders asks again, and is deployed.",
        orders,
        Expected("yes", deployed=True),
        kept=["contract"],
    )
    stage.play(
        "fulfilment asks again. The orders in production has verified its message, so it is deployed too.",
        fulfilment,
        Expected("yes", deployed=True),
    )
    products.start_branch("rename-price")
    products.change("Call the price an amount", _rename_price)
    stage.play(
        "products renames a field on a branch. Its own tests pass, but orders reads that field.",
        products,
        Expected("failed", verified="failed", said="$.price"),
    )
    products.revert()
    stage.play(
        "products takes the renaming back.",
        products,
        Expected("yes", verified="passed"),
    )


def _rename_price(service: Path) -> None:
    for file in [*service.glob("src/products/*.py"), *service.glob("tests/*.py"), service / "openapi.json"]:
        text = re.sub(r"\bprice\b", "amount", file.read_text(encoding="utf-8"))
        file.write_text(re.sub(r"\bPrice\b", "Amount", text), encoding="utf-8")  # FastAPI's title of the field


@dataclass(frozen=True)
class Expected:
    """What a scene must come to.

    `verdict` is the gate's, `verified` the verification's result, each empty where the scene is not about it;
    `deployed` is whether a deployment was recorded; `said` must stand in what the gate or the verification answered.
    """

    verdict: str = ""
    verified: str = ""
    deployed: bool = False
    said: str = ""


class Stage:
    """The folder that all happens in, with act set up in it, and the pages of what was played."""

    def __init__(self, folder: Path, runner: Act) -> None:
        self.folder = folder
        self.pages: list[demo_pages.Page] = []
        self._runner = runner

    def play(
        self, title: str, service: Repository, expected: Expected, *, kept: Sequence[str] = (), until: str = ""
    ) -> None:
        """Run what a push of the checked-out commit starts, show what it answers, and compare it with what is expected.

        `kept` are jobs that are not run again, as with GitHub's “Re-run failed jobs”; `until` is the last job to run.

        Raises:
            OtherwiseError: the workflow answered something else.
        """
        number = len(self.pages) + 1
        commit = f"{service.name} {service.commit[:8]} on {service.branch}"
        print()
        _say(f"{number}. {title}")
        _say(commit, indent=3)
        log = self.folder / f"{number:02}.log"
        run = self._runner.push(service.path, log, _show, kept=kept, until=until)
        self.pages.append(demo_pages.Page(title, commit, run.step(GATE).outputs.get("verdict", ""), run))
        differences = "; ".join(_differences(run, expected))
        if differences:
            raise OtherwiseError(f"Scene {number} went another way: {differences}.\n{_end_of_log(run)}")


class OtherwiseError(Exception):
    """A workflow answered something else than it must."""


def _differences(run: Run, expected: Expected) -> Iterator[str]:
    """Say where a run is not what was expected."""
    gate, verification = run.step(GATE), run.step(VERIFICATION)
    answers = (("verdict", gate, expected.verdict), ("result", verification, expected.verified))
    for output, step, wanted in answers:
        if wanted and step.outputs.get(output) != wanted:
            yield f"the {output} is {step.outputs.get(output)}, not {wanted}"
    if expected.verdict and (run.jobs.get("can-i-deploy") == "success") != (expected.verdict == "yes"):
        yield f"the gate's job ended with {run.jobs.get('can-i-deploy')}"
    if (run.step(RECORD).result == "success") != expected.deployed:
        yield f"a deployment was {'not ' if expected.deployed else ''}recorded"
    if expected.said not in "\n".join([*gate.outputs.values(), *verification.errors]):
        yield f"nothing says “{expected.said}”"


def _show(step: Step) -> None:
    """Print what a step answered, as it ends."""
    if step.name not in SHOWN:
        return
    name = step.name if step.name.endswith("?") else f"{step.name}:"
    _say(f"{MARKS.get(step.result, step.result)} {name} {_headline(step)} ({step.seconds:.1f} s)", indent=3)
    answered = [step.outputs.get("reason", ""), step.outputs.get("next-step", "")]
    errors = [line for error in step.errors for line in error.splitlines()]
    for line in answered if any(answered) else errors:
        _say(line, indent=6)


def _headline(step: Step) -> str:
    """Return the last title of a step's summary without its symbol and its Markdown, or the step's result."""
    titles = re.findall(r"^## \S+ (.+)", step.summary, re.MULTILINE)
    return re.sub(r"\\(.)", r"\1", titles[-1]).rstrip(".") if titles else step.result


def _say(text: str, indent: int = 0) -> None:
    width = min(shutil.get_terminal_size().columns, 100)
    margin = " " * indent
    if text:
        print(
            textwrap.fill(text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False),
            flush=True,
        )


def _end_of_log(run: Run) -> str:
    """Return the last that the steps printed, without act's JSON around it."""
    printed = []
    for line in run.log.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            printed.append(line)
            continue
        if entry.get("raw_output") or entry.get("level") == "error" or entry.get("command") == "error":
            printed.append(entry["msg"].rstrip())
    return "\n".join(f"   | {line}" for line in [*printed[-LOG_END:], f"The whole log: {run.log}"])


def _cleared(folder: Path) -> Path:
    """Return the folder without what an earlier demo left in it; what was downloaded stays, in `cache`."""
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        if left.name == "cache":
            continue
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    return folder


def _directory_without_spaces() -> str:
    return "/tmp" if " " in tempfile.gettempdir() else tempfile.gettempdir()  # noqa: S108


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Play the story; the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    started = time.monotonic()
    folder = _cleared(CHECKOUT / ".demo")
    print(f"Everything happens in {folder}", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="pact-gate-demo-", dir=_directory_without_spaces()) as act_cache:
            stage = Stage(folder, act(folder, Path(act_cache)))
            try:
                story(stage)
            finally:
                index = demo_pages.write(stage.pages, folder)
    except (SetupError, OtherwiseError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print(f"\nAll {len(stage.pages)} scenes went as they must, in {time.monotonic() - started:.0f} s.")
    print(f"The job summaries: {index.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
