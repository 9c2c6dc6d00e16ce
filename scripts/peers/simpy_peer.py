"""W1 and W2 in SimPy: `simpy_peer.py w1 CALLS` or `simpy_peer.py w2 DAYS`. Prints one JSON object."""

import json
import math
import random
import sys
import time
from collections import deque

import simpy

from model import W1, W2


class Count:
    def __init__(self):
        self.offered = self.abandoned = self.within = 0
        self.waited = 0.0

    def told(self, seconds):
        n = max(self.offered, 1)
        return {
            "calls": self.offered,
            "seconds": seconds,
            "p_abandon": self.abandoned / n,
            "mean_wait": self.waited / n,
            "within": self.within / n,
        }


def lognormal(rng, mean, cv):
    sigma2 = math.log(1 + cv * cv)
    return rng.lognormvariate(math.log(mean) - sigma2 / 2, math.sqrt(sigma2))


def w1(calls, seed):
    rng, env, count = random.Random(seed), simpy.Environment(), Count()
    agents = simpy.Resource(env, capacity=W1["agents"])

    def caller():
        came = env.now
        with agents.request() as turn:
            patience = env.timeout(rng.expovariate(1 / W1["patience"]))
            yield turn | patience
            waited = env.now - came
            count.offered += 1
            count.waited += waited
            if turn.triggered:
                count.within += waited <= W1["threshold"]
                yield env.timeout(rng.expovariate(1 / W1["talk"]))
            else:
                count.abandoned += 1

    def arrivals():
        for _ in range(calls):
            yield env.timeout(rng.expovariate(W1["rate"]))
            env.process(caller())

    env.process(arrivals())
    began = time.perf_counter()
    env.run()
    return count.told(time.perf_counter() - began)


class Desk:
    """Agents by group, callers by language: a freed agent takes the longest-waiting call it can serve."""

    def __init__(self, env):
        self.env = env
        self.idle = [size for size, _ in W2["groups"]]
        self.speaks = [set(languages) for _, languages in W2["groups"]]
        self.waiting = {language: deque() for language, _ in W2["languages"]}

    def seek(self, language):
        for group, idle in enumerate(self.idle):
            if idle and language in self.speaks[group]:
                self.idle[group] -= 1
                return group
        return None

    def free(self, group):
        best = None
        for language in self.speaks[group]:
            line = self.waiting[language]
            while line and line[0][2]["gone"]:
                line.popleft()
            if line and (best is None or line[0][0] < best[0][0]):
                best = line
        if best is None:
            self.idle[group] += 1
            return
        _, answered, state = best.popleft()
        state["group"] = group
        answered.succeed()


def w2(days, seed):
    rng, env, count = random.Random(seed), simpy.Environment(), Count()
    desk = Desk(env)
    languages = [language for language, _ in W2["languages"]]
    shares = [share for _, share in W2["languages"]]

    def caller(language):
        stage = 0
        while stage < W2["stages"]:
            yield env.timeout(rng.uniform(*W2["prompt"]) + lognormal(rng, *W2["key"]))
            if rng.random() < W2["wrong"]:
                continue
            stage += 1
            if stage == 3 and rng.random() < W2["content"]:
                return
        came = env.now
        count.offered += 1
        group = desk.seek(language)
        if group is None:
            answered, state = env.event(), {"gone": False, "group": None}
            desk.waiting[language].append((came, answered, state))
            yield answered | env.timeout(rng.expovariate(1 / W2["patience"]))
            count.waited += env.now - came
            group = state["group"]
            if group is None:
                state["gone"] = True
                count.abandoned += 1
                if rng.random() < W2["redial"][0]:
                    yield env.timeout(rng.expovariate(1 / W2["redial"][1]))
                    env.process(caller(language))
                return
        count.within += env.now - came <= W2["threshold"]
        yield env.timeout(lognormal(rng, *W2["talk"]))
        yield env.timeout(W2["after_call"])
        desk.free(group)

    def arrivals():
        total = sum(W2["weights"])
        for day in range(days):
            for hour, weight in enumerate(W2["weights"]):
                rate = W2["calls"] * weight / total / 3600
                ends = (day * 24 + hour + 1) * 3600.0
                while True:
                    gap = rng.expovariate(rate)
                    if env.now + gap >= ends:
                        yield env.timeout(ends - env.now)
                        break
                    yield env.timeout(gap)
                    started[0] += 1
                    env.process(caller(rng.choices(languages, shares)[0]))

    started = [0]
    env.process(arrivals())
    began = time.perf_counter()
    env.run()
    told = count.told(time.perf_counter() - began)
    # Speed counts every call that came in; the measures are of those who asked for an agent.
    told["queued"], told["calls"] = told["calls"], started[0]
    return told


if __name__ == "__main__":
    model, size = sys.argv[1], int(sys.argv[2])
    print(json.dumps({"peer": "SimPy " + simpy.__version__, "model": model, **{"w1": w1, "w2": w2}[model](size, 1)}))
