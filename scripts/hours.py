"""Holds the opening hours that the program computed against Python's own calendar and zone rules, minute by minute.

Reads lines `calendar,unix time,true|false`, each a change, as `cargo test clocks::opening_hours_as_a_file` writes them.
The rules are read from config/centre/centre.toml; the two further calendars are those of tests/it/clocks.rs.
"""

import datetime
import sys
import tomllib
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONE = ZoneInfo("Africa/Casablanca")
FIRST = int(datetime.datetime(2021, 12, 31, 23, tzinfo=datetime.timezone.utc).timestamp())
MINUTES = 2 * 365 * 1440


def rules():
    with open("config/centre/centre.toml", "rb") as file:
        calendars = tomllib.load(file)["calendar"]
    calendars["night"] = {"hours": {"sat": ["20:00-23:59"], "sun": ["00:00-01:00", "04:30-06:00"]}}
    calendars["always"] = {"hours": {day: ["00:00-23:59"] for day in DAYS}}
    return calendars


def within(entry, day):
    return entry["from"] <= day <= entry.get("to", entry["from"])


def spans(calendar, day):
    if any(within(holiday, day) for holiday in calendar.get("holiday", [])):
        return []
    hours = next((period["hours"] for period in calendar.get("period", []) if within(period, day)), calendar["hours"])
    found = []
    for span in hours.get(DAYS[day.weekday()], []):
        opens, closes = (int(time[:2]) * 60 + int(time[3:]) for time in span.split("-"))
        # Open to the last minute of a day is open to its end.
        found.append((opens, 1440 if closes == 1439 else closes))
    return found


def main():
    changes = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            name, at, is_open = line.strip().split(",")
            changes.setdefault(name, []).append((int(at), is_open == "true"))
    compared = 0
    calendars = rules()
    if set(changes) != set(calendars):
        sys.exit(f"calendars differ: {sorted(changes)}, {sorted(calendars)}")
    for name, calendar in calendars.items():
        days = {}
        place = 0
        mine = changes[name]
        for at in range(FIRST, FIRST + MINUTES * 60, 60):
            while place + 1 < len(mine) and mine[place + 1][0] <= at:
                place += 1
            local = datetime.datetime.fromtimestamp(at, ZONE)
            day = local.date()
            if day not in days:
                days[day] = spans(calendar, day)
            minute = local.hour * 60 + local.minute
            expected = any(opens <= minute < closes for opens, closes in days[day])
            if mine[place][1] != expected:
                sys.exit(f"{name} at {local.isoformat()}: the program says {mine[place][1]}, the zone rules {expected}")
            compared += 1
    print(f"figure: {len(calendars)} calendars, {compared} minutes of 2022 and 2023, 0 differences from Python's zone rules")


main()
