"""Runs a program under strace, and reads from the trace what became of its database.

The events are in the order of the trace. What may have happened before it is known
to have, counts from the entry of its system call (a write, an unlink, an answer); what
is relied upon, from its return (a sync). strace holds a thread at both, so that whatever
one thread does because of another's call stands after it.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field

SHARED_MEMORY = "-shm"
WRITES = ("pwrite64",)
SYNCS = ("fsync", "fdatasync")
ANSWERS = ("write", "writev", "sendto", "sendmsg")
# What would change a file as well. SQLite does none of it here; if it ever does, the
# replay says so and does not guess.
NOT_REPLAYED = ("pwritev", "pwritev2", "fallocate")
NAMES = ("openat", "unlink", "unlinkat")
CALLS = (*WRITES, *SYNCS, *ANSWERS, *NOT_REPLAYED, *NAMES, "ftruncate")

LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))", re.DOTALL)
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
FILE = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>")
SOCKET = re.compile(r"\d+<TCP(?:v6)?:\[[^>]*->[^>]*:(\d+)\]>")
RESULT = re.compile(r"-?\d+")


class NotReplayed(Exception):
    """Something in the trace that the replay has no model of."""


@dataclass(frozen=True)
class Event:
    """One step: of a file of the database, of their folder, or an answer to a client."""

    # open, write, truncate, unlink, sync-begin, sync-end, answer
    kind: str
    # The file's name; "" is the folder.
    name: str = ""
    offset: int = 0
    data: bytes = b""
    # Which thread syncs.
    thread: str = ""
    # Whose answer: the client's port.
    port: int = 0


@dataclass
class Reader:
    """Turns lines into events, for the files in one folder whose names begin alike."""

    folder: str
    prefix: str
    events: list[Event] = field(default_factory=list)
    # What each thread is in the middle of: its call, and that call's event.
    entered: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def read(self, line):
        parts = LINE.match(line)
        if parts is None:
            return
        thread, call, rest, resumed, result = parts.groups()
        if resumed is None:
            self.enter(thread, call, rest)
            if rest.rstrip().endswith("<unfinished ...>"):
                return
            result = rest
        self.leave(thread, result)

    def enter(self, thread, call, rest):
        at = len(self.events)
        name = self.name_of(rest)
        if call in ANSWERS and (socket := SOCKET.match(rest)):
            data = b"".join(text(found) for found in TEXT.finditer(rest))
            self.events.append(Event("answer", data=data, port=int(socket[1])))
        elif call in ("unlink", "unlinkat") and (name := self.name_in_quotes(rest)):
            self.events.append(Event("unlink", name))
        elif call == "openat":
            name = self.name_in_quotes(rest)
        elif name is not None:
            self.enter_file(thread, call, name, rest)
        self.entered[thread] = (call, rest, at) if len(self.events) > at or name else (call, "", -1)

    def enter_file(self, thread, call, name, rest):
        if call in SYNCS:
            self.events.append(Event("sync-begin", name, thread=thread))
        elif name == "":
            return
        elif call == "ftruncate":
            self.events.append(Event("truncate", name, int(re.search(r">, (\d+)", rest)[1])))
        elif call in WRITES:
            found = TEXT.search(rest)
            data = text(found)
            count, offset = re.match(r", (\d+), (\d+)", rest[found.end() :]).groups()
            if len(data) != int(count):
                raise NotReplayed(f"a write of {count} bytes that strace cut off")
            self.events.append(Event("write", name, int(offset), data))
        else:
            raise NotReplayed(f"{call} of {name}")

    def leave(self, thread, rest):
        call, arguments, at = self.entered.get(thread, ("", "", -1))
        result = RESULT.match(rest.rpartition(" = ")[2])
        if at < 0 or result is None:
            return
        del self.entered[thread]
        result = int(result[0])
        if call == "openat":
            self.opened(arguments, result)
        elif call in SYNCS and result == 0:
            self.events.append(Event("sync-end", self.events[at].name, thread=thread))
        elif call in WRITES and result != len(self.events[at].data):
            raise NotReplayed(f"a write that gave {result}")

    def opened(self, arguments, result):
        name = self.name_in_quotes(arguments)
        if result < 0 or not name:
            return
        if "O_TRUNC" in arguments:
            raise NotReplayed(f"O_TRUNC of {name}")
        if "O_CREAT" in arguments:
            self.events.append(Event("open", name))

    def end(self):
        """Once it is dead: leaves out the writes that it died in and never made."""
        for call, _, at in self.entered.values():
            if call in WRITES and at >= 0:
                event = self.events[at]
                with open(os.path.join(self.folder, event.name), "rb") as file:
                    file.seek(event.offset)
                    if file.read(len(event.data)) != event.data:
                        self.events[at] = Event("nothing")
        self.entered.clear()

    def name_of(self, rest):
        found = FILE.match(rest)
        return found and self.name(unhex(found[2]).decode())

    def name_in_quotes(self, rest):
        return self.name(text(TEXT.search(rest)).decode())

    def name(self, path):
        """The name of a file of the database, "" for the folder, None for anything else."""
        if path == self.folder:
            return ""
        folder, name = os.path.split(path)
        # SQLite's own: lock and reserve, with a dot, are not the database.
        is_its = name == self.prefix or name.startswith(self.prefix + "-")
        ours = folder == self.folder and is_its
        # Only mapped, never synced, and made anew from the log.
        return name if ours and not name.endswith(SHARED_MEMORY) else None


def text(found):
    if found[2]:
        raise NotReplayed("a text that strace cut off")
    return unhex(found[1])


def unhex(digits):
    return bytes.fromhex(digits.replace("\\x", ""))


def start(command, environment, trace, pid_file, log):
    """Starts a command under strace; it leaves its process id in a file."""
    strace = ["strace", "-f", "-qq", "-yy", "-xx", "-s", str(1 << 20), "--seccomp-bpf"]
    strace += ["-e", "signal=none", "-e", "trace=" + ",".join(CALLS), "-o", trace]
    shell = ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', pid_file]
    return subprocess.Popen(
        strace + shell + command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
    )
