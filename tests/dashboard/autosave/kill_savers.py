"""Kills processes that save without a pause, and checks what they had been told is saved.

    python kill_savers.py FOLDER KILLS SEED

Two processes save work of growing numbers for a visitor each, and report every save that returned.
At random moments one of them is killed (SIGKILL), its database is read, and it is replaced.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from dashboard.autosave.save import Save, SaveError
from dashboard.autosave.save_database import SaveDatabase, SaveLimits

LIMITS = SaveLimits(1 << 24, 1e6)
LONGEST_SECONDS = 0.03
KEPT = 2


def save(folder: Path, acknowledge: int, owner: str, session: str) -> None:
    """Save until killed; write the number of every save to a pipe once it is acknowledged."""
    database = SaveDatabase(folder, LIMITS)
    database.enter(owner, session)
    number = 0
    while True:
        number += 1
        content = Save(f"{number}", number, {"work": number.to_bytes(4, "big") * 20_000}).to_bytes()
        database.write(owner, session, f"{session}/{number}", content)
        if number > KEPT:
            database.delete(owner, f"{session}/{number - KEPT}")
        os.write(acknowledge, f"{number}\n".encode())


class Saver:
    """A process that saves, and the read end of its pipe."""

    def __init__(self, folder: Path, owner: str, session: str) -> None:
        self.owner, self.session = owner, session
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(reading)
            save(folder, writing, owner, session)
        os.close(writing)
        self._lines = os.fdopen(reading)

    def kill(self, seconds: float) -> int:
        """Kill it some time after its first save; return the number of the last acknowledged."""
        # Earlier, only its start would be interrupted.
        select.select([self._lines], [], [], 30)
        time.sleep(seconds)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        with self._lines:
            return max(int(line) for line in self._lines if line.endswith("\n"))


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill repeatedly and print the counts."""
    generator = random.Random(seed)
    acknowledged = lost = damaged = 0
    savers = [Saver(folder, f"visitor {number}", f"{number}.0") for number in range(2)]
    for kill in range(1, kills + 1):
        index = generator.randrange(len(savers))
        saver = savers[index]
        number = saver.kill(generator.random() * LONGEST_SECONDS)
        acknowledged += number
        database = SaveDatabase(folder, LIMITS)
        moments = {}
        for name in database.names(saver.owner):
            session, _, moment = name.rpartition("/")
            if session == saver.session:
                moments[int(moment)] = database.read(saver.owner, name)
        lost += not moments or max(moments) < number
        for moment, content in moments.items():
            try:
                damaged += Save.from_bytes(content).saved_at != moment
            except SaveError:
                damaged += 1
        database.leave(saver.owner, saver.session)  # as a page does that continues its work
        database.close()
        savers[index] = Saver(folder, saver.owner, f"{index}.{kill}")
    for saver in savers:
        acknowledged += saver.kill(0)
    print(f"{kills} kills, {acknowledged} acknowledged, {lost} lost, {damaged} damaged")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
