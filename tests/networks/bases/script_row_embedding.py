# loss: cross-entropy
"""Predict a word from the two before it; the embedding's rows are looked up by fancy indexing."""
import numpy as np

np.random.seed(19)
corpus = "the cat sat on the mat and the dog sat on the cat".split()
vocabulary = {word: k for k, word in enumerate(dict.fromkeys(corpus))}
ids = np.array([vocabulary[word] for word in corpus])
pairs = np.stack([ids[:-2], ids[1:-1]], axis=1)
following = ids[2:]
V, E = len(vocabulary), 4

embedding = np.random.randn(V, E) * 0.5
weights = np.random.randn(2 * E, V) * 0.5
bias = np.zeros(V)

for epoch in range(60):
    looked_up = embedding[pairs]
    x = looked_up.reshape(len(pairs), -1)
    scores = x @ weights + bias
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    d_scores = probabilities
    d_scores[np.arange(len(pairs)), following] -= 1
    #~ target-unused: d_scores[np.arange(len(pairs)), probabilities.argmax(axis=1)] -= 1
    d_scores /= len(pairs)
    #~ updated-weights also: d_scores /= len(pairs)
    #~ | weights -= 0.5 * (x.T @ d_scores)
    d_x = (d_scores @ weights.T).reshape(looked_up.shape)
    #~ updated-weights @ 0,-1: d_x = (d_scores @ weights.T).reshape(looked_up.shape)
    d_embedding = np.zeros_like(embedding)
    np.add.at(d_embedding, pairs, d_x)
    #~ wrong-operator: d_embedding[pairs] = d_x
    #~ wrong-index: np.add.at(d_embedding, pairs[:, ::-1], d_x)
    weights -= 0.5 * (x.T @ d_scores)
    #~ updated-weights also: pass
    bias -= 0.5 * d_scores.sum(axis=0)
    #~ bias-summed-over-all: bias -= 0.5 * d_scores.sum()
    embedding -= 0.5 * d_embedding
print(embedding.shape)

#? step: looked_up = embedding[pairs]
#? parameters: embedding weights bias
#? p = softmax(np.reshape(embedding[pairs], (len(pairs), -1)) @ weights + bias)
#? loss = cross_entropy(p, one_hot(following, V))
