#!/usr/bin/env python3
"""Whether viewers who misbehave cost the others anything.

One viewer reads what it gets, one subscribes and never reads, and others connect, subscribe and are
gone at once, 100 a second. Prints what the reading viewer got meanwhile, and the server's memory and
descriptors before and after. Everything stays on this machine and ends by itself.

    cargo build --release
    scripts/bench/churn.py [--seconds 60] [--rate 100]
"""

import argparse
import json
import os
import socket
import tempfile
import time
import urllib.request

import node


def state(pid):
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    _, resident = node.usage({pid})
    return f"RSS {resident / 1e6:.1f} MB, {descriptors} descriptors"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smonitor")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, port = node.start_smonitor(os.path.abspath(options.binary), folder)
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/hosts")
        host = json.load(answer)["hosts"][0]["key"]
        good = node.Viewers(port, 1, node.host_page(host))
        deaf = node.upgraded(port, node.host_page(host))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        time.sleep(5)
        print(f"before: {state(process.pid)}")
        cpu_before, _ = node.usage({process.pid})
        start, count, got = time.monotonic(), 0, good.bytes
        slices = []
        while time.monotonic() - start < options.seconds:
            node.upgraded(port, node.host_page(host)).close()
            count += 1
            ahead = start + count / options.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            if int(time.monotonic() - start) // 10 > len(slices):
                slices.append(good.bytes - got)
                got = good.bytes
        elapsed = time.monotonic() - start
        cpu, _ = node.usage({process.pid})
        print(f"{count} viewers came and went in {elapsed:.0f} s ({count / elapsed:.0f} a second), "
              f"CPU {100 * (cpu - cpu_before) / elapsed:.1f} % of a core")
        print("the reading viewer got, in each 10 s: " + ", ".join(f"{part / 1e3:.0f} kB" for part in slices))
        time.sleep(5)
        print(f"after: {state(process.pid)}")
        good.close()
        deaf.close()
        node.end(process.pid)


if __name__ == "__main__":
    main()
