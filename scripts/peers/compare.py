"""Reads the results of scripts/bench-peers, checks that the peers agree, and prints speeds and ratios."""

import json
import statistics
import sys

# Exact for W1 (M/M/n+M: n 500, 1.7 a second, talk 300 s, patience 120 s); for W2 the mean of 400 days.
REFERENCE = {
    "w1": {"p_abandon": 0.033341, "mean_wait": 4.0009, "within": 0.95066},
    "w2": {"p_abandon": 0.00896, "mean_wait": 1.612, "within": 0.9765},
}
# How far a run of a hundred thousand calls may stray from the reference, relative to it; waits of neighbouring calls are
# strongly correlated, so that even millions of calls leave several per cent. A wrong model is off by far more.
SPREAD = {"p_abandon": 0.45, "mean_wait": 0.45, "within": 0.03}
FEW = 0.5e6


def main(path):
    runs = [json.loads(line) for line in open(path, encoding="utf-8")]
    failed = False
    for model, reference in REFERENCE.items():
        speed, shown = {}, {}
        for run in (run for run in runs if run["model"] == model):
            speed.setdefault(run["peer"], []).append(run["calls"] / run["seconds"])
            shown[run["peer"]] = run
        if not speed:
            continue
        print(f"\n{model.upper()}: " + ", ".join(f"{name} {value}" for name, value in reference.items()))
        print(f"{'peer':24} {'calls/s':>12} {'to SimPy':>9} {'p_abandon':>10} {'mean wait':>10} {'within 20s':>10}")
        base = next((statistics.median(s) for peer, s in speed.items() if peer.startswith("SimPy")), None)
        for peer, speeds in sorted(speed.items(), key=lambda item: statistics.median(item[1])):
            median, run = statistics.median(speeds), shown[peer]
            ratio = f"{median / base:9.1f}" if base else " " * 9
            print(f"{peer:24} {median:12,.0f} {ratio} {run['p_abandon']:10.5f} {run['mean_wait']:10.3f} {run['within']:10.5f}")
            for name, value in reference.items():
                allowed = SPREAD[name] * (1 if run["calls"] < FEW else 0.35)
                if abs(run[name] - value) > allowed * value:
                    print(f"  {peer}: {name} {run[name]:.5f} is not {value} within {allowed:.0%}", file=sys.stderr)
                    failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
