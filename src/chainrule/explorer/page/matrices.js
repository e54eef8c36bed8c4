// Products of matrices, row after row in Float64Arrays. Several results are formed at once, so that a number that is
// fetched is used more than once; each sum is still added up in its order.

// X W^T: of every row of x (samples x inputs) its sum with every row of w (units x inputs).
export function timesTransposed(x, w, samples, units, inputs) {
  const z = new Float64Array(samples * units);
  let o = 0;
  for (; o + 3 < units; o += 4) {
    const [first, second, third, fourth] = [0, 1, 2, 3].map((k) => (o + k) * inputs);
    for (let n = 0; n < samples; n++) {
      const from = n * inputs;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let i = 0; i < inputs; i++) {
        const value = x[from + i];
        a += value * w[first + i];
        b += value * w[second + i];
        c += value * w[third + i];
        d += value * w[fourth + i];
      }
      z.set([a, b, c, d], n * units + o);
    }
  }
  for (; o < units; o++)
    for (let n = 0; n < samples; n++)
      for (let i = 0; i < inputs; i++) z[n * units + o] += x[n * inputs + i] * w[o * inputs + i];
  return z;
}

// D^T X: for every column of d (samples x units) the rows of x (samples x inputs), each as often as the column says.
export function transposedTimes(d, x, samples, units, inputs) {
  return combine(d, 1, units, x, units, samples, inputs);
}

// D W: for every row of d (samples x units) the rows of w (units x inputs), each as often as the row says.
export function times(d, w, samples, units, inputs) {
  return combine(d, units, 1, w, samples, units, inputs);
}

// Row r of the result is the sum over k of factors[r * across + k * along] times row k of `rows`.
function combine(factors, across, along, rows, count, terms, width) {
  const result = new Float64Array(count * width);
  for (let r = 0; r < count; r++) {
    const at = r * width;
    let k = 0;
    for (; k + 3 < terms; k += 4) {
      const f = r * across + k * along;
      const [p, q, s, t] = [
        factors[f],
        factors[f + along],
        factors[f + 2 * along],
        factors[f + 3 * along],
      ];
      const [first, second, third, fourth] = [
        k * width,
        (k + 1) * width,
        (k + 2) * width,
        (k + 3) * width,
      ];
      for (let i = 0; i < width; i++)
        result[at + i] =
          result[at + i] +
          p * rows[first + i] +
          q * rows[second + i] +
          s * rows[third + i] +
          t * rows[fourth + i];
    }
    for (; k < terms; k++) {
      const factor = factors[r * across + k * along];
      for (let i = 0; i < width; i++) result[at + i] += factor * rows[k * width + i];
    }
  }
  return result;
}
