"""Draws what bench/auto-scaling.sh has made: capacity against consumption of two tables, and the forecast. Arguments: the run as CSV, the picture."""
import csv
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

TITLES = {"Reactive": "target tracking", "Predictive": "target tracking and ForecastAndScale"}


def read(path):
    runs = {}
    with open(path, newline="", encoding="utf-8") as file:
        for name, *numbers in csv.reader(file):
            runs.setdefault(name, []).append([float(n) if n else None for n in numbers])
    return {name: list(zip(*rows)) for name, rows in runs.items()}


def draw_run(axes, title, run):
    hours, demand, served, capacity, forecast, high = run
    axes.plot(hours, demand, color="#b0b7c3", linewidth=0.6, label="demand")
    axes.plot(hours, served, color="#1f77b4", linewidth=0.8, label="consumed")
    axes.step(hours, capacity, color="#d62728", linewidth=1.2, where="post", label="provisioned")
    axes.fill_between(hours, served, demand, where=[d > s + 0.01 for d, s in zip(demand, served)], color="#ff9896", label="throttled")
    if any(f is not None for f in forecast):
        axes.plot(hours, forecast, color="#2ca02c", linewidth=1, label="forecast, up to an hour ahead")
        axes.plot(hours, high, color="#2ca02c", linewidth=0.6, linestyle=":", label="upper edge of its band")
    lost = 100 * (1 - sum(served) / sum(demand))
    used = 100 * sum(served) / sum(capacity)
    axes.set_title(f"{title}: {used:.0f} % of the capacity used, {lost:.2f} % throttled", fontsize=10)
    axes.set_ylabel("read units a second")
    axes.legend(loc="upper left", fontsize=7, ncol=3)
    axes.set_ylim(0, 1.15 * max(max(demand), max(capacity)))
    axes.grid(alpha=0.3)


def main():
    runs = read(sys.argv[1])
    figure, axes = plt.subplots(len(runs), 1, figsize=(12, 7), sharex=True, sharey=True)
    for place, (name, run) in zip(axes, runs.items()):
        draw_run(place, TITLES[name], run)
    axes[-1].set_xlabel("hours")
    axes[-1].set_xticks(range(0, int(run[0][-1]) + 2, 6))
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=80, metadata={"Software": None})


main()
