"""A headless Chromium, driven over its DevTools protocol by two pipes: no port, no driver, no library."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_END = b"\0"  # between messages
_SECONDS = 20


@contextmanager
def browser() -> Iterator[Tab]:
    """Start a browser and give its one tab; the test is skipped where there is no Chromium."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium here to look at the pages with")
    to_read, to_write = os.pipe(), os.pipe()  # what the browser reads, what it writes
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        )
        # It takes its pipes at 3 and 4, whatever numbers they have here.
        moved = f'exec 3<&{to_read[0]} 4>&{to_write[1]}; exec "$@"'
        process = subprocess.Popen(
            ["/bin/bash", "-c", moved, "bash", found, *options, "about:blank"],
            pass_fds=(to_read[0], to_write[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read[0])
        os.close(to_write[1])
        try:
            with os.fdopen(to_read[1], "wb") as sending, os.fdopen(to_write[0], "rb") as receiving:
                tab = Tab(sending, receiving)
                yield tab
                tab.end()
            process.wait(_SECONDS)
        finally:
            process.kill()
            process.wait()


class Tab:
    """A tab. `problems` are what the page's console said: refused by the policy, not found, thrown."""

    def __init__(self, sending: Any, receiving: Any) -> None:
        self._sending, self._receiving = sending, receiving
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self._loaded = False
        self.problems: list[str] = []
        self.requests: list[str] = []
        targets = self._send("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    def look(self, width: int, *, dark: bool = False, height: int = 900) -> None:
        """Be a window of that width, in light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._send("Emulation.setDeviceMetricsOverride", **size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._send("Emulation.setEmulatedMedia", features=scheme)

    def without_scripts(self) -> None:
        """Let no page run a script of its own; `run` still works."""
        self._send("Emulation.setScriptExecutionDisabled", value=True)

    def open(self, url: str) -> None:
        """Go to an address and wait until it is there."""
        self._loaded = False
        self._send("Page.navigate", url=url)
        self._await_load()

    def follow(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, and wait until it is there."""
        self._loaded = False
        self.press(key)
        self._await_load()

    def press(self, key: str) -> None:
        """Press a key."""
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        text = {"Enter": "\r", " ": " "}.get(key)
        pressed = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
        self._send("Input.dispatchKeyEvent", type="keyDown", **pressed)
        self._send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self._send("Input.insertText", text=text)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        return base64.b64decode(self._send("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def end(self) -> None:
        """Close the browser."""
        self._session = None
        self._write("Browser.close", {})

    def _await_load(self) -> None:
        while not self._loaded:
            self._receive()

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = self._write(method, parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return message["result"]

    def _write(self, method: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._sending.write(json.dumps(message).encode() + _END)
        self._sending.flush()
        return self._number

    def _receive(self) -> dict[str, Any]:
        while _END not in self._rest:
            read = self._receiving.read1(1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        text, _, self._rest = self._rest.partition(_END)
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Log.entryAdded":
            self.problems.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(told["exceptionDetails"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"a script said {told['message']}")
            self._write("Page.handleJavaScriptDialog", {"accept": True})
