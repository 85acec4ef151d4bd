"""The embedded broker on a branch of a real git repository: what was answered is there, and nothing else is touched."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from pact_gate.broker.wsgi import WsgiAdapter
from pact_gate.embedded import application
from pact_gate.embedded.git_branch import GitBranch
from pact_gate.model.errors import BrokerError

BASE = "http://broker.invalid"
BRANCH = "contracts/pacts"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(autouse=True)
def _nobodys_git_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    return folder


@pytest.fixture
def broker(origin: Path, tmp_path: Path) -> Iterator[Callable[..., requests.Session]]:
    """Open the broker as a step of a job would; each call is another step."""
    opened = []

    def open_broker(address: str = f"{origin}#{BRANCH}", checkout: Path = tmp_path) -> requests.Session:
        session = requests.Session()
        session.mount(BASE, WsgiAdapter(GitBranch(address, checkout, application)))
        opened.append(session)
        return session

    yield open_broker
    for session in opened:
        session.close()


def create(session: requests.Session, name: str) -> int:
    return session.post(f"{BASE}/pacticipants", json={"name": name}).status_code


def names(session: requests.Session) -> set[str]:
    return {each["name"] for each in session.get(f"{BASE}/pacticipants").json()["_embedded"]["pacticipants"]}


def test_what_one_step_wrote_the_next_one_reads(broker: Callable[..., requests.Session], origin: Path) -> None:
    assert create(broker(), "orders") == 201
    assert names(broker()) == {"orders"}
    assert git(origin, "ls-tree", "--name-only", BRANCH) == "broker.sqlite3"


def test_the_branch_holds_one_commit_however_often_it_is_written(
    broker: Callable[..., requests.Session], origin: Path
) -> None:
    session = broker()
    assert [create(session, name) for name in ("a", "b", "c")] == [201, 201, 201]
    assert git(origin, "rev-list", "--count", BRANCH) == "1"


def test_reading_pushes_nothing(broker: Callable[..., requests.Session], origin: Path) -> None:
    create(broker(), "orders")
    before = git(origin, "rev-parse", BRANCH)
    session = broker()
    names(session)
    assert create(session, "") == 400  # nor does a write that is refused
    assert git(origin, "rev-parse", BRANCH) == before


def test_two_steps_that_write_at_the_same_time_both_count(broker: Callable[..., requests.Session]) -> None:
    first, second = broker(), broker()  # both have read the branch that is not there yet
    assert create(first, "orders") == 201
    assert create(second, "products") == 201
    assert create(first, "fulfilment") == 201
    assert names(broker()) == {"orders", "products", "fulfilment"}


def test_a_write_is_judged_by_what_is_there_when_it_is_pushed(broker: Callable[..., requests.Session]) -> None:
    first, second = broker(), broker()
    environment = {"name": "production", "production": True}
    assert first.post(f"{BASE}/environments", json=environment).status_code == 201
    assert second.post(f"{BASE}/environments", json=environment).status_code == 400  # it exists


def test_a_push_that_is_refused_is_no_success(broker: Callable[..., requests.Session], origin: Path) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(BrokerError, match="this branch is protected") as caught:
        create(broker(), "orders")
    assert "contents: write" in caught.value.next_step


def test_a_repository_that_is_not_there(broker: Callable[..., requests.Session], tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="git ls-remote says"):
        broker(f"{tmp_path / 'nowhere.git'}#{BRANCH}")


def test_a_branch_of_the_checkouts_origin_leaves_the_checkout_as_it_was(
    broker: Callable[..., requests.Session], origin: Path, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", origin, checkout], check=True, capture_output=True)
    create(broker(BRANCH, checkout), "orders")
    before = git(checkout, "for-each-ref")
    session = broker(BRANCH, checkout)
    assert names(session) == {"orders"}
    session.close()
    assert git(checkout, "for-each-ref") == before
    assert git(checkout, "status", "--porcelain") == ""


def test_a_hook_of_the_checkout_does_not_run(
    broker: Callable[..., requests.Session], origin: Path, tmp_path: Path
) -> None:
    """A tool that a job installs may point git at hooks that lie in the checkout, where everybody may write them."""
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", origin, checkout], check=True, capture_output=True)
    hook = checkout / ".husky" / "pre-push"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\nexit 1\n")
    hook.chmod(0o755)
    git(checkout, "config", "core.hooksPath", ".husky")
    assert create(broker(BRANCH, checkout), "orders") == 201
    assert not (tmp_path / "ran").exists()


def test_an_address_is_no_option_of_git(broker: Callable[..., requests.Session], origin: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", origin, checkout], check=True, capture_output=True)
    with pytest.raises(BrokerError):
        broker(f"--upload-pack=touch {tmp_path}/ran;git-upload-pack#{BRANCH}", checkout)
    assert not (tmp_path / "ran").exists()


def test_a_branch_whose_name_ends_in_the_brokers_is_another(
    broker: Callable[..., requests.Session], origin: Path
) -> None:
    create(broker(f"{origin}#a/refs/heads/{BRANCH}"), "theirs")
    assert names(broker()) == set()


def test_a_token_in_the_address_of_the_origin_is_not_shown(
    broker: Callable[..., requests.Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "init", "--quiet", checkout], check=True)
    monkeypatch.setenv("GIT_TRACE", "1")  # git's errors leave it out by themselves, what it traces does not
    git(checkout, "remote", "add", "origin", "http://bot:s3cret@127.0.0.1:1/acme/contracts")
    with pytest.raises(BrokerError, match=r"//\*\*\*@127\.0\.0\.1") as caught:
        broker(BRANCH, checkout)
    assert "s3cret" not in str(caught.value)
