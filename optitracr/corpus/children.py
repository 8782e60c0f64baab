"""Processes that compile, as the worker that started them holds them."""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from optitracr.corpus.tasks import Chunk
from optitracr.errors import OptitracrError

START_SECONDS = 120.0
"""For a process to load the compiler: it takes two, and on a machine that swaps many more."""

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables that say how many threads numeric libraries start: one, where there is a process for
each core; and sums are then added up in one order."""

START = "from optitracr.corpus.child import main; main()"


class WorkerError(OptitracrError):
    """A process that cannot compile anything: it does not start, or has other packages."""


class StoppedError(OptitracrError):
    """The work was called off."""


class Child:
    """A process that compiles.

    Attributes:
        owner: The process that started it.
    """

    def __init__(self) -> None:
        """Starts it, and waits until it has loaded the compiler.

        Raises:
            WorkerError: If it does not start.
        """
        self.owner = os.getpid()
        environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONHASHSEED": "0"}
        environment["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        first = self.reply(START_SECONDS)
        if first is None:
            self.kill()
            raise WorkerError(
                f"a process for compiling does not start on {socket.gethostname()}: it ended with "
                f"{self._process.returncode}; what it said is on standard error"
            )
        self.versions: dict[str, str] = first[1]

    def send(self, chunk: Chunk) -> bool:
        """Sends work; whether anybody is there to take it."""
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(pickle.dumps(chunk))
            stream.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def reply(self, seconds: float) -> Any:
        """What it says next; None if it is dead, or says nothing for so long."""
        try:
            return self._replies.get(timeout=seconds)
        except queue.Empty:
            return None

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def kill(self) -> int:
        """Ends it at once.

        Returns:
            How it ended: minus the number of a signal, or an exit code.
        """
        self._process.kill()
        return self._closed()

    def ended(self) -> int | None:
        """How it ended by itself; None if it has not."""
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return None
        return self._closed()

    def _closed(self) -> int:
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What was still to be written to a process that is gone.
                if stream is not None:
                    stream.close()
        return code

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while True:
                self._replies.put(pickle.load(stream))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._replies.put(None)


class Children:
    """The processes of this worker: those at work, and those kept for the next chunk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: list[Child] = []
        self._stopped = False

    def take(self) -> Child:
        """One that waits, or a new one.

        Raises:
            StoppedError: If the work was called off.
            WorkerError: If none can be started.
        """
        with self._lock:
            if self._stopped:
                raise StoppedError("the work was called off")
            while self._idle:
                child = self._idle.pop()
                # What a fork copied belongs to another process.
                if child.owner == os.getpid() and child.is_running():
                    self._busy.append(child)
                    return child
        child = Child()
        with self._lock:
            stopped = self._stopped
            if not stopped:
                self._busy.append(child)
        if stopped:
            child.kill()
            raise StoppedError("the work was called off")
        return child

    def give_back(self, child: Child) -> None:
        """Keeps one for the next chunk."""
        with self._lock:
            self._busy.remove(child)
            self._idle.append(child)

    def lose(self, child: Child) -> None:
        """Forgets one that is dead."""
        with self._lock:
            if child in self._busy:
                self._busy.remove(child)

    def stop(self) -> None:
        """Ends all of them; nothing more is taken."""
        with self._lock:
            self._stopped = True
            every = [*self._idle, *self._busy]
            self._idle.clear()
        for child in every:
            if child.owner == os.getpid():
                child.kill()


CHILDREN = Children()
"""Those of this process."""

atexit.register(CHILDREN.stop)
