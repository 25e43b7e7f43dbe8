#!/usr/bin/env python3
"""Look at a report in a real browser: report_browser.py report.html OUTPUT_DIRECTORY

Shows the page at the width of a desk and of a phone, light and dark, folded and unfolded, and prints it. Fails where the page
scrolls sideways, says something on the console, or asks the network for anything. Writes screenshots and a PDF to look at.
Needs python3 and chromium, no packages.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = {"desktop": 1280, "phone": 390}
SCHEMES = ("light", "dark")
# Of a picture; a page may take several.
HIGHEST = 6_000
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe"
).split()


class Browser:
    """Chromium, spoken to in the DevTools protocol over two pipes: it reads from 3 and writes to 4."""

    def __init__(self, profile):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            sys.exit("chromium is not installed")
        theirs_in, self.out = os.pipe()
        inward, theirs_out = os.pipe()

        def place_pipes():
            # First out of the way, then where they are expected; inherited from there.
            reads, writes = os.dup(theirs_in), os.dup(theirs_out)
            high_reads, high_writes = os.dup2(reads, 60), os.dup2(writes, 61)
            os.dup2(high_reads, 3)
            os.dup2(high_writes, 4)

        command = [program, *FLAGS, f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(command, preexec_fn=place_pipes, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.answers = os.fdopen(inward, "rb")
        self.rest = b""
        self.number = 0
        self.session = None
        self.events = []

    def receive(self):
        while b"\0" not in self.rest:
            read = os.read(self.answers.fileno(), 1 << 16)
            if not read:
                sys.exit("chromium went away")
            self.rest += read
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def open(self, address):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.wait("Page.loadEventFired")

    def evaluate(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def close(self):
        self.session = None
        self.ask("Browser.close")
        self.process.wait(timeout=30)


def complaints(events, address):
    """What the page said or asked for, beyond itself."""
    for event in events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and parameters["request"]["url"] != address:
            yield f"asks for {parameters['request']['url'][:200]}"
        elif method == "Runtime.exceptionThrown":
            yield f"throws {parameters['exceptionDetails']['text']}"
        elif method == "Runtime.consoleAPICalled":
            yield f"writes to the console ({parameters['type']})"
        elif method == "Log.entryAdded":
            yield f"logs {parameters['entry']['text'][:300]}"


def look(browser, address, output, device, scheme):
    """Failures of the page on one device in one scheme; screenshots of it go to `output`."""
    width = WIDTHS[device]
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": device == "phone"}
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.open(address)
    browser.ask("Emulation.setDeviceMetricsOverride", **size)
    browser.ask("Emulation.setEmulatedMedia", features=[feature])
    failures = []
    for state in ("folded", "unfolded"):
        if state == "unfolded":
            browser.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        inner = browser.evaluate("document.documentElement.clientWidth")
        outer = browser.evaluate("document.documentElement.scrollWidth")
        height = browser.evaluate("document.documentElement.scrollHeight")
        if outer > inner or inner > width:
            failures.append(f"{state}: {outer} px in a window of {inner} px, asked for {width} px")
        for number, top in enumerate(range(0, height, HIGHEST), 1):
            clip = {"x": 0, "y": top, "width": width, "height": min(height - top, HIGHEST), "scale": 1}
            picture = browser.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
            (output / f"{device}-{scheme}-{state}-{number}.png").write_bytes(base64.b64decode(picture))
    if browser.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches") is not True:
        failures.append("the colour scheme was not taken")
    failures += complaints(browser.events, address)
    return [f"{device}, {scheme}: {failure}" for failure in failures]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    address = Path(sys.argv[1]).resolve(strict=True).as_uri()
    output = Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        failures = []
        for device in WIDTHS:
            for scheme in SCHEMES:
                failures += look(browser, address, output, device, scheme)
                browser.session = None
        browser.open(address)
        paper = browser.ask("Page.printToPDF", preferCSSPageSize=True)["data"]
        (output / "print.pdf").write_bytes(base64.b64decode(paper))
        browser.close()
    print("\n".join(failures) or f"no complaints; screenshots in {output}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
