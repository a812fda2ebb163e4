"""Runs mnist_train as its users do: mnist_train_test.py MNIST_TRAIN MAKE_IDX [TestCase.test ...]; --list prints the tests' names."""
import gzip
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = MAKE_IDX = None
NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
EPOCH_KEYS = ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_seconds", "seconds"]


def environment(**changes):
    variables = {key: value for key, value in os.environ.items() if key != "MNIST_DIR"}
    variables.update(changes)
    return variables


class MnistTrainTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chainrule-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.path("data")
        os.mkdir(self.data)
        subprocess.run([MAKE_IDX, self.data, "2000", "500"], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_program(self, *arguments, data=True, **variables):
        command = [PROGRAM, *(["--data", self.data] if data else []), *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment(**variables), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=600)

    def train(self, *arguments):
        """A run that has to end well, and its history."""
        history = self.path("history.json")
        result = self.run_program("--history", history, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        with open(history, encoding="utf-8") as file:
            return result.stdout, json.load(file)

    def assert_refused(self, result, expected, exit_code=1):
        """One line on standard error, the expected one; nothing of a crash."""
        self.assertEqual(result.returncode, exit_code, result.stdout + result.stderr)
        self.assertRegex(result.stderr, r"\Amnist_train: [^\n]+\n\Z")
        self.assertRegex(result.stderr, expected)

    def file(self, index):
        return os.path.join(self.data, NAMES[index])

    def read(self, index):
        with open(self.file(index), "rb") as file:
            return file.read()

    def write(self, index, content):
        with open(self.file(index), "wb") as file:
            file.write(content)


class Training(MnistTrainTest):
    def test_two_epochs_learn_separable_images(self):
        out, history = self.train("--epochs", "2")
        self.assertGreaterEqual(history["epochs"][-1]["test_accuracy"], 0.95)
        self.assertGreaterEqual(history["epochs"][-1]["train_accuracy"], 0.95)
        self.assertLess(history["epochs"][1]["train_loss"], history["epochs"][0]["train_loss"])
        self.assertIn(f"data from {self.data} (--data)", out)
        self.assertIn("2000 training and 500 test images; layers 784-128-64-10, 109386 parameters; seed 1", out)
        self.assertEqual(len(re.findall(r"^epoch [12]/2  train loss \d+\.\d{4}, accuracy \d+\.\d\d %  "
                                        r"test loss \d+\.\d{4}, accuracy \d+\.\d\d %  \d+\.\d\d s$", out, re.M)), 2)
        self.assertNotIn("\r", out)
        self.assertNotIn("\x1b", out)

        rows = [list(map(int, row.split()[:-2])) for row in re.findall(r"^  (\d .* %)$", out, re.M)]
        self.assertEqual([row[0] for row in rows], list(range(10)))
        counts = [row[1:] for row in rows]
        self.assertEqual(sum(map(sum, counts)), 500)
        correct = sum(counts[c][c] for c in range(10))
        self.assertAlmostEqual(correct / 500, history["epochs"][-1]["test_accuracy"])
        self.assertIn(f"test accuracy {correct / 5:.2f} % ({correct} of 500)", out)
        share = re.search(r"^  3 .* (\d+\.\d\d) %$", out, re.M).group(1)
        self.assertEqual(share, f"{100 * counts[3][3] / sum(counts[3]):.2f}")

    def test_history_tells_settings_epochs_and_weights(self):
        out, history = self.train("--epochs", "3", "--layers", "16", "--seed", "7", "--batch", "50", "--threads", "1", "--activation", "tanh",
                                  "--limit-train", "1000", "--limit-test", "200")
        self.assertEqual(history["settings"], {
            "dataset": "data", "data": self.data, "train_images": 1000, "test_images": 200, "layers": [784, 16, 10],
            "activation": "tanh", "loss": "cross_entropy", "optimizer": "adam", "learning_rate": 0.001, "schedule": "linear",
            "batch": 50, "epochs": 3, "seed": 7, "threads": 1})
        self.assertEqual(len(history["epochs"]), 3)
        for epoch in history["epochs"]:
            self.assertEqual(list(epoch), EPOCH_KEYS)
            self.assertTrue(0 <= epoch["train_accuracy"] <= 1 and 0 <= epoch["test_accuracy"] <= 1)
            self.assertTrue(epoch["train_loss"] > 0 and epoch["test_loss"] > 0)
            self.assertTrue(0 < epoch["train_seconds"] < epoch["seconds"] < history["total_seconds"])
        self.assertEqual(history["outcome"], "finished")
        self.assertRegex(history["weights_fingerprint"], r"\A[0-9a-f]{16}\Z")
        self.assertIn(history["weights_fingerprint"], out)
        self.assertEqual(sorted(os.listdir(self.folder)), ["data", "history.json"])

    def test_one_seed_gives_one_fingerprint(self):
        def fingerprint(*arguments):
            return self.train("--epochs", "2", *arguments)[1]["weights_fingerprint"]
        first = fingerprint("--threads", "1")
        self.assertEqual(fingerprint("--threads", "1"), first)
        self.assertEqual(fingerprint("--threads", "1", "--quiet"), first)
        self.assertNotEqual(fingerprint("--threads", "1", "--seed", "2"), first)
        self.assertNotEqual(fingerprint("--threads", "1", "--learning-rate", "0.002"), first)
        self.assertNotEqual(fingerprint("--threads", "1", "--schedule", "constant"), first)

    def test_fingerprint_on_1_2_3_threads(self):
        fingerprints = [self.train("--epochs", "2", "--batch", "256", "--threads", str(n))[1]["weights_fingerprint"] for n in (1, 2, 3)]
        self.assertEqual(len(set(fingerprints)), 1, fingerprints)

    def test_every_choice_learns(self):
        for arguments in (["--activation", "sigmoid"], ["--loss", "mse"], ["--optimizer", "sgd"], ["--optimizer", "momentum"],
                          ["--schedule", "constant"], ["--layers", ""], ["--layers", "32,32,32"]):
            with self.subTest(arguments):
                _, history = self.train("--epochs", "4", *arguments)
                self.assertGreaterEqual(history["epochs"][-1]["test_accuracy"], 0.95)

    def test_linear_schedule_ends_at_zero(self):
        # The last of two steps has half the rate of the first, so one step of each schedule gives the same weights and two do not.
        def fingerprint(schedule, images):
            return self.train("--epochs", "1", "--batch", "100", "--limit-train", images, "--schedule", schedule)[1]["weights_fingerprint"]
        self.assertEqual(fingerprint("linear", "100"), fingerprint("constant", "100"))
        self.assertNotEqual(fingerprint("linear", "200"), fingerprint("constant", "200"))

    def test_quiet_and_debug(self):
        self.assertEqual(self.train("--epochs", "1", "--quiet")[0], "")
        self.assertEqual(self.train("--epochs", "1", "--log-level", "error")[0], "")
        out, _ = self.train("--epochs", "1", "--log-level", "debug")
        for index in range(4):
            self.assertIn(self.file(index), out)

    def test_bench_prints_one_line(self):
        result = self.run_program("--bench-steps", "20", "--batch", "32", "--threads", "1", "--quiet")
        self.assertEqual(result.returncode, 0, result.stderr)
        match = re.fullmatch(r"mnist_train batch=32 threads=1 median_us=(\d+\.\d) best_us=(\d+\.\d)\n", result.stdout)
        self.assertTrue(match, result.stdout)
        self.assertGreaterEqual(float(match.group(1)), float(match.group(2)))
        self.assertGreater(float(match.group(2)), 0)

    def test_bench_needs_a_whole_batch(self):
        result = self.run_program("--bench-steps", "20", "--batch", "2001", "--quiet")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr, "mnist_train: 2000 training images are fewer than one batch of 2001\n")

    def test_environment_names_the_directory(self):
        result = self.run_program("--epochs", "1", data=False, MNIST_DIR=self.data)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"data from {self.data} ($MNIST_DIR)", result.stdout)

    def test_progress_bar_on_a_terminal(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([PROGRAM, "--data", self.data, "--epochs", "40", "--threads", "1"], cwd=self.folder,
                                   env=environment(TERM="xterm"), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
        os.close(slave)
        written = b""
        try:
            while chunk := os.read(master, 65536):
                written += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(master)
        self.assertEqual(process.wait(timeout=600), 0)
        text = written.decode()
        self.assertRegex(text, r"\repoch \d+/40 \[=*>? *\] +\d+ %  loss \d+\.\d{4}  \d+ images/s  [\d.:]+ (s|min) left\x1b\[K")
        self.assertRegex(text, r"(\r\x1b\[K)?epoch 40/40  train loss")
        for line in text.split("\x1b[K"):
            if "images/s" in line:
                self.assertLess(len(line.split("\r")[-1]), 80)

    def test_real_mnist(self):
        result = self.run_program("--epochs", "1", "--history", "real.json", data=False,
                                  **({"MNIST_DIR": os.environ["MNIST_DIR"]} if "MNIST_DIR" in os.environ else {}))
        if result.returncode == 1 and "train-images-idx3-ubyte" in result.stderr:  # where it looked, and for what
            print("skipped: no MNIST here: " + result.stderr)
            return
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(self.path("real.json"), encoding="utf-8") as file:
            history = json.load(file)
        wanted = {"MNIST": 0.94, "Fashion-MNIST": 0.80}[history["settings"]["dataset"]]
        self.assertGreaterEqual(history["epochs"][0]["test_accuracy"], wanted)
        if history["settings"]["dataset"] == "Fashion-MNIST":
            self.assertRegex(result.stdout, r"\n  0 T-shirt/top +\d+")


class Interrupt(MnistTrainTest):
    def test_ends_after_the_batch_with_the_summary(self):
        process = subprocess.Popen([PROGRAM, "--data", self.data, "--epochs", "1000000", "--history", "history.json", "--threads", "1"],
                                   cwd=self.folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        lines = []
        while not (lines and lines[-1].startswith("epoch ")):
            lines.append(process.stdout.readline())
            self.assertTrue(lines[-1], "the program ended by itself")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=600)
        self.assertEqual(process.returncode, 130)
        self.assertRegex(err, r"\Amnist_train: interrupted in epoch \d+ after \d+ of 32 steps, with train loss [\d.]+, accuracy [\d.]+ %\n\Z")
        self.assertIn("Test images by true class", out)
        self.assertIn("interrupted in ", out)
        with open(self.path("history.json"), encoding="utf-8") as file:
            history = json.load(file)
        self.assertEqual(history["outcome"], "interrupted")
        self.assertGreaterEqual(len(history["epochs"]), 1)


class Refusals(MnistTrainTest):
    def test_help(self):
        result = self.run_program("--help", data=False)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, "")
        for option in ("data", "layers", "activation", "loss", "optimizer", "learning-rate", "schedule", "batch", "epochs", "seed", "threads",
                       "limit-train", "limit-test", "history", "report", "bench-steps", "log-level", "quiet"):
            self.assertIn(f"--{option} ", result.stdout)

    def test_bad_options(self):
        for arguments, expected in (
                (["--batch", "0"], r"--batch: .*0"),
                (["--batch", "many"], r"--batch.*many"),
                (["--epochs", "-1"], r"--epochs: .*-1"),
                (["--epochs", "99999999999999999999"], r"--epochs"),
                (["--seed", "-1"], r"--seed"),
                (["--threads", "0"], r"--threads: "),
                (["--threads", "100000"], r"--threads: "),
                (["--seed", "18446744073709551616"], r"--seed: .*18446744073709551616"),
                (["--limit-train", "0"], r"--limit-train: "),
                (["--limit-test", "0"], r"--limit-test: "),
                (["--bench-steps", "0"], r"--bench-steps: "),
                (["--layers", "128,,64"], r'--layers: "128,,64" is no list of sizes'),
                (["--layers", "128,0"], r"--layers: "),
                (["--layers", "128,"], r"--layers: "),
                (["--layers", "1e9"], r"--layers: "),
                (["--layers", "65536,65536"], r"--layers: .* would have 4294967296 weights"),
                (["--activation", "rleu"], r'--activation: .*"rleu".*relu, .*tanh'),
                (["--loss", "mae"], r"--loss: .*mae.*cross_entropy,mse"),
                (["--optimizer", "lbfgs"], r"--optimizer: .*lbfgs.*adam"),
                (["--schedule", "cosine"], r"--schedule: .*cosine.*linear"),
                (["--learning-rate", "fast"], r'--learning-rate: "fast" is no number'),
                (["--learning-rate", "nan"], r"--learning-rate: "),
                (["--learning-rate", "inf"], r"--learning-rate: "),
                (["--learning-rate", "-1"], r"--learning-rate: "),
                (["--log-level", "loud"], r"--log-level: .*loud"),
                (["--surprise"], r"--surprise"),
                (["images"], r"images"),
                (["--history"], r"--history")):
            with self.subTest(arguments):
                self.assert_refused(self.run_program(*arguments), expected, exit_code=2)

    def test_missing_data(self):
        empty = self.path("empty")
        os.mkdir(empty)
        result = self.run_program("--data", empty, data=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\Amnist_train: ")
        for expected in [empty, "--data", *NAMES]:
            self.assertIn(expected, result.stderr)
        result = self.run_program("--data", self.path("nowhere"), data=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nowhere (--data): no such directory", result.stderr)
        os.remove(self.file(3))
        result = self.run_program()
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"missing {NAMES[3]}", result.stderr)

    def test_damaged_files(self):
        images, labels = self.read(0), self.read(1)
        for index, content, expected in (
                (0, images[:-1], r"byte"),
                (0, images[:10], r"byte"),
                (0, b"", r"byte"),
                (0, images + b"\0", r"byte"),
                (0, struct.pack(">IIII", 0x803, 0xFFFFFFFF, 28, 28), r"byte"),
                (0, struct.pack(">IIII", 0x803, 0, 28, 28), r"byte"),
                (0, labels, r"byte"),
                (1, labels[:-5] + b"\x0a" + labels[-4:], r"label is 10, expected 0 to 9"),
                (1, struct.pack(">II", 0x801, 1999) + labels[9:], r"1999 labels"),
                (1, b"plain text", r"byte 0"),
                (1, b"\x1f\x8b" + b"no gzip at all", r"byte"),
                (1, gzip.compress(labels)[:-9], r"byte"),
                (1, gzip.compress(labels) + b"more", r"byte"),
                (2, struct.pack(">IIII", 0x803, 500, 14, 14) + b"\0" * (500 * 14 * 14), r"14x14")):
            with self.subTest(f"{NAMES[index]}: {content[:20]}"):
                before = self.read(index)
                self.write(index, content)
                result = self.run_program("--epochs", "1")
                self.write(index, before)
                self.assert_refused(result, re.escape(self.file(index)) + ": .*" + expected)

    def test_gzip_bomb(self):
        subprocess.run([MAKE_IDX, "--bomb", self.file(0), "4096"], check=True)
        self.assert_refused(self.run_program("--epochs", "1"), re.escape(self.file(0)) + ": .*byte")

    def test_unreadable_places(self):
        os.remove(self.file(0))
        os.mkfifo(self.file(0))
        self.assert_refused(self.run_program("--epochs", "1"), "is a pipe, expected a regular file")

    def test_divergence(self):
        result = self.run_program("--learning-rate", "1e30", "--history", "history.json")
        self.assert_refused(result, r"the loss became -?(nan|inf) in epoch 1 at step \d+ of 32; a lower --learning-rate than 1e\+30 may help")
        with open(self.path("history.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["outcome"], "diverged")

    def test_history_that_cannot_be_written(self):
        self.assert_refused(self.run_program("--history", self.path("no/where.json")), r"where\.json: cannot be written: No such file")
        self.assert_refused(self.run_program("--history", self.data), r"cannot be written: not a regular file")
        self.assert_refused(self.run_program("--history", "/dev/null"), r"/dev/null: cannot be written: not a regular file")

    def test_history_is_replaced_whole(self):
        history = self.path("history.json")
        with open(history, "w", encoding="utf-8") as file:
            file.write("old")
        os.remove(self.file(0))
        self.assertEqual(self.run_program("--history", history).returncode, 1)
        with open(history, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["data", "history.json"])


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for case in (Training, Interrupt, Refusals):
            for name in unittest.defaultTestLoader.getTestCaseNames(case):
                print(f"{case.__name__}.{name}")
        sys.exit()
    PROGRAM, MAKE_IDX = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
