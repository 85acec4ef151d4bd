"""The webhooks that are due: who sends them, when they are tried again, and when they are given up."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
import time
from typing import NamedTuple

from pact_gate.embedded.rows import insert, one, required
from pact_gate.embedded.store import Store, now
from pact_gate.embedded.webhooks import outgoing, triggers
from pact_gate.embedded.webhooks.outgoing import Prepared
from pact_gate.embedded.webhooks.sending import SECONDS, Sent, is_allowed_name, send

_LOG = logging.getLogger(__name__)
_RETRY_AFTER = (10, 60, 120, 300, 600, 1200)  # seconds
ATTEMPTS = len(_RETRY_AFTER) + 1
_PAUSE = 5.0  # seconds that it lets go by where the file cannot be used
_LEASE = 60_000_000  # microseconds for which another process leaves a webhook alone that one is sending
_LOOK = 5.0  # seconds after which it looks for what another process has left
_AT_ONCE = 16  # hosts that are called at once
_SLOW_AT_ONCE = 8  # and how many of them may be slow: they hold up each other, and nobody else
_SLOW = 2.0  # seconds after which an answer makes its host a slow one, until one comes sooner
_KEPT_FOR = 24 * 3_600_000_000  # microseconds for which a webhook waits for somebody who may send it
_FORGOTTEN = "Not sent: for a day no broker that may call its host was there.\n"
_PARTING = 15.0  # seconds that closing waits: what is begun has its time, and then nothing more is begun
# The webhooks of which something waits, each with what of it is due first. It goes from one to the next along an index:
# neither webhooks of which nothing waits nor the length of what waits for one make it longer.
_WAITING = """WITH RECURSIVE waiting (id) AS (
        SELECT min(webhook_id) FROM triggered_webhooks WHERE due_at IS NOT NULL
        UNION ALL SELECT (SELECT min(webhook_id) FROM triggered_webhooks
            WHERE due_at IS NOT NULL AND webhook_id > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL)
    SELECT w.id, w.updated_at, (SELECT min(due_at) FROM triggered_webhooks
        WHERE webhook_id = w.id AND due_at IS NOT NULL) AS due FROM waiting JOIN webhooks w ON w.id = waiting.id"""


class _Waiting(NamedTuple):
    """A webhook of which something waits, and when it is due (microseconds)."""

    webhook_id: int
    host: str
    due: int


class Delivery:
    """Sends due webhooks and tries again those that failed: several at once, but to one host one after the other.

    Hosts take turns, however much waits for one of them, and slow ones have their own part of the senders.

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
        self._slow: set[str] = set()  # hosts that took their time when they were called last
        self._turns: dict[str, int] = {}  # of each host, the number of its last call
        self._known: dict[int, tuple[int, str]] = {}  # webhooks' hosts by their ids, each as of a moment
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
            self._give_up("due_at < ?", now() - _KEPT_FOR, _FORGOTTEN)
            self._give_up("webhook_id IS NULL AND due_at <= ?", now(), "The webhook was deleted.\n")
            while time.monotonic() < self._last_start:
                waiting = self._waiting()
                pause = min((each.due - now() for each in waiting), default=_LOOK * 1_000_000) / 1_000_000
                if pause > 0:
                    return min(pause, _LOOK)
                moment = now()
                due = [each for each in waiting if each.due <= moment]
                self._begin(min(due, key=lambda each: (self._turns.get(each.host, 0), each.due)))
        # These may pass: others write without end, the disk is full, the file was moved; or no thread can be started.
        except (sqlite3.Error, RuntimeError):
            _LOG.exception("webhooks cannot be read or begun, or their outcome not be kept; again in %g s", _PAUSE)
            return _PAUSE
        return _LOOK

    def _waiting(self) -> list[_Waiting]:
        """What waits for hosts that may be called now."""
        with self._lock:
            called, slow = set(self._called), set(self._slow)
        if len(called) >= _AT_ONCE:
            return []
        busy = called | slow if len(called & slow) >= _SLOW_AT_ONCE else called
        with self._store.reading() as db:
            found = [_Waiting(row["id"], self._host(db, row), row["due"]) for row in db.execute(_WAITING).fetchall()]
        return [each for each in found if each.host not in busy and is_allowed_name(each.host, self._hosts)]

    def _host(self, db: sqlite3.Connection, hook: sqlite3.Row) -> str:
        """Where a webhook goes; it is looked at again only when it was changed."""
        moment, host = self._known.get(hook["id"], (None, ""))
        if moment != hook["updated_at"]:
            row = required(one(db, "SELECT request FROM webhooks WHERE id = ?", hook["id"]))
            host = outgoing.host_of(json.loads(row["request"])["url"]) or ""
            self._known[hook["id"]] = hook["updated_at"], host
        return host

    def _claim(self, webhook_id: int) -> tuple[sqlite3.Row, sqlite3.Row] | None:
        """What is due first of a webhook, and the webhook; None if another process was faster."""
        with self._store.writing() as db:
            query = "SELECT * FROM triggered_webhooks WHERE webhook_id = ? AND due_at <= ? ORDER BY due_at, id LIMIT 1"
            row = one(db, query, webhook_id, now())
            if row is None:
                return None
            db.execute("UPDATE triggered_webhooks SET due_at = ? WHERE id = ?", (now() + _LEASE, row["id"]))
            return row, required(one(db, "SELECT * FROM webhooks WHERE id = ?", webhook_id))

    def _begin(self, waiting: _Waiting) -> None:
        claimed = self._claim(waiting.webhook_id)
        if claimed is None:
            return
        triggered, hook = claimed
        if not hook["enabled"]:
            self._finish(triggered, Sent(success=False, status=None, log="The webhook was disabled.\n"), is_last=True)
            return
        request = json.loads(hook["request"])
        with self._store.reading() as db:
            prepared = outgoing.prepare(request, triggers.told_now(db, triggered))
        host = outgoing.host_of(request["url"]) or ""
        sender = threading.Thread(target=self._send, args=(host, triggered, prepared), name="webhook", daemon=True)
        with self._lock:
            sender.start()
            self._called.add(host)
            self._turns[host] = max(self._turns.values(), default=0) + 1

    def _send(self, host: str, triggered: sqlite3.Row, prepared: Prepared) -> None:
        begun, took = time.monotonic(), 0.0
        try:
            sent = send(prepared, self._hosts)
            took = time.monotonic() - begun
            self._finish(triggered, sent, is_last=triggered["attempts"] + 1 >= ATTEMPTS)
        except sqlite3.Error:  # as above; it is sent again when its lease has ended
            _LOG.exception("the outcome of a webhook cannot be kept")
        finally:
            with self._lock:
                self._called.discard(host)
                (self._slow.add if took > _SLOW else self._slow.discard)(host)
                self._wakened.set()

    def _give_up(self, condition: str, moment: int, log: str) -> None:
        """End what is not to be sent any more."""
        with self._store.reading() as db:
            if one(db, f"SELECT 1 FROM triggered_webhooks WHERE {condition} LIMIT 1", moment) is None:
                return
        with self._store.writing() as db:
            db.execute(
                f"""INSERT INTO webhook_executions (triggered_id, success, log, created_at)
                    SELECT id, 0, ?, ? FROM triggered_webhooks WHERE {condition}""",
                (log, now(), moment),
            )
            query = f"UPDATE triggered_webhooks SET status = 'failure', due_at = NULL WHERE {condition}"
            db.execute(query, (moment,))

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
