"""A disk that loses its power: what is left of files, given what was done to them.

Of a file everything up to its last sync is left, and of what was done since, any part:
nothing, some of the writes, or some of their sectors. Of the folder everything up to its
own last sync is left, and the first so many of its changes since: file systems keep
these in order. That the sync of a new file keeps its name as well, as journals do, is not
relied upon.
"""

import os
from dataclasses import dataclass, field

SECTOR = 512


@dataclass
class Content:
    """A file without its name: what is durable stands in a file, the rest is held back."""

    file: int
    path: str
    pending: list = field(default_factory=list)
    durable_count: int = 0

    def make_durable(self, until):
        count = max(0, until - self.durable_count)
        for event in self.pending[:count]:
            apply(self.file, event)
        del self.pending[:count]
        self.durable_count += count


@dataclass
class Disk:
    """The files of a database, and what of them is durable. All is kept below a folder."""

    folder: str
    # Files whose syncs are ignored: a disk, or a program, that lies.
    ignored: tuple[str, ...] = ()
    names: dict[str, Content] = field(default_factory=dict)
    # All changes of the folder, and how many of them are durable.
    renames: list = field(default_factory=list)
    durable_renames: int = 0
    syncing: dict[str, tuple] = field(default_factory=dict)
    made: int = 0

    def step(self, event):
        """Takes in an event."""
        kind, name = event.kind, event.name
        if kind == "open" and name not in self.names:
            self.rename(name, self.make())
        elif kind == "unlink" and name in self.names:
            self.rename(name, None)
        elif kind in ("write", "truncate"):
            self.names[name].pending.append(event)
        elif kind == "sync-begin":
            content = self.names.get(name)
            # What comes while it syncs is not part of it.
            until = content.durable_count + len(content.pending) if content else len(self.renames)
            self.syncing[event.thread] = (content, until)
        elif kind == "sync-end":
            content, until = self.syncing.pop(event.thread)
            if name == "":
                self.durable_renames = max(self.durable_renames, until)
            elif name not in self.ignored:
                content.make_durable(until)

    def make(self):
        self.made += 1
        path = os.path.join(self.folder, f"content-{self.made}")
        return Content(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), path)

    def rename(self, name, content):
        self.renames.append((name, content))
        set_name(self.names, name, content)

    def left(self, survivors, renames):
        """What a power cut leaves, for as long as it is looked at.

        `survivors` gives the part of a file's pending events that is left.
        """
        names = {}
        for name, content in self.renames[:renames]:
            set_name(names, name, content)
        parts = [(content, survivors(content.pending)) for content in names.values()]
        return Left(names, parts, os.path.join(self.folder, "image"))


@dataclass
class Left:
    """A folder with what is left. Afterwards everything is as before."""

    names: dict[str, Content]
    parts: list
    folder: str
    undo: list = field(default_factory=list)

    def __enter__(self):
        for content, events in self.parts:
            for event in events:
                size = os.fstat(content.file).st_size
                length = size if event.kind == "truncate" else len(event.data)
                old = os.pread(content.file, length, event.offset)
                self.undo.append((content.file, event.offset, old, size))
                apply(content.file, event)
        os.mkdir(self.folder)
        for name, content in self.names.items():
            os.link(content.path, os.path.join(self.folder, name))
        return self.folder

    def __exit__(self, *_):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)
        for file, offset, old, size in reversed(self.undo):
            os.pwrite(file, old, offset)
            os.ftruncate(file, size)


def set_name(names, name, content):
    if content is None:
        names.pop(name, None)
    else:
        names[name] = content


def apply(file, event):
    if event.kind == "truncate":
        os.ftruncate(file, event.offset)
    else:
        os.pwrite(file, event.data, event.offset)


def sectors(event):
    """The parts of a write that a disk makes whole or not at all."""
    if event.kind != "write":
        return [event]
    first = SECTOR - event.offset % SECTOR
    ends = [*range(first, len(event.data), SECTOR), len(event.data)]
    begins = [0, *ends[:-1]]
    part = type(event)
    return [
        part("write", event.name, event.offset + begin, event.data[begin:end])
        for begin, end in zip(begins, ends)
    ]
