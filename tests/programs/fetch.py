# SPDX-License-Identifier: MIT
"""fetch.py HOST PORT PATH: prints a page. http.client asks no proxy."""
import http.client
import sys

host, port, path = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=10)
connection.request("GET", path)
answer = connection.getresponse()
sys.stdout.write(answer.read().decode())
sys.exit(0 if answer.status == 200 else 1)
