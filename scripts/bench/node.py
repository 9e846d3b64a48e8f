#!/usr/bin/env python3
"""What a node costs, beside its peers, in one run.

CPU is the share of one core used by the whole process tree over the window, memory its resident
set at the end. Each column of processes adds that many sleeping ones. Peers that are not installed
are left out and named. Everything stays on this machine and ends by itself.

    cargo build --release
    # the peers, as far as wanted
    apt-get install -y --no-install-recommends glances python3-bottle btop htop prometheus-node-exporter netdata
    cargo install bottom
    scripts/bench/node.py [--seconds 20] [--processes 0,1000,3000] [--viewers 100]
"""

import argparse
import base64
import json
import os
import pty
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(root):
    """Process ids of root and all its descendants."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat").read()
            except OSError:
                continue
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    members = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in members} - members
        if not more:
            return members
        members |= more


def usage(pids):
    """CPU seconds (with those of ended children) and resident bytes."""
    cpu = resident = 0
    for pid in pids:
        try:
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            statm = open(f"/proc/{pid}/statm").read().split()
        except OSError:
            continue
        cpu += sum(int(field) for field in fields[11:15])
        resident += int(statm[1]) * PAGE
    return cpu / TICKS, resident


def measure(root, seconds):
    """CPU % of a core and resident MB of a process and its descendants; None if it has ended."""
    before, alive = usage(tree(root))
    if not alive:
        return None
    start = time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - start
    after, resident = usage(tree(root))
    return 100 * (after - before) / elapsed, resident / 1e6


class Viewers:
    """WebSocket clients that subscribe like the page and count what they get."""

    def __init__(self, port, count, topics):
        self.bytes = 0
        self.running = True
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            client = upgraded(port, topics)
            client.setblocking(False)
            self.selector.register(client, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        last_ping = time.monotonic()
        while self.running:
            for key, _ in self.selector.select(0.2):
                data = key.fileobj.recv(1 << 16)
                if not data:
                    raise SystemExit("a viewer was closed")
                self.bytes += len(data)
            if time.monotonic() - last_ping > 10:
                last_ping = time.monotonic()
                for key in self.selector.get_map().values():
                    key.fileobj.send(masked(b'{"type":"ping","id":1}', 1))

    def close(self):
        self.running = False
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


def host_page(host):
    """What the page asks for while it shows everything of a host."""
    return [f"host/{host}", f"host/{host}/processes"]


def upgraded(port, topics):
    """A socket that is a WebSocket and has subscribed to the topics."""
    client = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /ws?encoding=deflate HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = client.recv(4096)
    if b" 101 " not in answer.split(b"\r\n")[0]:
        raise SystemExit(f"no upgrade: {answer[:200]!r}")
    for topic in topics:
        client.sendall(masked(json.dumps({"type": "subscribe", "topic": topic}).encode(), 1))
    return client


def masked(payload, opcode):
    mask = os.urandom(4)
    head = bytes([0x80 | opcode, 0x80 | len(payload)]) if len(payload) < 126 else (
        bytes([0x80 | opcode, 0xFE]) + struct.pack("!H", len(payload)))
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def first_bytes(binary):
    """Milliseconds from the start of the program to the first answer with values."""
    with tempfile.TemporaryDirectory() as state:
        start = time.monotonic()
        process, port = start_smonitor(binary, state)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/hosts").read()
        took = time.monotonic() - start
        end(process.pid)
        return 1000 * took


def start_smonitor(binary, state, demo=False):
    what = ["demo"] if demo else ["--mode", "node", "--state-dir", state, "--disable-log"]
    process = subprocess.Popen(
        [binary, *what, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=state,
        env={**os.environ, "NO_COLOR": "1", "SMONITOR_MANAGER_PORT": "0"})
    for line in process.stdout:
        if " is at http://127.0.0.1:" in line:
            port = int(line.split(" is at http://127.0.0.1:")[1].split("/")[0].split()[0])
            break
    else:
        raise SystemExit("smonitor did not start")
    threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
    return process, port


def in_terminal(command):
    """Starts a program that wants a terminal; what it draws is read and dropped."""
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LINES="50", COLUMNS="160")
        os.execvp(command[0], command)
    import fcntl
    import termios
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))

    def drain():
        try:
            while os.read(master, 1 << 16):
                pass
        except OSError:
            pass

    threading.Thread(target=drain, daemon=True).start()
    return pid


def poll(url, interval, stop):
    def loop():
        while not stop.wait(interval):
            try:
                urllib.request.urlopen(url, timeout=5).read()
            except OSError:
                pass
    threading.Thread(target=loop, daemon=True).start()


def wait_for(url, seconds):
    """Until it answers; some take a while to start."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    return None


def end(pid):
    os.kill(pid, signal.SIGTERM)
    for _ in range(50):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def peers(seconds):
    """Name and figures of each peer that is installed, at its own usual interval."""
    terminal = {"btop (2 s)": ["btop"], "htop (1.5 s)": ["htop"], "bottom (1 s)": ["btm"]}
    for name, command in terminal.items():
        if not shutil.which(command[0]):
            yield name, None
            continue
        pid = in_terminal(command)
        time.sleep(3)
        yield name, measure(pid, seconds)
        end(pid)
    exporter = shutil.which("prometheus-node-exporter")
    if exporter:
        process = subprocess.Popen([exporter, "--web.listen-address=127.0.0.1:19109"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stop = threading.Event()
        poll("http://127.0.0.1:19109/metrics", 2, stop)
        time.sleep(3)
        yield "node_exporter (2 s, no processes)", measure(process.pid, seconds)
        stop.set()
        end(process.pid)
    else:
        yield "node_exporter (2 s, no processes)", None
    if shutil.which("netdata"):
        with tempfile.TemporaryDirectory() as folder:
            process = start_netdata(folder)
            stop = threading.Event()
            answer = "http://127.0.0.1:19119/api/v1/allmetrics?format=json"
            wait_for(answer, 90)
            poll(answer, 1, stop)
            time.sleep(10)
            yield "netdata (1 s)", measure(process.pid, seconds)
            stop.set()
            members = tree(process.pid)
            end(process.pid)
            for pid in members & set(map(int, filter(str.isdigit, os.listdir("/proc")))):
                os.kill(pid, signal.SIGKILL)
    else:
        yield "netdata (1 s)", None
    if shutil.which("glances"):
        process = subprocess.Popen(["glances", "-w", "--bind", "127.0.0.1", "--port", "19610", "--time", "2"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stop = threading.Event()
        for version in (3, 4):
            poll(f"http://127.0.0.1:19610/api/{version}/all", 2, stop)
        time.sleep(8)
        yield "glances web (2 s)", measure(process.pid, seconds)
        stop.set()
        end(process.pid)
    else:
        yield "glances web (2 s)", None


def start_netdata(folder):
    """netdata as it comes, but with everything it writes in a folder, and on loopback only."""
    lines = ["[global]", "run as user = root", "[directories]"]
    for name in ("config", "cache", "lib", "log", "lock", "home"):
        os.mkdir(f"{folder}/{name}")
        lines.append(f"{name} = {folder}/{name}")
    lines += ["[web]", "bind to = 127.0.0.1", "default port = 19119", "[statsd]", "enabled = no",
              "[cloud]", "enabled = no", "[registry]", "enabled = no"]
    open(f"{folder}/config/.opt-out-from-anonymous-statistics", "w").close()
    with open(f"{folder}/netdata.conf", "w") as config:
        config.write("\n".join(lines) + "\n")
    return subprocess.Popen(["netdata", "-D", "-c", f"{folder}/netdata.conf"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env={**os.environ, "DO_NOT_TRACK": "1"})


def smonitor(binary, seconds, many):
    """Name, figures and kB/s per viewer of one server: idle, scraped, and looked at."""
    with tempfile.TemporaryDirectory() as state:
        process, port = start_smonitor(binary, state)
        base = f"http://127.0.0.1:{port}"
        # Nobody has looked yet: nothing may be collected at all.
        yield "smonitor, nobody looking", measure(process.pid, seconds), None
        host = json.load(urllib.request.urlopen(f"{base}/api/v1/hosts"))["hosts"][0]["key"]
        sources = json.load(urllib.request.urlopen(f"{base}/api/v1/hosts/{host}"))["sources"]
        runs = max(source["runs"] for source in sources)
        # The two requests made each source run at most twice, and rates a second time at once.
        print(f"runs of a source after {seconds:.0f} s of nobody and two requests: at most {runs}", file=sys.stderr)
        time.sleep(6)
        stop = threading.Event()
        poll(f"{base}/metrics", 15, stop)
        yield "smonitor, /metrics every 15 s", measure(process.pid, max(seconds, 30)), None
        stop.set()
        time.sleep(6)
        kinds = [("overview", 1, ["overview"]), ("host, no processes", 1, [f"host/{host}"]),
                 ("host and processes", 1, host_page(host))]
        if many:
            kinds.append(("host and processes", many, host_page(host)))
        for what, count, topics in kinds:
            viewers = Viewers(port, count, topics)
            time.sleep(6)
            got = viewers.bytes
            figures = measure(process.pid, seconds)
            rate = (viewers.bytes - got) / seconds / count / 1e3
            viewers.close()
            yield f"smonitor, {count} × {what}", figures, rate
        end(process.pid)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smonitor")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--processes", default="0,1000,3000")
    parser.add_argument("--viewers", type=int, default=100, help="as many in the last row; 0 for none")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    columns = [int(number) for number in options.processes.split(",")]
    table, missing = {}, set()
    sleepers = []
    for extra in columns:
        while len(sleepers) < extra:
            sleepers.append(subprocess.Popen(["sleep", "100000"]))
        total = sum(entry.isdigit() for entry in os.listdir("/proc"))
        print(f"{total} processes …", file=sys.stderr)
        for name, figures, rate in smonitor(binary, options.seconds, options.viewers):
            table.setdefault(name, []).append((*figures, rate))
        if not options.no_peers:
            for name, figures in peers(options.seconds):
                if figures is None:
                    missing.add(name)
                else:
                    table.setdefault(name, []).append((*figures, None))
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()

    base = table.get("smonitor, 1 × host and processes")
    starts = sorted(first_bytes(binary) for _ in range(5))
    print(f"from start to first values: median {starts[2]:.0f} ms, {starts[0]:.0f} to {starts[4]:.0f} of 5")
    print(f"CPU % of one core over {options.seconds:.0f} s · RSS MB · × = CPU against one viewer of host and processes")
    print(f"{'':38}" + "".join(f"{'+' + str(extra) + ' processes':>34}" for extra in columns))
    for name, rows in table.items():
        cells = ""
        for column, (cpu, resident, rate) in enumerate(rows):
            ratio = f"{cpu / base[column][0]:5.1f}×" if base and base[column][0] > 0 else "     –"
            sent = f"{rate:6.1f} kB/s" if rate is not None else " " * 11
            cells += f"{cpu:7.2f} %{ratio}{resident:7.1f}{sent:>12}"
        print(f"{name:38}{cells}")
    for name in sorted(missing):
        print(f"not installed, or did not start: {name}")


if __name__ == "__main__":
    main()
