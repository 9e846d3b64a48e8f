#!/usr/bin/env python3
"""What a viewer of the host page gets, section by section, after the first frame.

For every section of the topic host/<id>: how often it came, bytes of JSON a second, and how much of
that came though nothing but its time had changed. The bytes of the wire are deflated; "without" is
what they would be without those. The process table, a topic of its own, is the last line.

    cargo build --release
    scripts/bench/sections.py [--demo] [--seconds 60]
"""

import argparse
import json
import os
import socket
import tempfile
import time
import urllib.request
import zlib

import node

# As the server does: messages below are sent as they are, see src/feed/version.rs.
DEFLATE_FROM = 4096


def deflated(text):
    if len(text) < DEFLATE_FROM:
        return len(text)
    packer = zlib.compressobj(4, zlib.DEFLATED, -15)
    return len(packer.compress(text) + packer.flush())


def messages(client, seconds):
    """Every message that comes within the time: bytes on the wire and what they say."""
    client.settimeout(1)
    buffer, until = b"", time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            buffer += client.recv(1 << 16)
        except socket.timeout:
            continue
        while len(buffer) >= 2:
            opcode, length, at = buffer[0] & 15, buffer[1] & 127, 2
            if length >= 126:
                at = 4 if length == 126 else 10
                length = int.from_bytes(buffer[2:at], "big")
            if len(buffer) < at + length:
                break
            payload, buffer = buffer[at:at + length], buffer[at + length:]
            if opcode in (1, 2):
                text = payload if opcode == 1 else zlib.decompress(payload, -15)
                yield at + length, json.loads(text), len(text)


def plain(section):
    """The section without its time, to see whether anything else changed."""
    return {key: value for key, value in section.items() if key != "taken_at_ms"} if isinstance(section, dict) else section


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smonitor")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        process, port = node.start_smonitor(os.path.abspath(options.binary), state, options.demo)
        hosts = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/hosts"))
        host = hosts["hosts"][0]["key"]
        client = node.upgraded(port, node.host_page(host))
        known, count, size, idle = {}, {}, {}, {}
        first = wire = without = table_wire = table_text = frames = 0
        began = None
        for length, message, text in messages(client, options.seconds + 8):
            kind = message.get("type")
            is_host = message.get("topic") == f"host/{host}"
            if kind == "full" and is_host:
                known, first = message["data"], length
            if kind != "patch":
                continue
            # The first ones are still on the way to all sections and rates.
            began = began or time.monotonic()
            settled = time.monotonic() - began > 7
            if not is_host:
                table_wire += settled * length
                table_text += settled * text
                continue
            changed = {}
            for key, value in message["patch"]["replace"].items():
                if plain(value) != plain(known.get(key)):
                    changed[key] = value
                if settled:
                    written = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
                    count[key] = count.get(key, 0) + 1
                    size[key] = size.get(key, 0) + written
                    idle[key] = idle.get(key, 0) + (key not in changed) * written
                known[key] = value
            if settled:
                frames += 1
                wire += length
                message["patch"]["replace"] = changed
                without += deflated(json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()) + 4
        elapsed = time.monotonic() - began - 7
        client.close()
        node.end(process.pid)
    print(f"host/{host}: first frame {first} bytes; then {frames / elapsed:.2f} messages a second, "
          f"{wire / elapsed:.0f} bytes a second on the wire, {without / elapsed:.0f} without")
    print(f"{'':14}{'a minute':>9}{'bytes each':>11}{'bytes/s':>9}{'same value':>11}")
    for key in sorted(size, key=size.get, reverse=True):
        print(f"{key:14}{60 * count[key] / elapsed:9.1f}{size[key] / count[key]:11.0f}"
              f"{size[key] / elapsed:9.0f}{100 * idle[key] / size[key]:10.0f} %")
    print(f"processes: {table_wire / elapsed:.0f} bytes a second on the wire, {table_text / elapsed:.0f} of text")


if __name__ == "__main__":
    main()
