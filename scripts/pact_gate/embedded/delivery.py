"""The webhooks that are due: who sends them, when they are tried again, and when they are given up."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Mapping

from pact_gate.embedded import webhook_requests
from pact_gate.embedded.rows import insert, one
from pact_gate.embedded.sending import SECONDS, Sent, is_allowed_name, send
from pact_gate.embedded.store import Store, now
from pact_gate.embedded.webhook_requests import Prepared

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = (10, 60, 120, 300, 600, 1200)  # seconds
ATTEMPTS = len(_RETRY_AFTER) + 1
_PAUSE = 5.0  # seconds that it lets go by where the file cannot be used
_LEASE = 60_000_000  # microseconds for which another process leaves a webhook alone that one is sending
_LOOK = 5.0  # seconds after which it looks for what another process has left
_AT_ONCE = 4  # hosts that are called at once
_KEPT_FOR = 24 * 3_600_000_000  # microseconds for which a webhook waits for somebody who may send it
_PARTING = 15.0  # seconds that closing waits: what is begun has its time, and then nothing more is begun
_DUE = """triggered_webhooks WHERE due_at IS NOT NULL
          AND (webhook_id IS NULL OR webhook_id IN (SELECT value FROM json_each(?)))"""


class Delivery:
    """Sends due webhooks and tries again those that failed: several at once, but to one host one after the other.

    It takes only what it may send. The rest waits for a process that may: one without hosts, as every step of a
    workflow is, leaves all to the one that serves the file.
    """

    def __init__(self, store: Store, hosts: frozenset[str]) -> None:
        self._store = store
        self._hosts = hosts
        self._wakened = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._called: set[str] = set()  # hosts that are being called
        self._last_start = math.inf

    def resume(self) -> None:
        """Go on with what is left by an earlier process, and look from time to time for what others leave."""
        self.wake()

    def wake(self) -> None:
        """There is something to send."""
        self._wakened.set()
        with self._lock:
            if self._hosts and self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send what is due now, as far as there is time, and end. What is not sent is kept."""
        self._last_start = time.monotonic() + _PARTING - SECONDS
        self._ending.set()
        self._wakened.set()
        if self._thread is not None:
            self._thread.join(_PARTING)

    def _work(self) -> None:
        while True:
            self._wakened.clear()
            pause = self._begin_all()
            with self._lock:
                is_idle = not self._called and not self._wakened.is_set()
            if self._ending.is_set() and is_idle:
                return
            self._wakened.wait(_LOOK if self._ending.is_set() else pause)

    def _begin_all(self) -> float:
        """Begin with all that is due. Answers for how many seconds there is nothing to do, unless it is wakened."""
        try:
            self._give_up_forgotten()
            while time.monotonic() < self._last_start:
                hosts = self._free_hosts()
                pause = self._due_in(hosts)
                if pause > 0:
                    return pause
                self._begin(self._claim(hosts))
        except sqlite3.Error:  # which may pass: others write without end, the disk is full, the file was moved
            _LOG.exception("webhooks cannot be read or their outcome not be kept; again in %g seconds", _PAUSE)
            return _PAUSE
        return _LOOK

    def _free_hosts(self) -> dict[int, str]:
        """The hosts of the webhooks that may be sent now, by the webhooks' ids."""
        with self._lock:
            called = set(self._called)
        if len(called) >= _AT_ONCE:
            return {}
        with self._store.reading() as db:
            found = {row["id"]: json.loads(row["request"]) for row in db.execute("SELECT id, request FROM webhooks")}
        hosts = {known: webhook_requests.host_of(request["url"]) or "" for known, request in found.items()}
        return {
            known: host for known, host in hosts.items() if host not in called and is_allowed_name(host, self._hosts)
        }

    def _due_in(self, hosts: Mapping[int, str]) -> float:
        """Seconds until the next one is due, or until it is to be looked again."""
        with self._store.reading() as db:
            row = one(db, f"SELECT min(due_at) AS due FROM {_DUE}", *_keys(hosts))
        due = row["due"] if row else None
        return _LOOK if due is None else min(_LOOK, max(0.0, (due - now()) / 1_000_000))

    def _claim(self, hosts: Mapping[int, str]) -> tuple[sqlite3.Row, sqlite3.Row | None] | None:
        """The one that is due first, with its webhook, which may be deleted; None if another process was faster."""
        with self._store.writing() as db:
            row = one(db, f"SELECT * FROM {_DUE} AND due_at <= ? ORDER BY due_at LIMIT 1", *_keys(hosts), now())
            if row is None:
                return None
            db.execute("UPDATE triggered_webhooks SET due_at = ? WHERE id = ?", (now() + _LEASE, row["id"]))
            return row, one(db, "SELECT * FROM webhooks WHERE id = ?", row["webhook_id"])

    def _begin(self, claimed: tuple[sqlite3.Row, sqlite3.Row | None] | None) -> None:
        if claimed is None:
            return
        triggered, hook = claimed
        if hook is None or not hook["enabled"]:
            log = f"The webhook was {'deleted' if hook is None else 'disabled'}.\n"
            self._finish(triggered, Sent(success=False, status=None, log=log), is_last=True)
            return
        request = json.loads(hook["request"])
        prepared = webhook_requests.prepare(request, json.loads(triggered["context"]))
        host = webhook_requests.host_of(request["url"]) or ""
        with self._lock:
            self._called.add(host)
        threading.Thread(target=self._send, args=(host, triggered, prepared), name="webhook", daemon=True).start()

    def _send(self, host: str, triggered: sqlite3.Row, prepared: Prepared) -> None:
        try:
            self._finish(triggered, send(prepared, self._hosts), is_last=triggered["attempts"] + 1 >= ATTEMPTS)
        except sqlite3.Error:  # as above; it is sent again when its lease has ended
            _LOG.exception("the outcome of a webhook cannot be kept")
        finally:
            with self._lock:
                self._called.discard(host)
                self._wakened.set()

    def _give_up_forgotten(self) -> None:
        """What nobody could send for a day is not sent: nobody waits for it any more."""
        forgotten = now() - _KEPT_FOR
        with self._store.reading() as db:
            if one(db, "SELECT 1 FROM triggered_webhooks WHERE due_at < ? LIMIT 1", forgotten) is None:
                return
        with self._store.writing() as db:
            db.execute(
                """INSERT INTO webhook_executions (triggered_id, success, log, created_at)
                   SELECT id, 0, ?, ? FROM triggered_webhooks WHERE due_at < ?""",
                ("Not sent: for a day no broker that may call its host was there.\n", now(), forgotten),
            )
            query = "UPDATE triggered_webhooks SET status = 'failure', due_at = NULL WHERE due_at < ?"
            db.execute(query, (forgotten,))

    def _finish(self, triggered: sqlite3.Row, sent: Sent, *, is_last: bool) -> None:
        attempt = triggered["attempts"]
        again = not sent.success and not is_last
        due = now() + _RETRY_AFTER[attempt] * 1_000_000 if again else None
        status = "success" if sent.success else "retrying" if again else "failure"
        log = sent.log + (f"Trying again in {_RETRY_AFTER[attempt]} seconds\n" if again else "")
        with self._store.writing() as db:
            query = "UPDATE triggered_webhooks SET status = ?, attempts = ?, due_at = ? WHERE id = ?"
            db.execute(query, (status, attempt + 1, due, triggered["id"]))
            if one(db, "SELECT 1 FROM triggered_webhooks WHERE id = ?", triggered["id"]):
                columns = {"triggered_id": triggered["id"], "success": sent.success, "log": log, "created_at": now()}
                insert(db, "INSERT", "webhook_executions", columns)


def _keys(hosts: Mapping[int, str]) -> tuple[str]:
    return (json.dumps([*hosts]),)
