"""The pages of webhooks: what came of them, why, and when they are tried again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.unit.pages import Site

from pact_gate import embedded


def failing(folder: Path, *versions: str) -> Site:
    """A broker whose one webhook leads to where nobody listens."""
    site = Site(folder)
    site.webhook(description="tell them")
    for version in versions:
        site.publish("orders", version, "products")
    wait(site, len(versions))
    return site


def wait(site: Site, tried: int) -> None:
    end = time.monotonic() + 10
    while len(rows(site, "status = 'retrying'")) < tried and time.monotonic() < end:
        time.sleep(0.02)
    assert len(rows(site, "status = 'retrying'")) == tried


def rows(site: Site, where: str) -> list[Any]:
    with site.application._store.reading() as db:
        return db.execute(f"SELECT * FROM triggered_webhooks WHERE {where}").fetchall()


def test_a_webhook_says_why_it_failed_and_when_it_is_tried_next(tmp_path: Path) -> None:
    site = failing(tmp_path, "1", "2")
    for path in ("/webhooks", "/webhooks/" + rows(site, "id = 1")[0]["webhook_uuid"]):
        page = site.look(path)
        assert "failed, trying again" in page.words, path
        assert "No answer: NewConnectionError" in page.words, path
        assert "next try: " in page.words, path
    assert "2 of the last 2 failed" in site.look("/webhooks").words
    with site.application._store.writing() as db:
        db.execute("UPDATE triggered_webhooks SET status = 'success', due_at = NULL WHERE id = 2")
    words = site.look("/webhooks").words
    assert "1 of the last 2 failed" in words
    assert "No answer" not in words
    assert "next try" not in words
    site.application.close()


def test_the_overview_tells_what_failed_from_what_is_to_be_sent(tmp_path: Path) -> None:
    site = failing(tmp_path, "1", "2")
    words = site.look("/").words
    assert "2 failed, trying again" in words
    assert "to be sent" not in words
    site.application.close()
    site.application = embedded.application(tmp_path / "broker.sqlite3")
    site.publish("orders", "3", "products")
    words = site.look("/").words
    assert ("2 failed, trying again" in words, "1 to be sent" in words) == (True, True)
    waiting = site.look("/webhooks").words
    assert "not sent yet" in waiting
    assert "waits for a broker with --webhook-hosts 127.0.0.1" in waiting
    site.application.close()
