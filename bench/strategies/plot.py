"""The picture in RESULTS.md: cycles a second by the length of the line. On white, so dark pages can show it too."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from bench.sections.strategies import faults  # noqa: E402
from bench.strategies import NAMES, find  # noqa: E402

#: As many as a clinic has desks.
CLIENTS = "8"
#: Told apart by people who do not see all colours, and dark enough for text on white.
COLOURS = ("#b34700", "#a0457a", "#8f6400", "#7a1f4b", "#0f6b2f", "#1d7468", "#757575", "#333333", "#0063a8")
LOOK: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "strategies",  # the same results make the same file
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "text.color": "#222222",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
#: Of the height between two labels.
APART = 0.062


def draw(found: dict[str, Any], path: Path) -> None:
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=(9, 5.2))
        figure.subplots_adjust(left=0.08, right=0.7, top=0.82, bottom=0.12)
        for name, colour in zip(NAMES, COLOURS, strict=True):
            line(axes, found["cells"][name], name, colour)
        frame(axes, list(found["cells"]["ours"][CLIENTS]))
        labels(axes, found["cells"])
        figure.text(0.08, 0.94, "Cycles a second, by the length of the line", fontsize=15, weight="bold")
        told = (
            f"{CLIENTS} clients at once. Solid: no fault in any cell. Dashed: duplicate codes, double calls or worse."
        )
        figure.text(0.08, 0.885, told, color="#444444")
        plt.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        plt.close(figure)


def line(axes: Axes, cells: dict[str, Any], name: str, colour: str) -> None:
    lengths = [int(length) for length in cells[CLIENTS]]
    axes.plot(
        lengths,
        rates(cells),
        color=colour,
        linewidth=4 if name == "ours" else 1.8,
        linestyle=(0, (4, 2)) if any(faults(cells).values()) else "solid",
        marker="o",
        markersize=8 if name == "ours" else 5,
        zorder=3 if name == "ours" else 2,
        solid_capstyle="round",
    )


def frame(axes: Axes, lengths: list[str]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([int(length) for length in lengths], [f"{int(length):,} waiting" for length in lengths])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    marks = [factor * 10**power for power in range(5) for factor in (1, 2, 5) if low <= factor * 10**power <= high]
    axes.set_yticks(marks, [f"{mark:,}" for mark in marks])
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def labels(axes: Axes, cells: dict[str, Any]) -> None:
    """Each beside the end of its line, pushed apart where two would stand on each other."""
    low, high = (math.log10(limit) for limit in axes.get_ylim())
    ends = {name: (math.log10(max(rates(cells[name])[-1], 1)) - low) / (high - low) for name in NAMES}
    order = sorted(NAMES, key=ends.__getitem__)
    heights = apart([ends[name] for name in order])
    for name, height in zip(order, heights, strict=True):
        colour = COLOURS[NAMES.index(name)]
        place = axes.transAxes
        axes.plot([0.965, 1.02], [ends[name], height], color=colour, linewidth=0.7, transform=place, clip_on=False)
        weight = "bold" if name == "ours" else "normal"
        axes.text(1.03, height, find(name).SHORT, color=colour, va="center", weight=weight, transform=place)


def apart(heights: list[float]) -> list[float]:
    """The nearest heights, in the same order, that leave room for a label each."""
    placed = list(heights)
    for _ in range(500):
        for below, (one, other) in enumerate(pairwise(list(placed))):
            if lacking := max(0.0, APART - (other - one)):
                placed[below] -= lacking / 2
                placed[below + 1] += lacking / 2
    return placed


def rates(cells: dict[str, Any]) -> list[float]:
    return [cell["rate"] for cell in cells[CLIENTS].values()]
