# SPDX-License-Identifier: MIT
"""visitors.py HOST PORT FOLDER: who is on a server while it is reloaded.

One asks for /big, reads the head of the answer and waits; others ask for / again and
again, each time anew. FOLDER/visiting is made when all of them have had an answer. When
FOLDER/enough is there they stop, and the first reads the rest. Prints how long that
was, how many were sent away and what they heard, a word each.
"""
import http.client
import os
import socket
import sys
import threading
import time

host, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
enough = os.path.join(folder, "enough")
end = time.monotonic() + 100
heard, failed = set(), []
everybody_heard = threading.Barrier(4)  # three visitors and who starts them


def staying():
    return not os.path.exists(enough) and time.monotonic() < end


def visit():
    connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.request("GET", "/", headers={"Connection": "close"})
    answer = connection.getresponse()
    heard.add(answer.read().decode())
    connection.close()


def visitor():
    was_there = False
    while staying():
        try:
            visit()
        except OSError as error:
            failed.append(error)
        if not was_there:
            everybody_heard.wait(100)
            was_there = True
        time.sleep(0.01)  # the server shall get its turn, too


slow = http.client.HTTPConnection(host, port, timeout=100)
slow.sock = socket.socket()
slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
slow.sock.connect((host, port))
slow.request("GET", "/big")
big = slow.getresponse()
threads = [threading.Thread(target=visitor) for _ in range(3)]
for thread in threads:
    thread.start()
everybody_heard.wait(100)
open(os.path.join(folder, "visiting"), "w").close()
for thread in threads:
    thread.join()
print(len(big.read()), len(failed), *sorted(word.replace(" ", "-") for word in heard))
for error in failed[:3]:
    print(error, file=sys.stderr)
