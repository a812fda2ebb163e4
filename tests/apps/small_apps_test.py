"""Runs iris_train and xor as users do: small_apps_test.py IRIS_TRAIN XOR [TestCase.test ...]; --list prints the tests' names."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

IRIS_TRAIN = XOR = None


class AppTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chainrule-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_program(self, program, *arguments, exit_code=0):
        result = subprocess.run([program, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=600)
        self.assertEqual(result.returncode, exit_code, result.stdout + result.stderr)
        if exit_code == 0:
            self.assertEqual(result.stderr, "")
        else:
            self.assertRegex(result.stderr, r"\A[a-z_]+: [^\n]+\n\Z")
        return result.stdout if exit_code == 0 else result.stderr


class Iris(AppTest):
    def test_learns_iris(self):
        out = self.run_program(IRIS_TRAIN, "--epochs", "100", "--splits", "2", "--standardize", "--learning-rate", "0.02")
        self.assertIn("150 rows of 4 numbers, 3 classes, from ", out)
        splits = re.findall(r"^split \d/2 .* test accuracy (\d+\.\d\d) % \((\d+) of 45\)$", out, re.M)
        self.assertEqual(len(splits), 2)
        for percent, right in splits:
            self.assertEqual(percent, f"{100 * int(right) / 45:.2f}")
            self.assertGreaterEqual(int(right), 38)
        mean = sum(int(right) for _, right in splits) / 90
        self.assertIn(f"test accuracy {100 * mean:.2f} % over 2 splits", out)
        rows = re.findall(r"^  \d (setosa|versicolor|virginica) +(\d+) +(\d+) +(\d+) +", out, re.M)
        self.assertEqual(sum(int(count) for row in rows for count in row[1:]), 90)

    def test_seed_determines_the_result(self):
        def losses(*arguments):
            return re.findall(r"^split .*loss.*$", self.run_program(IRIS_TRAIN, "--epochs", "5", *arguments), re.M)
        first = losses("--splits", "3")
        self.assertEqual(losses("--splits", "3"), first)
        self.assertEqual(losses("--splits", "1", "--seed", "2")[0].split("  ")[1:], first[1].split("  ")[1:])
        for arguments in (["--batch", "8"], ["--layers", "4", "--activation", "relu"], ["--init", "normal:1"], ["--optimizer", "adam"],
                          ["--learning-rate", "0.1"], ["--standardize"], ["--stratify"], ["--test-split", "0.5"], ["--weight-decay", "0.1"]):
            self.assertNotEqual(losses("--splits", "1", *arguments), losses("--splits", "1"), arguments)

    def test_stratified_rows(self):
        out = self.run_program(IRIS_TRAIN, "--epochs", "1", "--stratify")
        rows = re.findall(r"^  \d (?:setosa|versicolor|virginica) +(\d+) +(\d+) +(\d+) +", out, re.M)
        self.assertEqual([sum(map(int, row)) for row in rows], [15, 15, 15])

    def test_other_tables(self):
        rows = "".join(f"{'a' if i % 2 else 'b'};{i % 2};{i % 7}\n" for i in range(60))
        table = self.file("t.csv", "kind,x,y\n" + rows.replace(";", ","))
        out = self.run_program(IRIS_TRAIN, "--data", table, "--label", "kind", "--epochs", "50", "--show-every", "25")
        self.assertIn("60 rows of 2 numbers, 2 classes", out)
        self.assertIn("test accuracy 100.00 %", out)
        self.assertEqual(re.findall(r"^split 1 epoch (\d+)/50 ", out, re.M), ["25", "50"])
        self.run_program(IRIS_TRAIN, "--data", table, "--label", "0", "--epochs", "1")

    def test_saves_the_model(self):
        path = os.path.join(self.folder, "iris.json")
        self.assertIn(f"wrote {path}", self.run_program(IRIS_TRAIN, "--epochs", "1", "--save", path))
        self.assertGreater(os.path.getsize(path), 1000)

    def test_report(self):
        path = os.path.join(self.folder, "iris.html")
        self.run_program(IRIS_TRAIN, "--epochs", "3", "--splits", "2", "--report", path)
        with open(path, encoding="utf-8") as file:
            page = file.read()
        for expected in ("versicolor", "petal_length", "--splits 2 --report", "Dense 4 -&gt; 8, tanh", "xavier_uniform"):
            self.assertTrue(expected in page or expected.replace("&gt;", ">") in page, expected)

    def test_refusals(self):
        def refused(expected, *arguments, exit_code=1):
            self.assertRegex(self.run_program(IRIS_TRAIN, *arguments, exit_code=exit_code), expected)
        refused(r"nowhere\.csv: ", "--data", "nowhere.csv")
        refused(r"colour", "--label", "colour")
        refused(r":3:1: \"red\".* is not a finite number", "--data", self.file("a.csv", "x,label\n1,a\nred,b\n"))
        refused(r"got 1 class, expected at least 2", "--data", self.file("b.csv", "x,label\n1,a\n2,a\n"))
        refused(r"the largest label is 5000, expected less than 1000", "--data", self.file("c.csv", "x,label\n1,5000\n2,0\n"))
        refused(r"nowhere/model\.json: cannot be written", "--save", "nowhere/model.json")
        refused(r"nowhere/report\.html: cannot be written", "--report", "nowhere/report.html")
        refused(r"^iris_train: split 1: the loss became (nan|inf) in epoch \d+ at step \d+; a lower --learning-rate than 1e\+20 may help$",
                "--learning-rate", "1e20")
        refused(r"^iris_train: --test-split 0 leaves none of the 150 rows to test on; choose a larger fraction$", "--test-split", "0")
        refused(r"^iris_train: --test-split 0\.999 leaves none of the 150 rows to train on; choose a smaller fraction$",
                "--test-split", "0.999")
        refused(r"^iris_train: .*semicolons\.csv:1:1: no column is left for the features: "
                r"the cells seem to be separated by \";\", but the delimiter is \",\"$",
                "--data", self.file("semicolons.csv", "x;label\n1,5;a\n2,5;b\n"))
        for arguments, expected in ((["--epochs", "0"], "--epochs"), (["--test-split", "1"], "--test-split"), (["--splits", "x"], "--splits"),
                                    (["--activation", "tanh,rleu"], "rleu"), (["--activation", "tanh,tanh,tanh"], "3 names for 2 hidden layers"),
                                    (["--optimizer", "lbfgs"], "lbfgs is not supported"), (["--surprise"], "--surprise")):
            refused(expected, *arguments, exit_code=2)
        self.assertIn("--splits ", self.run_program(IRIS_TRAIN, "--help"))


    def test_terminals_are_not_controlled(self):
        table = self.file("t\x1b[2J.csv", "x,kind\n" + "1,a\x07\n2,b\x1b[31m\n" * 10)
        out = self.run_program(IRIS_TRAIN, "--data", table, "--epochs", "1")
        self.assertIn("2 classes, from " + table.replace("\x1b", "\\x1b"), out)
        self.assertRegex(out, r"  0 a\\x07 ")
        self.assertNotRegex(out, r"[\x00-\x09\x0b-\x1f\x7f]")
        error = self.run_program(IRIS_TRAIN, "--optimizer", "a\x1b[2J", exit_code=2)
        self.assertIn('unknown optimizer "a\\x1b[2J"', error)
        self.assertNotIn("\x1b", error)
        report = os.path.join(self.folder, "r.html")
        self.run_program(IRIS_TRAIN, "--data", table, "--epochs", "1", "--report", report)
        with open(report, encoding="utf-8") as file:
            self.assertNotRegex(file.read(), r"[\x00-\x09\x0b-\x1f\x7f]")

    def test_number_of_threads_in_the_environment(self):
        for threads, right in (("2", True), ("2,1", True), (" 2 ", True), ("2147483648", False), ("4294967297", False), ("two", False),
                               ("0", False)):
            result = subprocess.run([IRIS_TRAIN, "--epochs", "1", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    env={**os.environ, "OMP_NUM_THREADS": threads})
            self.assertEqual(result.returncode, 0 if right else 2, threads)
            expected = "" if right else (f'iris_train: OMP_NUM_THREADS: "{threads}" is not a number of threads from 1 to 2147483647 '
                                         "(--help lists the options)\n")
            self.assertTrue(result.stderr.endswith(expected), result.stderr)


class Xor(AppTest):
    def test_learns_every_truth_table(self):
        for name, table in (("and", "0001"), ("nand", "1110"), ("nor", "1000"), ("or", "0111"), ("xnor", "1001"), ("xor", "0110")):
            with self.subTest(name):
                out = self.run_program(XOR, "--function", name, "--quiet").splitlines()
                self.assertEqual(len(out), 5)
                for row, line in enumerate(out[:4]):
                    value = float(re.fullmatch(rf"{row // 2} {name} {row % 2}: ([\d.]+), expected {table[row]}", line).group(1))
                    self.assertLess(abs(value - int(table[row])), 0.1)
                self.assertTrue(out[4].startswith("4 of 4 correct after 1000 epochs, loss 0.0"))

    def test_reports_failure_to_learn(self):
        result = subprocess.run([XOR, "--epochs", "1", "--learning-rate", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"\n[0-3] of 4 correct after 1 epoch,")

    def test_refusals(self):
        for arguments, expected in ((["--function", "maybe"], "maybe"), (["--batch", "5"], "--batch"), (["--layers", "0"], "--layers"),
                                    (["--optimizer", "lbfgs"], "lbfgs"), (["extra"], "extra")):
            self.assertRegex(self.run_program(XOR, *arguments, exit_code=2), expected)
        self.assertIn("--function ", self.run_program(XOR, "--help"))


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for case in (Iris, Xor):
            for name in unittest.defaultTestLoader.getTestCaseNames(case):
                print(f"{case.__name__}.{name}")
        sys.exit()
    IRIS_TRAIN, XOR = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
