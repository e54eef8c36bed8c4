// Activations: value and slope side by side, as in chainrule's activations.py. A slope takes z, never a.

const ROOT_OF_PI = 1.772453850905516;

export function logistic(z) {
  const e = Math.exp(-Math.abs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

// 1 - erf(x) for x >= 0. Below 1 by the series of erf, whose terms have one sign; from 1 on by the continued
// fraction, so that small tails keep their digits.
function tailOfError(x) {
  if (x < 1) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / ROOT_OF_PI) * Math.exp(-x * x) * sum;
  }
  if (x > 27) return 0;
  let fraction = x;
  for (let n = Math.ceil(220 / (x * x)) + 20; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (ROOT_OF_PI * fraction);
}

export function normalDistribution(z) {
  const tail = tailOfError(Math.abs(z) * Math.SQRT1_2) / 2;
  return z < 0 ? tail : 1 - tail;
}

export function normalDensity(z) {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

// Where silu' is 0, as a sum of two floats, and exp of it: exp(z) + 1 + z cancels there.
const SILU_MINIMUM = [-1.2784645427610737, -1.0946994183093437e-16];
const SILU_MINIMUM_EXPONENTIAL = 0.2784645427610738;

function siluSlope(z) {
  const e = Math.exp(-Math.abs(z));
  const d = z - SILU_MINIMUM[0] - SILU_MINIMUM[1];
  const above = 1 + e * (1 + z);
  const below = e * (SILU_MINIMUM_EXPONENTIAL * Math.expm1(Math.min(d, 2)) + d);
  return (z < 0 ? below : above) / (1 + e) ** 2;
}

function tanhSlope(z) {
  const e = Math.exp(-Math.abs(z));
  return ((2 * e) / (1 + e * e)) ** 2;
}

function sigmoidSlope(z) {
  const e = Math.exp(-Math.abs(z));
  return e / (1 + e) ** 2;
}

export const ACTIVATIONS = {
  identity: { value: (z) => z, slope: () => 1 },
  sigmoid: { value: logistic, slope: sigmoidSlope },
  tanh: { value: Math.tanh, slope: tanhSlope },
  relu: { value: (z) => (z > 0 ? z : z === z ? 0 : z), slope: (z) => (z > 0 ? 1 : 0) },
  "leaky-relu": {
    value: (z, alpha) => (z > 0 ? z : alpha * z),
    slope: (z, alpha) => (z > 0 ? 1 : alpha),
  },
  elu: {
    value: (z, alpha) => (z > 0 ? z : alpha * Math.expm1(z)),
    slope: (z, alpha) => (z > 0 ? 1 : alpha * Math.exp(z)),
  },
  gelu: {
    value: (z) => z * normalDistribution(z),
    slope: (z) => normalDistribution(z) + z * normalDensity(z),
  },
  silu: { value: (z) => z * logistic(z), slope: siluSlope },
  softplus: {
    value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
    slope: logistic,
  },
  softmax: { coupled: true },
};

// --- whole layers: rows of `units` numbers, one a sample ------------------------------------------------------

export function activate(activation, z, units) {
  const a = new Float64Array(z.length);
  if (ACTIVATIONS[activation.name].coupled) {
    for (let start = 0; start < z.length; start += units) softmaxRow(z, a, start, units);
    return a;
  }
  const { value } = ACTIVATIONS[activation.name];
  for (let k = 0; k < z.length; k++) a[k] = value(z[k], activation.alpha);
  return a;
}

export function activationBackward(activation, z, dL_da, units) {
  const dL_dz = new Float64Array(z.length);
  if (!ACTIVATIONS[activation.name].coupled) {
    const { slope } = ACTIVATIONS[activation.name];
    for (let k = 0; k < z.length; k++) dL_dz[k] = dL_da[k] * slope(z[k], activation.alpha);
    return dL_dz;
  }
  // A constant added to all dL/da changes nothing: that of the largest output is taken off first.
  const a = activate(activation, z, units);
  for (let start = 0; start < z.length; start += units) {
    let top = start;
    for (let k = start; k < start + units; k++) if (a[k] > a[top]) top = k;
    let mean = 0;
    for (let k = start; k < start + units; k++) mean += a[k] * (dL_da[k] - dL_da[top]);
    for (let k = start; k < start + units; k++) dL_dz[k] = a[k] * (dL_da[k] - dL_da[top] - mean);
  }
  return dL_dz;
}

function softmaxRow(z, a, start, units) {
  let top = -Infinity;
  for (let k = start; k < start + units; k++) top = Math.max(top, z[k]);
  let total = 0;
  for (let k = start; k < start + units; k++) {
    // z - top is rounded; what that lost is put back.
    const below = z[k] - top;
    const carried = below - z[k];
    const lost = z[k] - (below - carried) - (top + carried);
    a[k] = Math.exp(below) * (below > -1000 ? 1 + lost : 1);
    total += a[k];
  }
  for (let k = start; k < start + units; k++) a[k] /= total;
}
