"""Opens the pages of --report in a browser: report_test.py MNIST_TRAIN MAKE_IDX SAMPLE_REPORT [TestCase.test ...]; --list prints the
tests' names. Screenshots stay in the current folder."""
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MNIST_TRAIN = MAKE_IDX = SAMPLE_REPORT = None
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


class Dom(html.parser.HTMLParser):
    """The parts of a page that tests check: attributes of <html>, pictures and cells, and texts by the id of their section."""

    def __init__(self, text):
        super().__init__()
        self.root, self.pictures, self.cells, self.texts, self.tags = {}, [], [], {}, []
        self.section = self.cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        if tag == "html":
            self.root = attributes
        if tag in ("section", "header", "footer") or attributes.get("id") in ("errors", "data"):
            self.section = attributes.get("id", tag)
        if "picture" in attributes.get("class", "").split():
            self.pictures.append(attributes)
        self.cell = tag == "td" and self.section == "confusion"

    def handle_data(self, data):
        self.texts[self.section] = self.texts.get(self.section, "") + data
        if self.cell:
            self.cells.append(data)

    def handle_endtag(self, tag):
        self.cell = False
        if self.section == "errors":
            self.section = None


def browse(page, *arguments):
    """Chromium's standard output, and the messages of the page's scripts and security policy. Chromium has no network here."""
    with tempfile.TemporaryDirectory(prefix="chainrule-") as profile:
        result = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             f"--user-data-dir={profile}", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--virtual-time-budget=10000",
             *arguments, f"file://{page}#measure"],
            env={**os.environ, "HOME": profile}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=120)
    if result.returncode != 0:
        raise AssertionError(f"{BROWSER} ended with {result.returncode}: {result.stderr}")
    return result.stdout, [line for line in result.stderr.splitlines() if "CONSOLE" in line]


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chainrule-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.page = os.path.join(self.folder, "report.html")

    def train(self, *arguments, images=("2000", "500")):
        data = os.path.join(self.folder, "data")
        os.makedirs(data, exist_ok=True)
        subprocess.run([MAKE_IDX, data, *images], check=True)
        return subprocess.run([MNIST_TRAIN, "--data", data, "--report", self.page, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)

    def data(self):
        with open(self.page, encoding="utf-8") as file:
            return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read(), re.S).group(1))

    def open(self, *arguments):
        """The page as rendered by the browser, after checking that it has no errors."""
        text, complaints = browse(self.page, "--dump-dom", *arguments)
        dom = Dom(text)
        self.assertEqual(complaints, [])
        self.assertEqual(dom.texts.get("errors", ""), "")
        self.assertEqual(dom.root.get("data-requests"), "0")
        self.assertEqual(dom.root.get("data-pictures"), str(len(dom.pictures)))
        for picture in dom.pictures:
            self.assertTrue(picture["aria-label"])
            self.assertGreaterEqual(int(picture["data-width"]), 40, picture)
            self.assertGreaterEqual(int(picture["data-height"]), 10, picture)
        return dom

    def screenshot(self, dom, name, *arguments):
        path = os.path.abspath(f"{name}.png")
        width, height = int(dom.root["data-page-width"]), int(dom.root["data-page-height"])
        _, complaints = browse(self.page, f"--screenshot={path}", f"--window-size={width},{height}", *arguments)
        self.assertEqual(complaints, [])
        with open(path, "rb") as file:
            start = file.read(24)
        self.assertEqual(start[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual((int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")), (width, height))
        self.assertGreater(os.path.getsize(path), 20000)  # an image of a single colour would be smaller
        print(f"screenshot: {path}")


class Page(ReportTest):
    def setUp(self):
        super().setUp()
        if BROWSER is None:
            print("skipped: chromium is not installed")
            self.skipTest("no chromium")

    def test_mnist_train_chromium(self):
        # The learning rate is so small that most guesses stay wrong.
        result = self.train("--epochs", "3", "--learning-rate", "1e-5", "--threads", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        dom = self.open("--window-size=1200,900")
        kinds = [re.match(r"Loss|Accuracy|test image|Weights|Colours", picture["aria-label"]).group() for picture in dom.pictures]
        self.assertEqual({kind: kinds.count(kind) for kind in kinds},
                         {"Loss": 1, "Accuracy": 1, "test image": 24, "Colours": 1, "Weights": 64})
        for picture in dom.pictures:
            self.assertGreater(int(picture["data-colors"]), 5, picture)
        self.assertEqual(dom.root["data-page-width"], "1200")
        self.assertEqual(len(dom.cells), 120)  # 10 x 10 counts, and two columns of totals
        self.assertEqual(sum(int(cell) for row in range(10) for cell in dom.cells[12 * row:12 * row + 10]), 500)
        self.assertIn("learning_rate", dom.texts["settings"])
        self.assertIn("--learning-rate 1e-5", dom.texts["command"])
        self.assertIn("Dense 784 -> 128", dom.texts["model"])
        self.assertIn("Permission is hereby granted", dom.texts["footer"])
        self.screenshot(dom, "mnist_report")

    def test_narrow_and_dark_chromium(self):
        self.assertEqual(self.train("--epochs", "2", "--learning-rate", "1e-5", "--layers", "5").returncode, 0)
        dark = ["--blink-settings=preferredColorScheme=0"]
        dom = self.open("--window-size=500,900", *dark)
        self.assertEqual(len(dom.pictures), 2 + 24 + 1 + 5)
        self.assertEqual(dom.root["data-page-width"], "500")  # only tables and code are wider, and they scroll
        self.screenshot(dom, "mnist_report_narrow_dark", *dark)

    def test_awkward_report_chromium(self):
        subprocess.run([SAMPLE_REPORT, self.page], check=True)
        dom = self.open("--window-size=1200,900")
        self.assertNotIn("data-broken", dom.root)
        self.assertNotIn("img", dom.tags)
        self.assertNotIn("b", dom.tags)
        attack = "</script><script>document.documentElement.dataset.broken = 1</script>" \
                 "<img src=x onerror=document.documentElement.dataset.broken=2>"
        for section in ("header", "curves", "confusion", "mistakes", "model", "settings", "command"):
            self.assertIn(attack, dom.texts[section], section)
        self.assertEqual(len(dom.pictures), 1 + 1 + 2)  # no chart of an unknown accuracy
        self.assertEqual(dom.cells[5:8], ["3", "1", "0"])
        self.assertEqual(dom.cells[-1], "1,000,000,007")

    def test_diverged_run_chromium(self):
        result = self.train("--learning-rate", "1e30")
        self.assertEqual(result.returncode, 1)
        dom = self.open()
        self.assertIn("diverged", dom.texts["header"])
        self.assertEqual(dom.cells, [])
        self.assertEqual(len(dom.pictures), 1 + 64)  # no epochs and no guesses


class Content(ReportTest):
    def test_report_agrees_with_history(self):
        history = os.path.join(self.folder, "history.json")
        result = self.train("--epochs", "2", "--layers", "7", "--learning-rate", "1e-5", "--history", history, "--seed", "3")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(history, encoding="utf-8") as file:
            history = json.load(file)
        data = self.data()
        self.assertEqual({entry["name"]: entry["value"] for entry in data["settings"]},
                         {name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
                          for name, value in history["settings"].items() if name != "command"})
        self.assertEqual([series["name"] for series in data["series"]], ["train", "test"])
        for series in data["series"]:
            for kind in ("loss", "accuracy"):
                self.assertEqual(series[kind], [epoch[f"{series['name']}_{kind}"] for epoch in history["epochs"]])
        summary = {entry["name"]: entry["value"] for entry in data["summary"]}
        self.assertEqual(summary["test accuracy"], f"{100 * history['epochs'][-1]['test_accuracy']:.2f} %")
        self.assertEqual((summary["epochs"], summary["outcome"], summary["parameters"]), ("2", "finished", str(784 * 7 + 7 + 80)))
        self.assertEqual(data["classes"], [str(c) for c in range(10)])
        self.assertEqual(sum(data["confusion"]), 500)
        self.assertTrue(data["command"].startswith(MNIST_TRAIN))
        self.assertIn("--layers 7 --learning-rate 1e-5", data["command"])
        self.assertEqual((len(data["weights"]["images"]), data["weights"]["units"]), (7, 7))
        self.assertIn("Dense 784 -> 7", data["model"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["data", "history.json", "report.html"])

    def test_mistakes_are_wrong_and_in_order(self):
        self.assertEqual(self.train("--epochs", "1", "--learning-rate", "1e-5", "--quiet").returncode, 0)
        data = self.data()
        mistakes = data["mistakes"]
        self.assertEqual(len(mistakes), 24)
        for mistake in mistakes:
            self.assertNotEqual(mistake["label"], mistake["guess"])
            self.assertTrue(0.1 < mistake["confidence"] <= 1)  # the largest of ten
            self.assertGreater(data["confusion"][10 * int(mistake["label"]) + int(mistake["guess"])], 0)
            self.assertEqual((mistake["image"]["rows"], mistake["image"]["columns"]), (28, 28))
        confidences = [mistake["confidence"] for mistake in mistakes]
        self.assertEqual(confidences, sorted(confidences, reverse=True))
        self.assertEqual(len({mistake["example"] for mistake in mistakes}), 24)
        self.assertLessEqual(len(mistakes), 500 - sum(data["confusion"][11 * c] for c in range(10)))

    def test_at_most_64_units_are_shown(self):
        self.assertEqual(self.train("--epochs", "1", "--layers", "65").returncode, 0)
        weights = self.data()["weights"]
        self.assertEqual((len(weights["images"]), weights["units"]), (64, 65))

    def test_unwritable_places_are_refused_before_training(self):
        for place, reason in ((os.path.join(self.folder, "no", "report.html"), "No such file"), (self.folder, "not a regular file")):
            # The program fails before it looks for data.
            result = subprocess.run([MNIST_TRAIN, "--data", os.path.join(self.folder, "nowhere"), "--report", place],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, rf"\Amnist_train: {re.escape(place)}: cannot be written: {reason}[^\n]*\n\Z")
            self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for case in (Page, Content):
            for name in unittest.defaultTestLoader.getTestCaseNames(case):
                print(f"{case.__name__}.{name}")
        sys.exit()
    MNIST_TRAIN, MAKE_IDX, SAMPLE_REPORT = map(os.path.abspath, sys.argv[1:4])
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
