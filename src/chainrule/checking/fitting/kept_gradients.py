"""Whether updates go by gradients that are added up from pass to pass, as nothing sets them back to 0."""

from typing import Any

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.updates import steps_taken, true_gradients
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import norm

CLOSE = 1e-9
CLEAR = 1e-6  # between rates of one pass
FEWEST = 3  # parameters whose updates two rates must explain


def adds_up(case: Case) -> bool:
    """Whether u_k / rate_k - u_(k-1) / rate_(k-1) = -g_k, the gradient of the program's own loss, at other numbers, too.

    Now and then they may be set back: there u_k = -rate_k g_k. What was added up before the first update that is
    known need not be.
    """
    updates = case.anatomy.updates
    former: dict[int, int] = {}  # of each parameter the update before
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}  # of updates, by their turns
    for place, update in enumerate(updates):
        last = former.get(update.chain)
        if last is not None:
            turns = updates[last].turn, update.turn
            pairs.setdefault(turns, []).append((last, place))
        former[update.chain] = place
    if not pairs or len(case.worlds) < 2 or min(map(len, pairs.values())) < FEWEST:
        return False
    added = 0
    for values in case.worlds:
        gradients = true_gradients(case.anatomy, values, OWN, updates)
        steps = steps_taken(updates, values)
        rates: dict[int, float] = {}
        for (earlier, turn), rows in pairs.items():
            now, before, g = (
                np.concatenate([np.ravel(one[place]) for place in places])
                for one, places in (
                    (steps, [now for _, now in rows]),
                    (steps, [old for old, _ in rows]),
                    (gradients, [now for _, now in rows]),
                )
            )
            parts = times(g, -now)
            if parts is None:
                parts = times(g, -now, before)
                if parts is None:
                    return False
                rate = rates.get(earlier)
                if rate is not None and abs(rate - parts[1]) > CLEAR * rate:
                    return False  # momentum forgets a part
                added += rate is not None
            rates[turn] = parts[0]
    return added >= len(case.worlds)


def times(whole: Any, *terms: Any) -> Any:
    """How many times each of some terms makes up the whole, where all do so exactly and by numbers above 0; else None."""
    columns = np.stack(terms, axis=1)
    found, *_ = np.linalg.lstsq(columns, whole, rcond=None)
    exact = norm(whole - columns @ found) <= CLOSE * norm(whole)
    return found if exact and np.all(found > 0) else None
