"""What attacks over the network share: a server of its own, and the least of a websocket client."""

import asyncio
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FULL = os.environ.get("TORTURE_SCALE", "full") != "ci"
UPGRADE = (
    b"GET /call HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: hatif.v1\r\n\r\n"
)


def say(text):
    print(text, flush=True)


def room(files):
    """As many open files as are needed; fewer than wanted is an end with a word."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < files:
        sys.exit(f"this needs {files} open files and the limit is {hard}: raise it with ulimit -n, or use TORTURE_SCALE=ci")


class Server:
    """`hatif serve` in a process of its own, stopped at the end by its own number."""

    def __init__(self, *options):
        program = os.environ.get("HATIF_PROGRAM")
        if not program:
            subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--bin", "hatif"], cwd=ROOT, check=True)
            program = os.path.join(ROOT, "target/release/hatif")
        self.data = tempfile.mkdtemp(prefix="hatif-torture-")
        self.log = open(os.path.join(self.data, "log"), "w+")
        command = [program, "serve", "--addr", "127.0.0.1:0", "--empty", "--registry-size", "2000", "--log", "warn"]
        self.process = subprocess.Popen(
            [*command, "--data", os.path.join(self.data, "records"), *options], stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        first = self.process.stdout.readline()
        found = re.search(r"ws://([\d.]+):(\d+)/call", first)
        if not found:
            self.log.seek(0)
            sys.exit(f"the server did not start: {first}{self.log.read()}")
        self.host, self.port = found[1], int(found[2])

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(2):
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def frame(opcode, payload=b""):
    """A masked frame; the mask is zero."""
    head = bytes([0x80 | opcode])
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(payload))
    return head + length + b"\0\0\0\0" + payload


class Line:
    """A telephone: reads all the time and answers pings."""

    def __init__(self, host, port):
        self.host, self.port, self.heard, self.news = host, port, [], asyncio.Event()

    async def connect(self):
        """Until the websocket is there; seconds it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=16 * 1024)
        self.writer.write(UPGRADE)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode())
        took = loop.time() - began
        self.listening = asyncio.create_task(self.listen())
        return took

    async def listen(self):
        try:
            while True:
                first, length = await self.reader.readexactly(2)
                if length == 126:
                    (length,) = struct.unpack(">H", await self.reader.readexactly(2))
                payload = await self.reader.readexactly(length)
                if first & 15 == 9:
                    self.writer.write(frame(10, payload))
                elif first & 15 == 1:
                    self.heard.append(payload)
                    self.news.set()
                elif first & 15 == 8:
                    self.heard.append(b"closed " + payload)
                    self.news.set()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.heard.append(b"gone")
            self.news.set()

    async def until(self, word):
        """Until a message holds this word; False when the line ends before."""
        while not any(word in text for text in self.heard):
            if self.listening.done():
                return False
            self.news.clear()
            await self.news.wait()
        return True

    async def dial(self, number):
        self.writer.write(frame(1, b'{"type":"dial","from":"%s"}' % number))
        return await self.until(b'"answered"')

    async def hang_up(self):
        self.writer.write(frame(1, b'{"type":"hangup"}'))
        return await self.until(b'"ended"')

    def close(self):
        self.listening.cancel()
        self.writer.close()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]
