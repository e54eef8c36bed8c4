// Optimizers as pure updates of one parameter array, as in chainrule's optimizers.py. A state is a list of arrays.

const zeros = (parameter) => new Float64Array(parameter.length);

function descend(w, eta, step) {
  return w.map((value, k) => value - eta * step(k));
}

function adamStep(g, [m, s, k], { beta1, beta2, epsilon }) {
  const count = k[0] + 1;
  const newM = m.map((value, j) => beta1 * value + (1 - beta1) * g[j]);
  const newS = s.map((value, j) => beta2 * value + (1 - beta2) * g[j] ** 2);
  const [mPart, sPart] = [1 - beta1 ** count, 1 - beta2 ** count];
  const step = (j) => newM[j] / mPart / (Math.sqrt(newS[j] / sPart) + epsilon);
  return [step, [newM, newS, Float64Array.of(count)]];
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
  adam: {
    start: adamStart,
    update: (w, g, state, settings) => {
      const [step, after] = adamStep(g, state, settings);
      return [descend(w, settings.eta, step), after];
    },
  },
  adamw: {
    start: adamStart,
    update: (w, g, state, settings) => {
      const [step, after] = adamStep(g, state, settings);
      const { eta, lambda } = settings;
      const decayed = w.map((value) => value - eta * lambda * value);
      return [descend(decayed, eta, step), after];
    },
  },
};
