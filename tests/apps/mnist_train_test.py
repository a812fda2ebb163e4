"""Runs mnist_train as users do: mnist_train_test.py MNIST_TRAIN MAKE_IDX [TestCase.test ...]; --list prints the tests' names."""
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
        """The output and the history of a run that must succeed."""
        history = self.path("history.json")
        result = self.run_program("--history", history, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        with open(history, encoding="utf-8") as file:
            return result.stdout, json.load(file)

    def assert_refused(self, result, expected, exit_code=1):
        """Standard error is the one expected line, and the program did not crash."""
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
        self.assertIn(" --layers 16 --seed 7 ", history["settings"].pop("command"))
        self.assertEqual(history["settings"], {
            "dataset": "data", "data": self.data, "standardize": False, "train_images": 1000, "validation_images": 0, "test_images": 200,
            "layers": [784, 16, 10], "activation": "tanh", "output": "softmax", "initializer": "he_uniform", "batch_norm": False,
            "input_dropout": 0, "dropout": 0, "loss": "cross_entropy", "label_smoothing": 0, "optimizer": "adam", "learning_rate": 0.001,
            "weight_decay": 0, "averaging": 0, "schedule": "linear", "batch": 50, "epochs": 3, "seed": 7, "threads": 1})
        self.assertEqual(history["test_accuracy"], history["epochs"][-1]["test_accuracy"])
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
                          ["--schedule", "constant"], ["--schedule", "cosine"], ["--layers", ""], ["--layers", "32,32,32"],
                          ["--output", "sigmoid"], ["--output", "sigmoid", "--loss", "mse"],
                          ["--output", "linear", "--loss", "squared_error"], ["--init", "normal:0.1"], ["--init", "xavier_uniform"],
                          ["--batch-norm"], ["--dropout", "0.2", "--input-dropout", "0.1"], ["--label-smoothing", "0.1"],
                          ["--optimizer", "rmsprop"], ["--optimizer", "adamw", "--weight-decay", "0.1"], ["--average", "0.9"],
                          ["--standardize"]):
            with self.subTest(arguments):
                _, history = self.train("--epochs", "4", *arguments)
                self.assertGreaterEqual(history["epochs"][-1]["test_accuracy"], 0.95)

    def test_every_choice_counts(self):
        def fingerprint(*arguments):
            return self.train("--epochs", "1", "--limit-train", "200", "--threads", "1", *arguments)[1]["weights_fingerprint"]
        choices = ([], ["--output", "sigmoid"], ["--loss", "mse"], ["--loss", "squared_error"], ["--loss", "mse", "--output", "linear"],
                   ["--init", "normal:0.1"], ["--init", "normal:0.2"], ["--init", "uniform:0.1"], ["--batch-norm"], ["--dropout", "0.2"],
                   ["--input-dropout", "0.2"], ["--label-smoothing", "0.1"], ["--optimizer", "adamax"], ["--weight-decay", "0.1"],
                   ["--average", "0.9"], ["--standardize"], ["--full-batch"], ["--val-split", "0.25"], ["--schedule", "cosine"],
                   ["--limit-test", "100", "--activation", "tanh"])
        fingerprints = {}
        for arguments in choices:
            other = fingerprints.setdefault(fingerprint(*arguments), arguments)
            self.assertIs(other, arguments, f"{arguments} gave what {other} did")

    def table(self, name, first, header=True, limit=None):
        """The images and labels of files `first` and `first` + 1 as a CSV file."""
        pixels, labels = self.read(first)[16:], self.read(first + 1)[8:]
        with open(self.path(name), "w", encoding="utf-8") as file:
            if header:
                file.write(",".join(["label"] + [f"pixel{i}" for i in range(784)]) + "\n")
            for i in range(len(labels) if limit is None else limit):
                file.write(",".join(map(str, [labels[i], *pixels[784 * i:784 * (i + 1)]])) + "\n")
        return self.path(name)

    def test_tables_give_what_the_four_files_give(self):
        _, files = self.train("--epochs", "1")
        train, test = self.table("train.csv", 0), self.table("test.csv", 2, header=False)
        result = self.run_program("--csv", train, test, "--epochs", "1", "--history", self.path("history.json"), data=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"2000 images from {train}\n500 images from {test}\n", result.stdout)
        with open(self.path("history.json"), encoding="utf-8") as file:
            tables = json.load(file)
        self.assertEqual(tables["weights_fingerprint"], files["weights_fingerprint"])
        self.assertEqual(tables["test_accuracy"], files["test_accuracy"])
        result = self.run_program("--csv", train, "--test-split", "0.2", "--epochs", "1", data=False)
        self.assertIn("1600 training and 400 test images", result.stdout)

    def test_validation_is_held_out(self):
        out, history = self.train("--epochs", "5", "--val-split", "0.25", "--show-every", "2")
        self.assertIn("1500 training, 500 validation and 500 test images", out)
        self.assertEqual(re.findall(r"^epoch (\d)/5  .*validation loss", out, re.M), ["1", "2", "4", "5"])
        self.assertEqual(len(history["epochs"]), 5)
        self.assertEqual(list(history["epochs"][0]),
                         ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "train_seconds", "seconds"])
        self.assertGreater(history["test_accuracy"], 0.9)
        # Validation images are not trained on.
        self.assertEqual(history["settings"]["train_images"], 1500)
        _, first = self.train("--epochs", "5", "--limit-train", "1500")
        self.assertEqual(first["weights_fingerprint"], history["weights_fingerprint"])

    def test_full_batch_is_one_step(self):
        _, full = self.train("--epochs", "2", "--full-batch", "--limit-train", "300", "--schedule", "constant")
        self.assertEqual(full["settings"]["batch"], 300)
        self.assertLess(full["epochs"][1]["train_loss"], full["epochs"][0]["train_loss"])

    def test_a_saved_model_gives_the_same_guesses(self):
        for output in ("softmax", "sigmoid", "linear"):
            with self.subTest(output):
                model, trained, loaded = self.path("model.json"), self.path("trained.csv"), self.path("loaded.csv")
                out, history = self.train("--epochs", "1", "--output", output, "--loss", "mse", "--batch-norm", "--dropout", "0.1",
                                          "--average", "0.5", "--standardize", "--save", model, "--predict", trained)
                self.assertIn(f"wrote {model}\n", out)
                result = self.run_program("--load", model, "--standardize", "--predict", loaded)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                with open(trained, encoding="utf-8") as file:
                    rows = file.read().splitlines()
                with open(loaded, encoding="utf-8") as file:
                    self.assertEqual(file.read().splitlines(), rows)
                self.assertEqual(rows[0], "image,label,guess,confidence")
                self.assertEqual(len(rows), 501)
                cells = [row.split(",") for row in rows[1:]]
                self.assertEqual([int(cell[0]) for cell in cells], list(range(500)))
                self.assertEqual([int(cell[1]) for cell in cells], list(self.read(3)[8:]))
                right = sum(cell[1] == cell[2] for cell in cells)
                self.assertAlmostEqual(right / 500, history["test_accuracy"])
                self.assertIn(f"test accuracy {right / 5:.2f} % ({right} of 500)", result.stdout)
        result = self.run_program("--load", model, "--standardize", "--quiet", "--predict", "-")
        self.assertEqual(result.stdout.splitlines(), rows)

    def test_weights_alone_are_safetensors(self):
        weights = self.path("weights.safetensors")
        self.train("--epochs", "1", "--layers", "16", "--save", weights)
        with open(weights, "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        self.assertEqual({name: entry["shape"] for name, entry in header.items()},
                         {"0.weight": [784, 16], "0.bias": [16], "1.weight": [16, 10], "1.bias": [10]})

    def test_linear_schedule_ends_at_zero(self):
        # Both schedules have the same rate in the first step, so one step gives equal weights. In the second step the linear rate is half.
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
        match = re.fullmatch(r"mnist_train batch=32 threads=1 median_us=(\d+\.\d) best_us=(\d+\.\d) loss=(\d+\.\d{4})\n", result.stdout)
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
        except OSError:  # Linux reports the closed other end as an error
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
        if result.returncode == 1 and "train-images-idx3-ubyte" in result.stderr:  # the directories searched and the missing files
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
        self.assertEqual(process.returncode, 130, err)
        self.assertRegex(err, r"\Amnist_train: interrupted in epoch \d+ after \d+ of 32 steps, with train loss [\d.]+, accuracy [\d.]+ %\n\Z")
        self.assertIn("Test examples by true class", out)
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
        for text in ("none [128,64]\n", "(not with --csv)\n", "[1/7] (requires --csv)\n"):
            self.assertIn(text, result.stdout)

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
                (["--layers", "128,,64"], r'--layers: "128,,64" is not a list of layer sizes'),
                (["--layers", "128,0"], r"--layers: "),
                (["--layers", "128,"], r"--layers: "),
                (["--layers", "1e9"], r"--layers: "),
                (["--layers", "65536,65536"], r"--layers: .*at most 268435456 weights between two layers"),
                (["--activation", "rleu"], r'--activation: .*"rleu".*relu, .*tanh'),
                (["--loss", "mae"], r"--loss: .*mae.*cross_entropy,mse"),
                (["--optimizer", "lbfgs"], r"--optimizer: lbfgs is not supported"),
                (["--optimizer", "adm"], r'--optimizer: .*"adm".*sgd, .*adam'),
                (["--schedule", "exponential"], r"--schedule: .*exponential.*linear"),
                (["--output", "relu"], r"--output: .*relu.*softmax"),
                (["--init", "he"], r'--init: .*"he".*he_uniform'),
                (["--init", "normal:-1"], r'--init: "normal:-1" is not an initializer with a parameter, such as normal:0.1'),
                (["--init", "zeros:1"], r'--init: "zeros:1" is not an initializer'),
                (["--dropout", "1"], r'--dropout: "1" is not a number in \[0, 1\)'),
                (["--input-dropout", "-0.1"], r"--input-dropout: "),
                (["--label-smoothing", "2"], r"--label-smoothing: "),
                (["--average", "1"], r"--average: "),
                (["--weight-decay", "-1"], r"--weight-decay: "),
                (["--val-split", "1"], r"--val-split: "),
                (["--test-split", "0.1"], r"--test-split requires --csv"),
                (["--csv", "a.csv"], r"--data excludes --csv"),
                (["--full-batch", "--batch", "5"], r"--batch excludes --full-batch"),
                (["--load", "a.json", "--save", "b.json"], r"--save excludes --load"),
                (["--show-every", "0"], r"--show-every: "),
                (["--learning-rate", "fast"], r'--learning-rate: "fast" is not a finite number'),
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
        self.assert_refused(result, r"the loss became (nan|inf|-inf) in epoch 1 at step \d+ of 32; a lower --learning-rate than 1e\+30 may help")
        with open(self.path("history.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["outcome"], "diverged")

    def test_history_that_cannot_be_written(self):
        self.assert_refused(self.run_program("--history", self.path("no/where.json")), r"where\.json: cannot be written: No such file")
        self.assert_refused(self.run_program("--history", self.data), r"cannot be written: not a regular file")
        self.assert_refused(self.run_program("--history", "/dev/null"), r"/dev/null: cannot be written: not a regular file")

    def test_choices_that_do_not_fit(self):
        self.assert_refused(self.run_program("--output", "linear"), r"--loss cross_entropy requires --output softmax or sigmoid")
        self.assert_refused(self.run_program("--loss", "mse", "--label-smoothing", "0.1"), r"--label-smoothing requires --loss cross_entropy")
        self.assert_refused(self.run_program("--val-split", "0.0001", "--limit-train", "100"), r"--val-split 0\.0001 leaves none of the 100 training images to validate on; choose a larger fraction")
        self.assert_refused(self.run_program("--optimizer", "lion", "--learning-rate", "1e400"),
                            r'--learning-rate: "1e400" is too large for float64', exit_code=2)
        self.assert_refused(self.run_program("--learning-rate", "1e-400", "--loss", "mse", "--label-smoothing", "1e-1"),
                            r"--label-smoothing requires --loss cross_entropy")  # the learning rate is 0

    def test_tables_and_models_that_are_wrong(self):
        bad = self.path("bad.csv")
        for text, expected in (("", r"holds no rows"), ("label,a\n", r"no rows after its header"), ("1,2,3\n", r"not form a square image"),
                               ("1,256\n", r':1:2: the pixel is "256"'), ("11,0\n", r':1:1: the label is "11"'),
                               ("1,0\n2,x\n", r':2:2: the pixel is "x"')):
            with self.subTest(text):
                with open(bad, "w", encoding="utf-8") as file:
                    file.write(text)
                self.assert_refused(self.run_program("--csv", bad, data=False), re.escape(bad) + ".*" + expected)
        for text, expected in (("", r"bad\.csv: "), ("{}", r"bad\.csv: "), ("[1]", r"bad\.csv: ")):
            with open(bad, "w", encoding="utf-8") as file:
                file.write(text)
            self.assert_refused(self.run_program("--load", bad), expected)
        self.assert_refused(self.run_program("--load", self.path("none.json")), r"none\.json: ")
        for option in ("--save", "--predict"):
            self.assert_refused(self.run_program(option, self.path("nowhere/file")), r"nowhere/file: cannot be written")

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
