"""Checks, with programs that print fixed times, that bench/compare.py --against names exactly the slower jobs."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))

import against  # noqa: E402

# Every job takes 100 except in the given cases. Runs that time a job append the name of their build to `order`.
PROGRAM = """#!/bin/sh
time=100
case "$*" in
  *list_tests*) echo '{benchmarks}'; exit ;;
  {cases}
esac
echo {name} >>'{order}'
case "$0" in
  *mnist_train) echo "mnist_train batch=32 threads=1 median_us=$time best_us=1 loss=0.1" ;;
  *) echo '{{"benchmarks": [{{"run_type": "iteration", "real_time": 300}}, {{"run_type": "iteration", "real_time": '$time'}},
                        {{"run_type": "aggregate", "real_time": 1}}]}}' ;;
esac
"""


class Against(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.order = self.folder / "order"
        self.make_build("this")
        self.make_build("that")

    def make_build(self, name, cases="", without=()):
        """A build folder of programs that print fixed times; `without` names benchmarks that they do not have."""
        build = self.folder / name
        benchmarks = [timed for program, timed in against.JOBS.values() if program != against.TRAINER and timed not in without]
        for program in {program for program, _ in against.JOBS.values()}:
            path = build / program
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PROGRAM.format(benchmarks=" ".join(benchmarks), cases=cases, name=name, order=self.order))
            path.chmod(0o755)
        (build / "CMakeCache.txt").write_text("CMAKE_BUILD_TYPE:STRING=Release\nCMAKE_PROJECT_NAME:STATIC=chainrule\n")

    def compare(self, *options):
        """Exit code, standard output and standard error of compare.py."""
        done = subprocess.run([sys.executable, BENCH / "compare.py", "--build", "this", "--against", "that", *options], cwd=self.folder,
                              env={**os.environ, "MNIST_DIR": str(self.folder)}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def test_equal_builds(self):
        code, printed, errors = self.compare()
        self.assertEqual((code, printed.splitlines()[-1]), (0, f"none of {len(against.JOBS)} compared jobs is slower"), errors)
        for job in against.JOBS:
            self.assertRegex(printed, rf"(?m)^{job} .* 1\.000  1\.000  1\.000$")

    def test_slower_jobs_are_named(self):
        slower = "*'--batch 32 '*'--threads 2 '* | *^tanh/1024/*) time=105 ;;"
        self.make_build("this", slower + " *^xor_step*) time=102.9 ;; *^sum/*) time=80 ;;")
        code, printed, _ = self.compare("--jobs", "^step-32|tanh/1024|xor|sum|add")
        self.assertEqual(code, 1)
        self.assertEqual(printed.splitlines()[-1], "slower, lower quartile above 1.03: step-32-2-threads (1.05), tanh/1024 (1.05)")
        self.assertRegex(printed, r"(?m)^tanh/1024 .* 1\.050  1\.050  1\.050  slower$")
        self.assertRegex(printed, r"(?m)^xor .* 1\.029$")
        self.assertRegex(printed, r"(?m)^sum/1024 .* 0\.800$")

    def test_sides_alternate(self):
        self.compare("--jobs", "^xor$")
        ran = self.order.read_text().split()
        self.assertEqual(ran, ["this", "that", "that", "this"] * 7 + ["this", "that"])

    def compare_measured(self, time_of):
        """The output about the job xor, and whether it is slower, if each run takes time_of(name of its build)."""
        with mock.patch.object(against, "measure", lambda build, job, data: time_of(build.name)), \
                contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
            slower = against.compare_builds(self.folder / "this", self.folder / "that", re.compile("^xor$"), 15, None)
        return printed.getvalue(), slower

    def test_drift_is_not_slower(self):
        clock = iter(range(30))
        printed, slower = self.compare_measured(lambda build: 1.05 ** next(clock))  # each run takes 5 % longer than the one before
        self.assertRegex(printed, r"(?m)^xor .* 0\.952  0\.952  1\.050$")
        self.assertFalse(slower)

    def test_noise_is_not_slower(self):
        for least, expected in (1.03, False), (1.04, True):
            noise = iter([least, 1.09, 1.06] * 5)
            printed, slower = self.compare_measured(lambda build: next(noise) if build == "this" else 1)
            self.assertRegex(printed, rf"(?m)^xor .* {least:.3f}  1\.060  1\.090{'  slower' * expected}$")
            self.assertEqual(slower, expected)

    def test_quartiles(self):
        self.assertEqual(against.quartiles([2, 4, 6, 8, 10], [2, 2, 2, 2, 2]), [2, 3, 4])

    def test_what_is_missing_is_named(self):
        self.make_build("that", without=["add_row/1024/real_time"])
        (self.folder / "this/bench/small_bench").unlink()
        code, printed, _ = self.compare("--jobs", "add|xor")
        self.assertEqual(code, 0)
        self.assertRegex(printed, r"(?m)^add_row/1024 +not compared: that build's bench/ops_bench has no benchmark add_row/1024/real_time$")
        self.assertRegex(printed, r"(?m)^xor +not compared: this build has no program bench/small_bench$")
        self.assertTrue(printed.endswith("none of 1 compared jobs is slower\nnot compared: xor, add_row/1024\n"), printed)
        code, _, errors = self.compare("--jobs", "xor")
        self.assertEqual((code, errors), (2, "compare.py: no job can be compared\n"))

    def test_errors(self):
        self.make_build("that", "*) echo 'no such option' >&2; exit 3 ;;")
        code, printed, errors = self.compare("--jobs", "xor")
        self.assertEqual((code, printed), (2, ""))
        self.assertRegex(errors, r"that/bench/small_bench .* failed with exit code 3: no such option\n$")
        (self.folder / "other").mkdir()
        (self.folder / "other/CMakeCache.txt").write_text("CMAKE_PROJECT_NAME:STATIC=fmt\n")
        for options, expected in {
            ("--against", "this/bench"): "this/bench is not a build folder: it has no CMakeCache.txt; expected one such as",
            ("--against", "other"): "other is a build folder of fmt, expected chainrule",
            ("--jobs", "softmin"): "no job matches softmin; there are step-32-1-thread",
            ("--jobs", "("): "--jobs (: missing ), unterminated subpattern",
            ("--rounds", "14"): "--rounds 14 is too few: at least 15",
            ("memory",): "--against takes no JOB and no --quick; use --jobs REGEX",
        }.items():
            code, printed, errors = self.compare(*options)
            self.assertEqual((code, printed), (2, ""))
            self.assertIn(f"compare.py: {'error: ' if 'usage' in errors else ''}{expected}", errors)


if __name__ == "__main__":
    unittest.main()
