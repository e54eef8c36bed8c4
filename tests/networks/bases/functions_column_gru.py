# loss: binary-cross-entropy
import numpy as np

rng = np.random.default_rng(29)
D, H = 1, 4
P = {}
for gate in "zrh":
    P["W" + gate] = rng.normal(0, 0.5, (H, D))
    P["U" + gate] = rng.normal(0, 0.5, (H, H))
    P["b" + gate] = np.zeros((H, 1))
P["Wy"], P["by"] = rng.normal(0, 0.5, (1, H)), np.zeros((1, 1))


def s(x):
    return 1 / (1 + np.exp(-x))


def forward(xs):
    h = np.zeros((H, 1))
    trace = []
    for x in xs:
        z = s(P["Wz"] @ x + P["Uz"] @ h + P["bz"])
        r = s(P["Wr"] @ x + P["Ur"] @ h + P["br"])
        k = np.tanh(P["Wh"] @ x + P["Uh"] @ (r * h) + P["bh"])
        before, h = h, (1 - z) * h + z * k
        trace.append((x, before, z, r, k))
    return s(P["Wy"] @ h + P["by"]), h, trace


def backward(y, t, h, trace):
    G = {k: np.zeros_like(v) for k, v in P.items()}
    d = y - t
    G["Wy"], G["by"] = d @ h.T, d
    dh = P["Wy"].T @ d
    for x, before, z, r, k in reversed(trace):
        dk = dh * z * (1 - k**2)
        #~ missing-derivative: dk = dh * z
        dz = dh * (k - before) * z * (1 - z)
        #~ sign-error: dz = dh * (before - k) * z * (1 - z)
        inner = P["Uh"].T @ dk
        #~ wrong-transpose: inner = P["Uh"] @ dk
        dr = inner * before * r * (1 - r)
        #~ wrong-variable: dr = inner * k * r * (1 - r)
        for gate, delta, state in (("h", dk, r * before), ("z", dz, before), ("r", dr, before)):
        #~ wrong-layer-input: for gate, delta, state in (("h", dk, before), ("z", dz, before), ("r", dr, before)):
            G["W" + gate] += delta @ x.T
            G["U" + gate] += delta @ state.T
            G["b" + gate] += delta
        dh = dh * (1 - z) + inner * r + P["Uz"].T @ dz + P["Ur"].T @ dr
        #~ no-flow-through-time: dh = dh * (1 - z)
        #~ wrong-variable/3: dh = dh * z + inner * r + P["Uz"].T @ dz + P["Ur"].T @ dr
    return G


words = [[int(b) for b in np.binary_repr(n, 4)] for n in range(16)]
for epoch in range(8):
    for word in words:
        target = float(word[0] == 1 and word[2] == 0)
        output, last, trace = forward([np.array([[b]]) for b in word])
        G = backward(output, target, last, trace)
        for name in P:
            P[name] -= 0.2 * G[name]

#? step: output, last, trace = forward(
#? parameters: q = P
#? h = np.zeros((4, 1))
#? for x in word:
#?     z = sigmoid(q["Wz"] * x + q["Uz"] @ h + q["bz"])
#?     r = sigmoid(q["Wr"] * x + q["Ur"] @ h + q["br"])
#?     h = (1 - z) * h + z * np.tanh(q["Wh"] * x + q["Uh"] @ (r * h) + q["bh"])
#? loss = bce(sigmoid(q["Wy"] @ h + q["by"]), target)
