import math
from collections import Counter, defaultdict

messages = [
    ("win money now", 1), ("meeting at noon", 0), ("win a prize", 1), ("lunch at noon now", 0),
    ("money prize money", 1), ("see you at lunch", 0),
]
counts, totals, classes = defaultdict(Counter), Counter(), Counter()
for text, label in messages:
    classes[label] += 1
    for word in text.split():
        counts[label][word] += 1
        totals[label] += 1
vocabulary = {w for c in counts.values() for w in c}
for text, label in messages:
    scores = {}
    for k in classes:
        scores[k] = math.log(classes[k] / len(messages))
        for word in text.split():
            scores[k] += math.log((counts[k][word] + 1) / (totals[k] + len(vocabulary)))
    print(text, label, max(scores, key=scores.get))
