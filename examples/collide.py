#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""collide.py [--picks N] [--strangers KIND] TOOL

How often is a port that a tool gave for free taken when its server binds it? 32 tests at a
time, in 4 processes, each pick a port; 10 ms later a server binds it and keeps it for 10 ms.

TOOL        bind0       bind to port 0, look, close
            portpicker  Python's portpicker
            portserver  the same with its server, which deals out 15000-24999, each once
            get-port    that of npm, a Node process for each of the 4
            libportres  bind0, in portres-run with a block of 256
--strangers none        nobody else is busy
            any         two processes bind port 0, 8 sockets at a time, for 10 ms each
            explicit    they bind numbers, in the range from which the tool takes its ports
--picks     how many; 20000 if not given
"""
import argparse
import heapq
import multiprocessing
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

WORKERS, SLOTS, STRANGERS, STRANGER_SLOTS, PAUSE = 4, 8, 2, 8, 0.010
BLOCK = 256
# It throws when the kernel gives it a port that it gave itself a moment ago: then once more.
NODE = """import getPort from 'get-port';
import {createInterface} from 'node:readline';
const pick = () => getPort().catch(pick);
for await (const line of createInterface({input: process.stdin}))
	process.stdout.write(await pick() + '\\n');"""


def bind0():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get_port():
    node = subprocess.Popen(["node", "--input-type=module", "-e", NODE], text=True, bufsize=1,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def pick():
        node.stdin.write("\n")
        return int(node.stdout.readline())
    return pick


def picker(tool):
    """The function that picks a port, and the one that is told when it is no longer used."""
    if tool == "portpicker":
        import portpicker
        return portpicker.pick_unused_port, portpicker.return_port
    if tool == "portserver":
        import portpicker
        address = os.environ["PORTSERVER_ADDRESS"]
        return lambda: portpicker.get_port_from_port_server(address), lambda port: None
    return {"bind0": lambda: bind0, "get-port": get_port}[tool](), lambda port: None


def kernel_range():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        return tuple(map(int, file.read().split()))


def range_of(tool):
    """Where the tool takes its ports."""
    if "PORTRES_FIRST" in os.environ:
        return int(os.environ["PORTRES_FIRST"]), int(os.environ["PORTRES_LAST"])
    return (15000, 24999) if tool == "portserver" else kernel_range()


def rounds(step, slots, times):
    """Calls step(None) in so many slots, and what that returns after a pause, and so on."""
    due = [(time.monotonic() + PAUSE * n / slots, n, None) for n in range(slots)]
    while due:
        when, n, state = heapq.heappop(due)
        time.sleep(max(0, when - time.monotonic()))
        if state is None and times is not None:
            if times == 0:
                continue
            times -= 1
        heapq.heappush(due, (time.monotonic() + PAUSE, n, step(state)))


def worker(tool, picks, lost):
    """Picks, binds, closes."""
    pick, done = picker(tool)
    taken = 0

    def step(state):
        nonlocal taken
        if state is None:
            return pick()
        if isinstance(state, socket.socket):
            port = state.getsockname()[1]
            state.close()
        else:
            try:
                return socket.create_server(("127.0.0.1", state))
            except OSError:
                taken += 1
                port = state
        done(port)
        return None
    rounds(step, SLOTS, picks)
    with lost.get_lock():
        lost.value += taken


def stranger(kind, first, last):
    """Binds, closes."""
    def step(state):
        if state:
            state.close()
            return None
        s = socket.socket()
        try:
            s.bind(("127.0.0.1", random.randint(first, last) if kind == "explicit" else 0))
            return s
        except OSError:
            s.close()
            return None
    rounds(step, STRANGER_SLOTS, None)


def work(tool, picks):
    """The workers, in a process tree of their own; says where they pick, and waits for a line."""
    print(*range_of(tool), flush=True)
    sys.stdin.readline()
    lost = multiprocessing.Value("i", 0)
    workers = [multiprocessing.Process(target=worker, args=(tool, picks // WORKERS, lost))
               for _ in range(WORKERS)]
    for process in workers:
        process.start()
    for process in workers:
        process.join()
    print(lost.value if all(process.exitcode == 0 for process in workers) else "failed")


def measure(tool, picks, strangers):
    """How many of the picks were taken."""
    prefix = ["portres-run", "--tcp", "-n", str(BLOCK), "--"] if tool == "libportres" else []
    command = [sys.executable, __file__, "--work", "--picks", str(picks),
               "bind0" if prefix else tool]
    workers = subprocess.Popen(prefix + command, text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    line = workers.stdout.readline()
    if not line:
        return None
    first, last = map(int, line.split())
    busy = [multiprocessing.Process(target=stranger, args=(strangers, first, last), daemon=True)
            for _ in range(STRANGERS if strangers != "none" else 0)]
    for process in busy:
        process.start()
    answer = workers.communicate("\n")[0].strip()
    for process in busy:
        process.terminate()
    return int(answer) if answer.isdigit() else None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--picks", type=int, default=20000)
    parser.add_argument("--strangers", choices=["none", "any", "explicit"], default="none")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("tool", choices=["bind0", "portpicker", "portserver", "get-port",
                                         "libportres"])
    options = parser.parse_args()
    if options.work:
        work(options.tool, options.picks)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        server = None
        if options.tool == "portserver":
            os.environ["PORTSERVER_ADDRESS"] = folder + "/portserver"
            server = subprocess.Popen(["portserver", "--portserver_address", folder + "/portserver"],
                                      stderr=subprocess.DEVNULL)
            while not os.path.exists(folder + "/portserver") and server.poll() is None:
                time.sleep(0.02)
        lost = measure(options.tool, options.picks, options.strangers)
        if server:
            server.terminate()
            server.wait()
    if lost is None:
        print("the measurement failed", file=sys.stderr)
        return 1
    print(f"{options.tool}, strangers {options.strangers}: {lost} of {options.picks} were taken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
