#!/usr/bin/env python3
"""Cuts the power of a Lampboard at any system call, and looks for what it answered for.

It runs under strace while deliveries come in. From the trace follows what a disk may
hold after a power cut at each of its calls (disk.py); SQLite opens that, and must find a
sound database with every delivery that was answered with a 2xx before the cut, and
nothing half there. kill -9 can not show this: it leaves what was written and not synced.
"""

import argparse
import collections
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import urllib.request

from disk import Disk, sectors
from load import Load
from strace import Event, NotReplayed, Reader, start

DATABASE = "lampboard.db"
LOG = DATABASE + "-wal"
JOURNAL = DATABASE + "-journal"
SECRET = "a-webhook-secret-that-no-log-may-show"
PATIENCE = 60
# Its starts: which share of the deliveries comes, over how many connections, and what ends
# it. The first is long enough for the log to be copied into the database while it runs, and
# begun anew; its death leaves a log to recover. In the second, many share a transaction.
STARTS = ((0.7, 2, signal.SIGKILL), (0.2, 8, signal.SIGTERM), (0.1, 2, signal.SIGTERM))
# What is left of what was not synced: nothing, some of the writes, some of their sectors.
WAYS = ("none", "some", "torn")
BAD = ("lost", "corrupt", "half")
# How many images a self-check makes of a disk that lies.
SELF_CHECK_IMAGES = 60


class Recording:
    """What a Lampboard did to its database, through several starts, and what it answered."""

    def __init__(self, binary, deliveries, folder):
        self.binary, self.folder = binary, folder
        self.data = os.path.join(folder, "data")
        self.load = Load(SECRET)
        self.events = []
        # How its files really were after so many events.
        self.files = {}
        for number, (share, connections, end) in enumerate(STARTS):
            self.record(number, round(deliveries * share), connections, end)

    def record(self, number, deliveries, connections, end):
        path = lambda name: os.path.join(self.folder, f"{number}.{name}")
        environment = {
            "LAMPBOARD_LISTEN": "127.0.0.1:0",
            "LAMPBOARD_DATA_DIR": self.data,
            "LAMPBOARD_WEBHOOK_SECRET": SECRET,
            "LAMPBOARD_WRITE_KEY": "a-write-key-that-no-log-may-show",
        }
        with open(path("log"), "wb") as log:
            command = [self.binary, "serve"]
            process = start(command, environment, path("trace"), path("pid"), log)
        try:
            address = wait_until_ready(process, path("log"))
            process_id = int(read(path("pid")))
            stop = lambda: os.kill(process_id, end)
            self.load.send(address, deliveries, connections, stop)
            process.wait(PATIENCE)
        finally:
            process.kill()
        self.read(path("trace"))

    def read(self, trace):
        reader = Reader(self.data, DATABASE)
        with open(trace, encoding="ascii") as lines:
            for line in lines:
                reader.read(line)
        reader.end()
        answers = {port: iter(guids) for port, guids in self.load.sent.items()}
        for event in reader.events:
            if event.kind != "answer":
                self.events.append(event)
            elif event.port in answers and event.data.startswith(b"HTTP/1.1 "):
                guid = next(answers[event.port])
                if event.data.startswith(b"HTTP/1.1 2"):
                    self.events.append(Event("answer", guid))
        found = {event.name for event in self.events if event.kind == "answer"}
        if not self.load.answered <= found:
            sys.exit("power-cut: an answer that a client got is not in the trace")
        names = [name for name in os.listdir(self.data) if name in (DATABASE, LOG, JOURNAL)]
        self.files[len(self.events)] = {
            name: read(os.path.join(self.data, name), "rb") for name in names
        }


def wait_until_ready(process, log):
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE and process.poll() is None:
        time.sleep(0.02)
        if found := re.search(r"listening on http://([0-9.:]+)", read(log)):
            with urllib.request.urlopen(f"http://{found[1]}/readyz", timeout=PATIENCE):
                return found[1]
    sys.exit(f"power-cut: it is not ready; its log\n{read(log)}")


def read(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


def assert_replays(recording, folder):
    """The replay, with nothing lost, makes the very files that there were."""
    disk = new_disk(folder, "whole")
    for count, event in enumerate(recording.events, 1):
        disk.step(event)
        if files := recording.files.get(count):
            with disk.left(lambda events: events, len(disk.renames)) as left:
                replayed = {name: read(os.path.join(left, name), "rb") for name in os.listdir(left)}
            if replayed != files:
                sys.exit("power-cut: the trace does not explain the files")


def new_disk(folder, name, ignored=()):
    path = os.path.join(folder, name)
    os.mkdir(path)
    return Disk(path, ignored)


def choose(events, count):
    """When to cut the power, and how: so many pairs in the order of the trace.

    Half of them evenly over all events, half over those that are not merely the
    next page of the log.
    """
    common = range(1, len(events) + 1)
    tender = [at for at in common if events[at - 1].kind != "write" or events[at - 1].name != LOG]
    chosen = []
    for places, images in ((common, count - count // 2), (tender, count // 2)):
        for number in range(images):
            place = places[number * len(places) // images]
            chosen.append((place, WAYS[number % len(WAYS)]))
    return sorted(chosen)


def survivors(way, rng):
    """A function that says which pending writes are left."""
    share = rng.choice((0.1, 0.5, 0.9))
    lucky = lambda events: [event for event in events if rng.random() < share]
    if way == "none":
        return lambda _: []
    if way == "some":
        return lucky
    return lambda events: lucky([part for event in events for part in sectors(event)])


class Replay:
    """Makes images of one recording and looks at them."""

    def __init__(self, recording, seed, folder, ignored=()):
        self.recording, self.seed, self.folder = recording, seed, folder
        self.ignored = ignored

    def run(self, count):
        """Looks at so many images; gives how many there were of each verdict."""
        chosen = choose(self.recording.events, count)
        workers = os.cpu_count() or 1
        step = -(-len(chosen) // (workers * 2))
        parts = [chosen[begin : begin + step] for begin in range(0, len(chosen), step)]
        verdicts = collections.Counter()
        fork = multiprocessing.get_context("fork")
        with fork.Pool(workers, inherit, (self,)) as pool:
            for part in pool.imap_unordered(look, parts):
                verdicts += part
        return verdicts

    def look(self, chosen):
        events, answered, verdicts = self.recording.events, set(), collections.Counter()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            disk, done = new_disk(folder, "cut", self.ignored), 0
            for number, (place, way) in enumerate(chosen):
                for event in events[done:place]:
                    disk.step(event)
                    if event.kind == "answer":
                        answered.add(event.name)
                done = place
                rng = random.Random(f"{self.seed} {place} {way} {number}")
                least = disk.durable_renames
                renames = least if way == "none" else rng.randint(least, len(disk.renames))
                with disk.left(survivors(way, rng), renames) as left:
                    verdict, why = self.judge(left, answered)
                verdicts[verdict] += 1
                if verdict != "good" and not self.ignored:
                    say(f"event {place}, left {way}: {verdict}: {why}")
        return verdicts

    def judge(self, folder, answered):
        """Whether a database is good, and if not, why."""
        copy = None
        # A journal is played back into the database: not into the disk's own files.
        if os.path.exists(os.path.join(folder, JOURNAL)):
            folder = copy = shutil.copytree(folder, folder + "-copy")
        mode = "ro" if copy is None else "rw"
        path = os.path.join(folder, DATABASE)
        try:
            if not os.path.exists(path):
                stored, runs = set(), set()
            else:
                stored, runs = contents(f"file:{path}?mode={mode}")
        except sqlite3.DatabaseError as error:
            return "corrupt", str(error)
        finally:
            if copy is not None:
                shutil.rmtree(copy)
        if not answered <= stored:
            return "lost", f"{len(answered - stored)} of {len(answered)} answered deliveries"
        if {self.recording.load.runs[guid] for guid in stored} != runs:
            return "half", "a delivery without its build, or the other way round"
        return "good", ""


def inherit(replay):
    """In a new worker: keeps what it inherits, for nothing of that goes through a pipe."""
    look.replay = replay


def look(chosen):
    return look.replay.look(chosen)


def contents(uri):
    """The deliveries and the runs of a database that is sound."""
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        verdict = connection.execute("PRAGMA integrity_check").fetchall()
        if verdict != [("ok",)]:
            raise sqlite3.DatabaseError(verdict[0][0])
        wanted = "SELECT name FROM sqlite_schema WHERE name IN ('delivery', 'build')"
        if len(connection.execute(wanted).fetchall()) < 2:
            return set(), set()
        stored = {guid for (guid,) in connection.execute("SELECT guid FROM delivery")}
        runs = {run for (run,) in connection.execute("SELECT run_id FROM build")}
        return stored, runs
    finally:
        connection.close()


def assert_tests_something(recording, seed, folder):
    """The trace has what can go wrong, and disks that ignore syncs are found out."""
    first_start = recording.events[: min(recording.files)]
    header = ("write", LOG, 0)
    begun = sum((event.kind, event.name, event.offset) == header for event in first_start)
    if begun < 2:
        sys.exit("power-cut: the log was never begun anew: it needs more deliveries")
    for name in (LOG, DATABASE):
        verdicts = Replay(recording, seed, folder, (name,)).run(SELF_CHECK_IMAGES)
        say(f"were the syncs of {name} ignored: {summary(verdicts)}")
        if not verdicts["lost"]:
            sys.exit("power-cut: that should lose what was answered: this test tests nothing")


def summary(verdicts):
    return f"{verdicts.total()} images, " + ", ".join(f"{verdicts[bad]} {bad}" for bad in BAD)


def say(text):
    print(f"power-cut: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the lampboard to run")
    parser.add_argument("--images", type=int, default=5000, help="how many to look at")
    parser.add_argument("--deliveries", type=int, default=600, help="how many to send")
    parser.add_argument("--seed", type=int, default=1, help="decides what is left of each write")
    options = parser.parse_args()
    # In memory, where there is such a folder: nothing here needs to outlive a power cut.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="power-cut-", dir=memory) as folder:
        try:
            recording = Recording(os.path.abspath(options.binary), options.deliveries, folder)
        except NotReplayed as error:
            sys.exit(f"power-cut: the replay has no model of {error}")
        assert_replays(recording, folder)
        assert_tests_something(recording, options.seed, folder)
        verdicts = Replay(recording, options.seed, folder).run(options.images)
    answered = sum(event.kind == "answer" for event in recording.events)
    say(
        f"{summary(verdicts)}; {answered} acknowledged, {len(recording.events)} events, "
        f"seed {options.seed}, {time.monotonic() - begin:.0f} s"
    )
    sys.exit(verdicts["good"] != options.images)


if __name__ == "__main__":
    main()
