// Optimizers as pure updates of one parameter array, as in chainrule's optimizers.py. A state is a list of arrays.

const zeros = (parameter) => new Float64Array(parameter.length);

function descend(w, eta, step) {
  return w.map((value, k) => value - eta * step(k));
}

// One loop for all of it: of the optimizers this one has the most to do for an entry.
function adam(w, g, [m, s, k], { eta, beta1, beta2, epsilon, lambda = 0 }) {
  const count = k[0] + 1;
  const [mPart, sPart] = [1 - beta1 ** count, 1 - beta2 ** count];
  const [newW, newM, newS] = [zeros(w), zeros(w), zeros(w)];
  for (let j = 0; j < w.length; j++) {
    newM[j] = beta1 * m[j] + (1 - beta1) * g[j];
    newS[j] = beta2 * s[j] + (1 - beta2) * (g[j] * g[j]);
    const step = newM[j] / mPart / (Math.sqrt(newS[j] / sPart) + epsilon);
    newW[j] = w[j] - eta * lambda * w[j] - eta * step;
  }
  return [newW, [newM, newS, Float64Array.of(count)]];
}

const adamStart = (parameter) => [zeros(parameter), zeros(parameter), Float64Array.of(0)];

export const OPTIMIZERS = {
  "gradient-descent": {
    start: () => [],
    update: (w, g, state, { eta }) => [descend(w, eta, (k) => g[k]), []],
  },
  momentum: {
    start: (parameter) => [zeros(parameter)],
    update: (w, g, [v], { eta, mu }) => {
      const velocity = v.map((value, k) => mu * value + g[k]);
      return [descend(w, eta, (k) => velocity[k]), [velocity]];
    },
  },
  nesterov: {
    start: (parameter) => [zeros(parameter)],
    update: (w, g, [v], { eta, mu }) => {
      const velocity = v.map((value, k) => mu * value + g[k]);
      return [descend(w, eta, (k) => g[k] + mu * velocity[k]), [velocity]];
    },
  },
  rmsprop: {
    start: (parameter) => [zeros(parameter)],
    update: (w, g, [s], { eta, rho, epsilon }) => {
      const square = s.map((value, k) => rho * value + (1 - rho) * g[k] ** 2);
      return [descend(w, eta, (k) => g[k] / (Math.sqrt(square[k]) + epsilon)), [square]];
    },
  },
  adam: { start: adamStart, update: adam },
  // Its settings have a lambda: weights decay beside the step.
  adamw: { start: adamStart, update: adam },
};
