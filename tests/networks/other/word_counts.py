import sys
from collections import Counter

text = "to be or not to be that is the question whether tis nobler in the mind to suffer"
lengths = Counter(len(word) for word in text.split())
total = 0
for length, count in sorted(lengths.items()):
    total += length * count
    print(length, "*" * count)
print(total, file=sys.stdout)
