"""The actions on pull requests: whose commit it is, what a fork cannot have, and what strangers write."""

from __future__ import annotations

import http.server
import json
import re
import threading

import pytest

HEAD = "a" * 40
# All of it is a branch name that git takes.
HOSTILE_BRANCH = (
    "feat/$(touch${IFS}pwned-1)`touch${IFS}pwned-2`;touch${IFS}pwned-3|</details><img/src=x>'\"%0A%3A%3Aerror"
)
HOSTILE_TEXT = (
    "it's | a `touch pwned-4` $(touch pwned-5) ${{ github.token }} </details> <script>alert(1)</script>\n"
    "::set-output name=deployable::true\n::error file=x::forged\n##[error]forged\n%0A::warning::forged @everyone"
)


def pull_request(*, head_repository="acme/shop", branch="feat/cart"):
    """The part of GitHub's payload for `pull_request` that tells whose commit it is."""
    owner = head_repository.partition("/")[0]
    head = {"sha": HEAD, "ref": branch, "repo": {"full_name": head_repository}, "user": {"login": owner}}
    base = {"sha": "b" * 40, "ref": "main", "repo": {"full_name": "acme/shop"}}
    repository = {"full_name": "acme/shop", "default_branch": "main"}
    return {"number": 7, "pull_request": {"number": 7, "head": head, "base": base}, "repository": repository}


@pytest.mark.parametrize(
    ("head_repository", "branch"), [("acme/shop", "feat/cart"), ("stranger/shop", "stranger:feat/cart")]
)
def test_the_version_is_the_heads_commit(act, estate, pact, head_repository, branch):
    """Never GITHUB_SHA, which is the merge commit; a fork's branch is told apart from one of this repository."""
    run = act.steps(
        f"""
        - id: gate
          continue-on-error: true
          uses: pact-gate/pact-gate@v1
          with: {{"broker-url": "{estate.url}", "pacticipant": "web", "to-environment": "production"}}
        """,
        pull_request=pull_request(head_repository=head_repository),
        files={"pacts/web-products.json": pact("web", "products")},
    )
    outputs = run.step("gate").outputs
    assert run.sha != HEAD
    assert (outputs["version"], outputs["branch"]) == (HEAD, branch)
    assert (outputs["verdict"], run.step("gate").exit_code) == ("not-in-environment", 1)
    assert estate.broker.version("web", run.sha) is None
    # The tests ran on what actions/checkout takes, the merge commit.
    [warning] = [each for each in run.step("gate").annotations if each.level == "warning"]
    assert warning.title == "Another commit was tested"
    assert run.sha[:10] in warning.message


class Refusing(http.server.BaseHTTPRequestHandler):
    """A broker that wants credentials."""

    def do_GET(self):
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture
def refusing_broker():
    """The address of one."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_fork_without_secrets_gets_a_sentence_and_no_yes(act, refusing_broker, pact):
    """An empty token is none; what the broker then refuses is no verdict that anybody could take for a yes."""
    given = {"broker-url": refusing_broker, "broker-token": "${{ secrets.PACT_BROKER_TOKEN }}"}
    gate = json.dumps({**given, "pacticipant": "web", "to-environment": "production"})
    run = act.steps(
        f"""
        - id: publish
          continue-on-error: true
          uses: pact-gate/pact-gate/actions/publish@v1
          with: {json.dumps(given)}
        - {{id: gate, uses: pact-gate/pact-gate/actions/can-i-deploy@v1, with: {gate}}}
        """,
        pull_request=pull_request(head_repository="stranger/shop"),
        files={"pacts/web-products.json": pact("web", "products")},
    )
    assert run.step("publish").exit_code == 3
    assert run.step("gate").exit_code == 3
    assert (run.step("gate").outputs["verdict"], run.step("gate").outputs["deployable"]) == ("broker-error", "false")
    for step in (run.step("publish"), run.step("gate")):
        assert "401" in step.errors[0]
        assert "broker-token" in step.errors[0]
        assert "What to do next" in step.summary


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_what_strangers_write_stays_text(act, estate, pact, event):
    """In a branch name and in a pact: no command of a shell or of the runner, no Markdown, no HTML."""
    run = act.steps(
        f"""
        - id: gate
          continue-on-error: true
          uses: pact-gate/pact-gate@v1
          with: {{"broker-url": "{estate.url}", "pacticipant": "web", "to-environment": "production"}}
        - id: look
          run: find "$GITHUB_WORKSPACE" "$RUNNER_TEMP" -name 'pwned*'
        """,
        pull_request=pull_request(branch=HOSTILE_BRANCH) if event == "pull_request" else None,
        branch=HOSTILE_BRANCH if event == "push" else "main",
        files={
            "pacts/$(touch pwned-6)`.json": pact("web", f"products {HOSTILE_TEXT}", description=HOSTILE_TEXT),
            # A broker takes no address with the end of a line: only of this provider can it be told what to run.
            "pacts/2.json": pact("web", f"stock {HOSTILE_TEXT}".replace("\n", " "), description=HOSTILE_TEXT),
        },
    )
    step = run.step("gate")
    assert step.exit_code == 1
    assert step.outputs["branch"] == HOSTILE_BRANCH
    assert step.outputs["deployable"] == "false"
    assert run.step("look").log == ""
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in step.log.splitlines())
    another_commit = ["warning"] if event == "pull_request" else []
    assert [each.level for each in step.annotations] == [*another_commit, "error"]
    markdown = re.sub(
        r"^(```+)text\n.*?\n\1$", "", step.summary, flags=re.MULTILINE | re.DOTALL
    )  # in a block all is text
    assert markdown != step.summary, "the command to copy"
    assert markdown.count("<details>") == markdown.count("</details>")
    assert "<script" not in markdown
    assert "<img" not in markdown
    rows = [line for line in step.summary.splitlines() if line.startswith("| web ")]
    assert [row.count(" | ") for row in rows] == [4, 4]


def test_a_token_is_masked_before_anything_is_printed(act, refusing_broker):
    """Also one that GitHub does not know as a secret: the runner is told first, and it is in no text."""
    run = act.steps(
        f"""
        - id: create
          uses: pact-gate/pact-gate/actions/create-version@v1
          with: {{"broker-url": "{refusing_broker}", "broker-token": "from-an-earlier-step", "pacticipant": "web"}}
        """
    )
    step = run.step("create")
    entries = [json.loads(line) for line in run.text.splitlines() if line.startswith("{")]
    told = [entry for entry in entries if entry.get("stepID") == ["create", "run"] and "⭐" not in entry["msg"]]
    assert told[0]["command"] == "add-mask"
    assert "from-an-earlier-step" not in step.log + step.summary + "".join(step.errors)
