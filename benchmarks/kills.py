"""Commands killed at random moments, given again, and held against the same command undisturbed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from campaign import Activity, Campaign, Count, ended_otherwise

SHARES = {"train": 0.4, "measure": 0.2, "atlas": 0.15, "sweep": 0.25}
"""Of all kills, by the command that is killed."""

IN_A_ROW = 5
"""Kills of one command before it may end."""


def killed(campaign: Campaign, activity: Activity) -> Iterator[Count]:
    """Kill an activity at random moments, up to five times in a row, give the command again, and compare the end."""
    kills = round(SHARES[activity.command[0]] * campaign.kills)
    count = Count(f"SIGKILL during {activity.name}")
    with campaign.scratch() as place:
        whole = prepared(place / "whole", activity, campaign.run)
        seconds = campaign.undisturbed(activity.arguments(whole, campaign.run))
        expected = activity.state(whole)
        while count.tried < kills:
            with campaign.scratch() as scratch:
                folder = prepared(scratch / "killed", activity, campaign.run)
                for _ in range(min(IN_A_ROW, kills - count.tried)):
                    process = campaign.under_way(activity.arguments(folder, campaign.run), seconds, count)
                    if process is None:
                        break
                    os.kill(process.pid, signal.SIGKILL)
                    process.join()
                    count.tried += 1
                if campaign.done(activity.arguments(folder, campaign.run)):
                    count.note(f"{activity.name} did not go on: {campaign.said()}")
                elif different := ended_otherwise(activity.state, folder, expected):
                    count.note(f"{activity.name} ended otherwise: {different}")
            print(f"{count.fault}: {count.tried} of {kills}, {count.lost} lost", flush=True)
    yield count


def prepared(folder: Path, activity: Activity, run: Path) -> Path:
    """The folder of an activity; for one that works on a run, with links to the files of a recorded one."""
    if activity.command[0] == "measure":
        folder.mkdir()
        for name in ("experiment.json", "probe.npz", "history.csv", "snapshots"):
            (folder / name).symlink_to(run / name)
    return folder
