"""Opens and searches the API reference that scripts/docs.sh FOLDER has made: reference_test.py FOLDER [TestCase.test ...]; --list prints
the tests' names. Screenshots stay in the current folder."""
import base64
import html.parser
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from make_reference import public_headers

HTML = None
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


class CommandFailed(AssertionError):
    pass


class Browser:
    """A headless Chromium with one page and without network. Typing and clicking go through the DevTools protocol, over two pipes."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="chainrule-")
        self.deadline = time.monotonic() + 60
        self.last_id, self.unread, self.session = 0, b"", None
        self.contexts, self.complaints = {}, []
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()

        def connect():  # Chromium reads descriptor 3 and writes 4
            reads, writes = os.dup(commands), os.dup(answers)
            while min(reads, writes) <= 4:
                reads, writes = os.dup(reads), os.dup(writes)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             f"--user-data-dir={self.profile}", "--proxy-server=127.0.0.1:9", "--window-size=1200,900", "--remote-debugging-pipe",
             "about:blank"],
            env={**os.environ, "HOME": self.profile}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=connect)
        os.close(commands)
        os.close(answers)
        try:
            page = self.wait_for(lambda: next((target for target in self.call("Target.getTargets")["targetInfos"]
                                               if target["type"] == "page"), None))
            self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **parameters):
        """The result of a command."""
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next_message()
            if "method" in answer:
                self.note(answer["method"], answer["params"])
            elif "error" in answer:
                raise CommandFailed(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def note(self, event, parameters):
        """Keeps the list of the documents in the page, and the errors in them."""
        if event == "Runtime.executionContextCreated":
            self.contexts[parameters["context"]["id"]] = True
        elif event == "Runtime.executionContextDestroyed":
            self.contexts.pop(parameters["executionContextId"], None)
        elif event == "Runtime.executionContextsCleared":
            self.contexts = {}
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"])
        elif event == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"])

    def next_message(self):
        while b"\0" not in self.unread:
            if not select.select([self.answers], [], [], max(0, self.deadline - time.monotonic()))[0]:
                raise AssertionError("Chromium does not answer")
            piece = os.read(self.answers, 1 << 16)
            if not piece:
                raise AssertionError(f"Chromium ended with {self.process.wait()}")
            self.unread += piece
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, condition):
        """Calls condition() until its value is true, and returns that."""
        while time.monotonic() < self.deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("the page did not get into the expected state in time")

    def open(self, page):
        self.call("Page.navigate", url=f"file://{os.path.join(HTML, page)}")
        self.wait_for(lambda: self.value("document.readyState") == "complete" and page in self.value("location.href"))

    def value(self, expression, **context):
        """The value of a JavaScript expression in the page, or in the document with contextId; None if it throws."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, **context)
        return None if "exceptionDetails" in result else result["result"].get("value")

    def frame_value(self, name, expression):
        """The value of a JavaScript expression in the newest document of a frame."""
        for context in reversed(list(self.contexts)):
            try:
                value = self.value(f"window.name === {json.dumps(name)} ? {expression} : null", contextId=context)
            except CommandFailed:  # that document has just been closed
                continue
            if value is not None:
                return value
        return None

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text):
        for letter in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def screenshot(self, name):
        path = os.path.abspath(f"{name}.png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        print(f"screenshot: {path}")
        return path


class ReferenceTest(unittest.TestCase):
    def setUp(self):
        if not os.path.exists(os.path.join(HTML, "index.html")):
            print(f"skipped: there is no reference in {HTML}")
            self.skipTest("no reference")


class Search(ReferenceTest):
    def setUp(self):
        super().setUp()
        if BROWSER is None:
            print("skipped: there is no chromium here")
            self.skipTest("no chromium")
        self.browser = Browser()
        self.addCleanup(self.browser.close)

    def search(self, text):
        """Opens the first page and types into its search field."""
        self.browser.open("index.html")
        self.click("document.getElementById('MSearchField')")
        self.browser.type(text)
        self.sought = text.split("::")[-1]

    def click(self, element, frame=None):
        """Clicks an element, given as a JavaScript expression in the page or in a frame, as soon as it is visible."""
        centre = f"""(() => {{
            const element = {element};
            if (!element || !element.offsetParent) return null;
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = self.browser.wait_for(lambda: self.browser.frame_value(frame, centre) if frame else self.browser.value(centre))
        if frame:
            left, top = self.browser.value(f"""(() => {{
                const box = document.getElementById({json.dumps(frame)}).getBoundingClientRect();
                return [box.x, box.y];
            }})()""")
            x, y = x + left, y + top
        self.browser.click(x, y)

    def results(self):
        """Waits for the results of the whole text: (name, scope, page) of each. A name with several meanings has one for each of them."""
        found = self.browser.wait_for(lambda: self.browser.frame_value("MSearchResults", f"""(() => {{
            if (location.search != {json.dumps('?' + self.sought)}) return null;""" + """
            const found = [];
            for (const result of document.querySelectorAll(".SRResult")) {
                if (!result.offsetParent) continue;
                const name = result.querySelector(".SRSymbol"), others = [...result.querySelectorAll("a.SRScope")];
                if (others.length == 0) found.push([name.textContent, result.querySelector(".SRScope").textContent, name.href]);
                for (const other of others) found.push([name.textContent, other.textContent, other.href]);
            }
            return found;
        })()"""))
        return [(name, scope, os.path.basename(page)) for name, scope, page in found]

    def follow(self, page):
        """Clicks the result with this page; if its name has several meanings, clicks the name first, which shows them."""
        link = f"[...document.querySelectorAll('.SRResult a')].find(link => link.href.endsWith({json.dumps('/' + page)}))"
        if self.browser.frame_value("MSearchResults", f"{link}.className") == "SRScope":
            self.click(f"{link}.closest('.SRResult').querySelector('.SRSymbol')", "MSearchResults")
        self.click(link, "MSearchResults")
        self.browser.wait_for(lambda: self.browser.value("location.href").endswith("/" + page)
                              and self.browser.value("document.readyState") == "complete")

    def heading(self):
        return self.browser.value("document.querySelector('.headertitle .title').firstChild.textContent")

    def test_finds_a_function_chromium(self):
        for text in ("matmul", "chainrule::matmul", "cr::matm"):
            with self.subTest(text):
                self.search(text)
                results = self.results()
                self.browser.screenshot("search_matmul")
                self.assertEqual({name for name, _, _ in results}, {"matmul"})
                found = [page for _, scope, page in results
                         if scope.startswith("chainrule") and page.startswith("group__autograd__ops__linalg__h.html#")]
                self.assertEqual(len(found), 1, results)
                self.follow(found[0])
                self.assertEqual(self.heading(), "autograd/ops/linalg.h")
                place = self.browser.value("""(() => {
                    const target = document.getElementById(location.hash.slice(1));
                    let words = target;  // of the declaration, which follows the target
                    while (!words.textContent.includes("matmul (")) words = words.nextElementSibling || words.parentElement;
                    return [words.textContent, target.getBoundingClientRect().y];
                })()""")
                self.assertIn("chainrule::matmul", place[0])
                self.assertTrue(0 <= place[1] <= 900, place)
        self.browser.screenshot("matmul")
        self.assertEqual(self.browser.complaints, [])

    def test_finds_a_class_chromium(self):
        for text in ("Adam", "nn::Adam", "chainrule::nn::adam"):
            with self.subTest(text):
                self.search(text)
                results = self.results()
                self.browser.screenshot("search_adam")
                self.assertTrue(all(name.lower().startswith("adam") for name, _, _ in results), results)
                self.assertIn(("Adam", "classchainrule_1_1nn_1_1Adam.html"), [(name, page) for name, _, page in results])
                self.follow("classchainrule_1_1nn_1_1Adam.html")
                self.assertEqual(self.heading(), "chainrule::nn::Adam Class Reference")
        self.browser.screenshot("adam")
        self.assertEqual(self.browser.complaints, [])

    def test_finds_nothing_for_nonsense_chromium(self):
        self.search("nn::nothing_is_called_this")
        none = "document.getElementById('NoMatches').offsetParent !== null"
        self.browser.wait_for(lambda: self.browser.frame_value("MSearchResults", none))


class Anchors(html.parser.HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name"):
                self.names.add(value)
            elif name in ("href", "src", "data") and value:
                self.links.append(value)


class Pages(ReferenceTest):
    @classmethod
    def setUpClass(cls):
        cls.pages = {}
        for name in os.listdir(HTML) if os.path.isdir(HTML) else []:
            if name.endswith(".html"):
                with open(os.path.join(HTML, name), encoding="utf-8") as file:
                    cls.pages[name] = file.read()

    def test_links_lead_somewhere_doxygen(self):
        pages = {name: Anchors(text) for name, text in self.pages.items()}
        wrong, followed = [], 0
        for name, page in pages.items():
            for link in page.links:
                if re.match(r"(https?|javascript):", link):
                    continue
                path, _, anchor = urllib.parse.unquote(link).partition("#")
                path = path or name
                followed += 1
                if not os.path.exists(os.path.join(HTML, path)) or (anchor and path in pages and anchor not in pages[path].names):
                    wrong.append(f"{name}: {link}")
        self.assertEqual(wrong, [])
        self.assertGreater(followed, 10000)

    def test_nothing_comes_from_the_network_doxygen(self):
        for name, text in self.pages.items():
            self.assertEqual(re.findall(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"', text), [], name)

    def test_public_headers_alone_show_doxygen(self):
        shown = set()
        for name in self.pages:
            if name.startswith("group__"):
                shown.update(re.findall(r'<div class="title">([\w/-]+\.h)\b', self.pages[name]))
        self.assertEqual(shown, set(public_headers(ROOT)))
        self.assertFalse([name for name in self.pages if "detail" in name])


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for case in (Search, Pages):
            for name in unittest.defaultTestLoader.getTestCaseNames(case):
                print(f"{case.__name__}.{name}")
        sys.exit()
    HTML = os.path.join(os.path.abspath(sys.argv[1]), "html")
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
