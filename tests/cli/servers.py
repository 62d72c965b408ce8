# SPDX-License-Identifier: MIT
"""servers.py PROTOCOL:PORT[-LAST[/STEP]]...: one process with sockets on all of them, until it is ended."""
import re
import signal
import socket
import sys

signal.alarm(900)
sockets = []
for argument in sys.argv[1:]:
    match = re.fullmatch(r"(tcp|udp):(\d+)(?:-(\d+)(?:/(\d+))?)?", argument)
    if not match:
        break  # for who looks at the command line
    first, last, step = int(match[2]), int(match[3] or match[2]), int(match[4] or 1)
    for port in range(first, last + 1, step):
        if match[1] == "tcp":
            sockets.append(socket.create_server(("127.0.0.1", port)))
        else:
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sockets[-1].bind(("127.0.0.1", port))
print(sockets[0].getsockname()[1], flush=True)
signal.pause()
