# SPDX-License-Identifier: MIT
"""regrtest.py RESULTS SECONDS ARG...: `python -m test ARG...` with results to compare.

RESULTS gets a line of JSON when a test case begins, for each thing that is told of it,
and when it ends. A test case that takes longer than SECONDS ends the process; what was
in its way is printed on standard error.
"""
import faulthandler
import json
import os
import runpy
import sys

# What regrtest is told of a test case, and what we call it.
OUTCOMES = {
    "addSuccess": "ok",
    "addFailure": "fails",
    "addError": "fails",
    "addSkip": "skipped",
    "addExpectedFailure": "ok",
    "addUnexpectedSuccess": "fails",
}


def report_to(results, seconds):
    """Makes regrtest's own class for results report to us, too."""
    try:
        from test.libregrtest import testresult
    except ImportError:  # before Python 3.11.6
        from test.support import testresult

    kind = testresult.RegressionTestResult
    owner = os.getpid()

    def note(test, event, why=""):
        # Not from a child that was forked within a test.
        if os.getpid() == owner:
            results.write(json.dumps([test.id(), event, why[:400]]) + "\n")
            results.flush()

    def wrap(name, event):
        real = getattr(kind, name)

        def report(self, test, *args):
            why = ""
            if args:
                why = str(args[0][1] if isinstance(args[0], tuple) else args[0])
            note(test, event, why)
            return real(self, test, *args)

        setattr(kind, name, report)

    for name, event in OUTCOMES.items():
        wrap(name, event)

    real_start, real_stop, real_sub = kind.startTest, kind.stopTest, kind.addSubTest

    def start(self, test):
        note(test, "begins")
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
        real_start(self, test)

    def stop(self, test):
        faulthandler.cancel_dump_traceback_later()
        note(test, "ends")
        real_stop(self, test)

    def sub(self, test, part, error):
        if error is not None:
            note(test, "fails", f"{part}: {error[1]}")
        real_sub(self, test, part, error)

    kind.startTest, kind.stopTest, kind.addSubTest = start, stop, sub


if __name__ == "__main__":
    # Without our folder: what `python -m test` finds is what counts.
    sys.path[0] = os.getcwd()
    report_to(open(sys.argv[1], "a", encoding="utf-8"), float(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    runpy.run_module("test", run_name="__main__", alter_sys=True)
