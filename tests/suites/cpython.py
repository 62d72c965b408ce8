# SPDX-License-Identifier: MIT
"""cpython.py JOBS SECONDS MODULE...: CPython's own tests, with and without the library.

Each module runs three times: plain, under the preload, and within a reservation. Each test
case must end the same way as in the plain run. One that does not is run again by itself in
both ways before it counts, since a busy machine makes some of them fail. That excuses no
"Address already in use" within the reservation: it has ports of its own, and that they run
out may show in a run of the whole module only. Test cases that are left out, or that
a reservation must change, stand in cpython-exceptions.txt. Speaks TAP.
"""
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SCRATCH = pathlib.Path(os.environ["scratch"])
RESERVED = "within a reservation"
WAYS = {
    "plain": [],
    "under the preload": ["env", "LD_PRELOAD=" + os.environ["PORTRES_LIB"]],
    RESERVED: [os.environ["PORTRES_RUN"], "-n", "200", "--"],
}
# Skips itself where no network may be used, but its network is the loopback.
NETWORK = {"test_socketserver"}
NO_PORT = ("[Errno 98]", "[Errno 99]", "already in use", "assign requested address", "bind to port")

running = set()


def exceptions(kind):
    """The patterns of this kind, from lines of KIND PATTERN REASON."""
    lines = (HERE / "cpython-exceptions.txt").read_text(encoding="utf-8").splitlines()
    return [words[1] for words in map(str.split, lines) if words and words[0] == kind]


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def run_to_end(command, folder, environment):
    """All that the command leaves behind ends with it. Gives the processor's seconds."""
    with open(folder / "log", "ab") as log:
        job = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                               env=environment, start_new_session=True)
    running.add(job)
    # As long as it is not reaped, the number of its group is nobody else's.
    os.waitid(os.P_PID, job.pid, os.WEXITED | os.WNOWAIT)
    os.killpg(job.pid, signal.SIGKILL)
    running.discard(job)
    _, job.returncode, usage = os.wait4(job.pid, 0)
    return usage.ru_utime + usage.ru_stime


def read_results(path):
    """{test case: (its outcomes, the first reason given)}"""
    found, ended = {}, set()
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        name, event, why = json.loads(line)
        outcomes, reason = found.setdefault(name, (set(), why))
        if event == "ends":
            ended.add(name)
        elif event != "begins":
            outcomes.add(event)
            found[name] = outcomes, reason or why
    for name, (outcomes, reason) in found.items():
        # What is told of a class has no beginning and no end.
        if not outcomes or (name not in ended and " " not in name):
            found[name] = {"died"}, reason
    return found


def run_tests(serial, seconds, module, way, only=()):
    """Once more without those that are done, when a test case takes the others with it."""
    folder = SCRATCH / str(serial)
    folder.mkdir()
    results = folder / "results"
    environment = dict(os.environ, TMPDIR=str(folder), PYTHONPYCACHEPREFIX=str(SCRATCH / "pyc"))
    found, began, used = {}, time.monotonic(), 0
    for _ in range(4):
        command = WAYS[way] + [sys.executable, str(HERE / "regrtest.py"), str(results), str(seconds)]
        # In this order: newer versions of regrtest take the first for the rule.
        for pattern in only:
            command += ["-m", pattern]
        for pattern in exceptions("leave-out") + list(found):
            command += ["-i", pattern]
        command += ["-u", "network"] if module in NETWORK else []
        used += run_to_end(command + [module], folder, environment)
        before, found = len(found), read_results(results)
        if len(found) == before or not any("died" in outcomes for outcomes, _ in found.values()):
            break
    print(f"# {module} {way}: {time.monotonic() - began:.0f} s, {used:.0f} s of a processor", flush=True)
    return found


def differences(plain, other):
    nothing = {"missing"}, ""
    return {
        name: (plain.get(name, nothing), other.get(name, nothing))
        for name in sorted(plain.keys() | other.keys())
        if plain.get(name, nothing)[0] != other.get(name, nothing)[0]
    }


class Suite:
    def __init__(self, jobs, seconds, modules):
        self.jobs, self.seconds, self.modules = jobs, seconds, modules
        self.serial = self.told = self.failed = 0
        self.expected = exceptions("reserved")

    def next_serial(self):
        self.serial += 1
        return self.serial

    def ok(self, good, text):
        self.told += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.told} - {text}", flush=True)

    def skip(self, text, why):
        self.told += 1
        print(f"ok {self.told} - {text} # SKIP {why}", flush=True)

    def diag(self, text):
        for line in text.splitlines():
            print("# " + line, flush=True)

    def again(self, module, way, name):
        """A test case, or all of a class, by itself: whether it is the same now."""
        pattern = name.partition("(")[2].rstrip(")") + ".*" if " " in name else name
        for _ in range(3):
            plain, other = (run_tests(self.next_serial(), self.seconds, module, each, [pattern])
                            for each in ("plain", way))
            if not differences(plain, other):
                return True
        return False

    def judge(self, module, way, plain, other):
        bad = 0
        for name, (was, now) in differences(plain, other).items():
            text = f"{name}: {'/'.join(was[0])} plain, {'/'.join(now[0])} {way}: {now[1] or was[1]}"
            if way == RESERVED and matches(name, self.expected):
                self.diag("expected: " + text)
            elif way == RESERVED and any(word in now[1] for word in NO_PORT):
                self.diag("no port: " + text)
                bad += 1
            elif self.again(module, way, name):
                self.diag("the same by itself: " + text)
            else:
                self.diag("different: " + text)
                bad += 1
        self.ok(not bad, f"{module}: {len(plain)} test cases end {way} as they do plain")

    def nothing(self, module, plain):
        """Skipped as a whole, or something is wrong with our side of it."""
        # The first of its three runs.
        log = (SCRATCH / str(1 + len(WAYS) * self.modules.index(module)) / "log").read_text(errors="replace")
        if plain or "test skipped" in log:
            self.skip(module, "none of its test cases passes here, plain")
        else:
            self.diag(log[-2000:])
            self.ok(False, f"{module}: it has test cases")

    def run(self):
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            told = {(module, way): pool.submit(run_tests, self.next_serial(), self.seconds, module, way)
                    for module in self.modules for way in WAYS}
            for job in told.values():
                job.result()
        self.diag(f"the whole took {time.monotonic() - began:.0f} s")
        for module in self.modules:
            plain = told[module, "plain"].result()
            if not any("ok" in outcomes for outcomes, _ in plain.values()):
                self.nothing(module, plain)
                continue
            for name, (outcomes, why) in plain.items():
                if outcomes & {"fails", "died"}:
                    self.diag(f"left as it is: {name}: {'/'.join(outcomes)} plain: {why}")
            for way in list(WAYS)[1:]:
                self.judge(module, way, plain, told[module, way].result())
        print(f"1..{self.told}")
        return 1 if self.failed else 0


def stop(*_):
    for job in running:
        os.killpg(job.pid, signal.SIGKILL)
    os._exit(99)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    sys.exit(Suite(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]).run())
