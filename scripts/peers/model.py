"""The two models every peer runs, as plain figures. W1: Erlang-A. W2: menus and skills over a day."""

W1 = {"agents": 500, "rate": 1.7, "talk": 300.0, "patience": 120.0, "threshold": 20.0}

W2 = {
    "calls": 200_000,
    "weights": [
        0.2, 0.15, 0.1, 0.1, 0.15, 0.3, 0.6, 1.0, 1.6, 2.0, 2.2, 2.1,
        1.8, 1.7, 1.9, 2.0, 1.8, 1.5, 1.2, 0.9, 0.7, 0.5, 0.4, 0.3,
    ],
    "prompt": (3.0, 8.0),
    "key": (2.0, 0.6),          # mean, coefficient of variation of the lognormal key press
    "stages": 4,
    "wrong": 0.05,
    "content": 0.30,            # after the third stage
    "languages": [("fr", 0.40), ("ar", 0.50), ("zgh", 0.10)],
    # Single-skill groups first: an idle agent is looked for in this order.
    "groups": [(260, ["fr"]), (330, ["ar"]), (50, ["zgh"]), (150, ["fr", "ar"]), (70, ["fr", "ar", "zgh"])],
    "talk": (240.0, 1.2),
    "after_call": 30.0,
    "patience": 180.0,
    "redial": (0.20, 600.0),
    "threshold": 20.0,
}
