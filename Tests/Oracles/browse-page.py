"""Opens a page in headless Chromium and does with it what a person would.

usage: browse-page.py [--size WxH] [--dark] [--print] [--screenshot FILE] -- PAGE STEP…

A step is an expression of JavaScript, or `key:NAME` for a key, or `click:SELECTOR` for a click on the middle of the first
element of that selector. Prints JSON: the values of the expressions, what the page complained about, what it asked for.
"""

import argparse
import base64
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time


class Browser:
    """Chromium, spoken to over the DevTools protocol on two pipes: messages of JSON, each with a NUL behind it."""

    def __init__(self, folder):
        to_read, self.to = os.pipe()
        self.source, from_write = os.pipe()
        # The browser wants exactly these numbers.
        def arrange():
            os.setsid()
            one, two = os.dup(to_read), os.dup(from_write)
            os.dup2(one, 3)
            os.dup2(two, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={folder}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=arrange, close_fds=False)
        os.close(to_read)
        os.close(from_write)
        self.pending = b""
        self.count = 0
        self.events = []
        self.session = None

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self.next(deadline)
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def next(self, deadline):
        while b"\0" not in self.pending:
            if not select.select([self.source], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.source, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.pending += piece
        message, _, self.pending = self.pending.partition(b"\0")
        return json.loads(message)

    def wait(self, method):
        deadline = time.monotonic() + 60
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.next(deadline))

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def click(self, selector):
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + Math.min(8, r.height / 2)]; })()")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key):
        for kind in ["rawKeyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def problems(events):
    for event in events:
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            yield "exception: " + str(parameters["exceptionDetails"].get("exception", {}).get("description"))
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            yield "log: " + parameters["entry"]["text"]
        elif event.get("method") == "Page.javascriptDialogOpening":
            yield "dialog: " + parameters["message"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("--size", default="1280x900")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--screenshot")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ["Page", "Runtime", "Log", "Network"]:
                browser.call(f"{domain}.enable")
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                         mobile=width < 600)
            browser.call("Emulation.setEmulatedMedia", media="print" if options.print else "screen", features=[
                {"name": "prefers-color-scheme", "value": "dark" if options.dark else "light"}])
            browser.events.clear()
            browser.call("Page.navigate", url="file://" + os.path.abspath(options.page))
            browser.wait("Page.loadEventFired")
            values = []
            for step in options.steps:
                if step.startswith("key:"):
                    browser.press(step[4:])
                elif step.startswith("click:"):
                    browser.click(step[6:])
                else:
                    values.append(browser.evaluate(step))
            if options.screenshot:
                shot = browser.call("Page.captureScreenshot", format="png")
                with open(options.screenshot, "wb") as file:
                    file.write(base64.b64decode(shot["data"]))
            requests = [event["params"]["request"]["url"] for event in browser.events
                        if event.get("method") == "Network.requestWillBeSent"]
            json.dump({"values": values, "problems": list(problems(browser.events)), "requests": requests}, sys.stdout)
        finally:
            browser.end()


main()
