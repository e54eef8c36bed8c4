// Where a number becomes digits, as in chainrule's digits.py: that of the float's exact value, correctly rounded,
// ties to even. What Python worked exactly comes as digits, and is not touched here.

const DECIMALS = 8;
const SIGNIFICANT = 6;
const LARGEST_PLAIN = 1e16;

// The exact value of a finite float, as numerator / denominator.
function asFraction(value) {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(value)).buffer)[0];
  const exponent = Number(bits >> 52n);
  const mantissa = (bits & ((1n << 52n) - 1n)) + (exponent ? 1n << 52n : 0n);
  const power = BigInt(Math.max(exponent, 1) - 1075);
  return power >= 0n ? [mantissa << power, 1n] : [mantissa, 1n << -power];
}

function roundHalfEven(numerator, denominator) {
  const [whole, rest] = [numerator / denominator, (numerator % denominator) * 2n];
  return rest > denominator || (rest === denominator && whole % 2n) ? whole + 1n : whole;
}

function withPoint(units, decimals) {
  const text = units.toString().padStart(decimals + 1, "0");
  return decimals ? `${text.slice(0, -decimals)}.${text.slice(-decimals)}` : text;
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

// The digits of a number: "0.52", "-2.31132e-9", "0"; what is not finite, as what it is.
export function showNumber(value, decimals = DECIMALS, fixed = false) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  const [numerator, denominator] = asFraction(value);
  const sign = value < 0 ? "-" : "";
  const plain = Math.abs(value) < LARGEST_PLAIN;
  const units = plain ? roundHalfEven(numerator * 10n ** BigInt(decimals), denominator) : 0n;
  if (units === 0n && value !== 0) return sign + inPowersOfTen(numerator, denominator);
  const text = withPoint(units, decimals);
  return (units === 0n ? "" : sign) + (fixed ? text : trimmed(text));
}

function inPowersOfTen(numerator, denominator) {
  let place =
    Math.floor((numerator.toString(2).length - denominator.toString(2).length) * Math.log10(2)) - 1;
  const atLeast = (exponent) =>
    exponent >= 0
      ? numerator >= denominator * 10n ** BigInt(exponent)
      : numerator * 10n ** BigInt(-exponent) >= denominator;
  while (atLeast(place + 1)) place++;
  const shift = SIGNIFICANT - 1 - place;
  let units =
    shift >= 0
      ? roundHalfEven(numerator * 10n ** BigInt(shift), denominator)
      : roundHalfEven(numerator, denominator * 10n ** BigInt(-shift));
  if (units === 10n ** BigInt(SIGNIFICANT)) [units, place] = [units / 10n, place + 1];
  return `${trimmed(withPoint(units, SIGNIFICANT - 1))}e${place}`;
}

// Numbers that stand below each other, with the same decimals, so that their points do too.
export function aligned(numbers) {
  const decimals = (digits) =>
    /^-?\d/.test(digits) && !digits.includes("e") ? (digits.split(".")[1]?.length ?? 0) : -1;
  const most = numbers.reduce((top, { digits }) => Math.max(top, decimals(digits)), 0);
  return numbers.map((number) => {
    const own = decimals(number.digits);
    if (own < 0 || own === most) return number;
    return { ...number, digits: number.digits + (own ? "" : ".") + "0".repeat(most - own) };
  });
}

// As it is drawn: four significant digits, and no more than four decimals.
export function shortNumber(value) {
  if (!Number.isFinite(value)) return asTyped(showNumber(value));
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-5 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return asTyped(`${trimmed(mantissa)}e${Number(exponent)}`);
  }
  const decimals = size >= 0.1 ? 4 : Math.min(8, 3 - Math.floor(Math.log10(size)));
  return asTyped(showNumber(value, size >= 1000 ? 1 : decimals));
}

// Digits as text that stands outside formulas: the sign that mathematics has, powers of ten raised.
export function asTyped(digits) {
  const [mantissa, exponent] = digits.split("e");
  const raised = exponent && [...exponent].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
  return mantissa.replace("-", "−") + (exponent ? `×10${raised}` : "");
}
