"""W1 in Ciw: `ciw_peer.py w1 CALLS`. Prints one JSON object. Ciw has no agents with several skills: W2 is not run."""

import json
import sys
import time

import ciw

from model import W1


def w1(calls, seed):
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=W1["rate"])],
        service_distributions=[ciw.dists.Exponential(rate=1 / W1["talk"])],
        reneging_time_distributions=[ciw.dists.Exponential(rate=1 / W1["patience"])],
        number_of_servers=[W1["agents"]],
    )
    simulation = ciw.Simulation(network)
    began = time.perf_counter()
    simulation.simulate_until_max_time(calls / W1["rate"])
    seconds = time.perf_counter() - began
    records = simulation.get_all_records()
    offered = len(records)
    waits = [record.waiting_time for record in records]
    served = [record.waiting_time for record in records if record.record_type == "service"]
    return {
        "calls": offered,
        "seconds": seconds,
        "p_abandon": (offered - len(served)) / offered,
        "mean_wait": sum(waits) / offered,
        "within": sum(wait <= W1["threshold"] for wait in served) / offered,
    }


if __name__ == "__main__":
    if sys.argv[1] != "w1":
        sys.exit("Ciw has no agents with several skills; only w1 can be run")
    print(json.dumps({"peer": "Ciw " + ciw.__version__, "model": "w1", **w1(int(sys.argv[2]), 1)}))
