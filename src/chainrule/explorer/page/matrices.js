// Products of matrices, row after row in Float64Arrays. All are worked as rows times rows, two by four at once, so that
// a number that is fetched is used more than once; each sum is still added up in its order.

// X W^T: every row of x (samples x inputs) times every row of w (units x inputs).
export function timesTransposed(x, w, samples, units, inputs) {
  const z = new Float64Array(samples * units);
  const [pairs, fours] = [samples - (samples % 2), units - (units % 4)];
  for (let n = 0; n < pairs; n += 2)
    for (let o = 0; o < fours; o += 4) twoByFour(x, w, z, n, o, units, inputs);
  for (let n = 0; n < samples; n++)
    for (let o = n < pairs ? fours : 0; o < units; o++)
      z[n * units + o] = rowTimesRow(x, n * inputs, w, o * inputs, inputs);
  return z;
}

// D^T X: d is samples x units, x is samples x inputs.
export function transposedTimes(d, x, samples, units, inputs) {
  const [columns, others] = [transposed(d, samples, units), transposed(x, samples, inputs)];
  return timesTransposed(columns, others, units, inputs, samples);
}

// D W: d is samples x units, w is units x inputs.
export function times(d, w, samples, units, inputs) {
  return timesTransposed(d, transposed(w, units, inputs), samples, inputs, units);
}

// One after the other: a loop over entries of an array would be slower than the sums.
function twoByFour(x, w, z, n, o, units, inputs) {
  const [x0, x1] = [n * inputs, (n + 1) * inputs];
  const [w0, w1, w2, w3] = [o * inputs, (o + 1) * inputs, (o + 2) * inputs, (o + 3) * inputs];
  let [a0, a1, a2, a3] = [0, 0, 0, 0];
  let [b0, b1, b2, b3] = [0, 0, 0, 0];
  for (let i = 0; i < inputs; i++) {
    const p = x[x0 + i];
    const q = x[x1 + i];
    const s = w[w0 + i];
    const t = w[w1 + i];
    const u = w[w2 + i];
    const v = w[w3 + i];
    a0 += p * s;
    a1 += p * t;
    a2 += p * u;
    a3 += p * v;
    b0 += q * s;
    b1 += q * t;
    b2 += q * u;
    b3 += q * v;
  }
  const [first, second] = [n * units + o, (n + 1) * units + o];
  z[first] = a0;
  z[first + 1] = a1;
  z[first + 2] = a2;
  z[first + 3] = a3;
  z[second] = b0;
  z[second + 1] = b1;
  z[second + 2] = b2;
  z[second + 3] = b3;
}

function rowTimesRow(x, from, w, other, length) {
  let total = 0;
  for (let i = 0; i < length; i++) total += x[from + i] * w[other + i];
  return total;
}

function transposed(values, rows, columns) {
  const turned = new Float64Array(values.length);
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++)
      turned[column * rows + row] = values[row * columns + column];
  return turned;
}
