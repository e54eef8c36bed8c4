// exp, expm1, log and log1p in lanes, to about one unit in the last place.
//
// tests/test_native_functions.py holds them against 50-digit arithmetic.

#pragma once

#include <cmath>

#include "lanes.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

// log 2 in two parts. Where minus_product rounds once, the first may be log 2 itself; elsewhere it has bits to spare, so
// that an exponent times it is exact.
template <class T>
constexpr T log_2_high = FUSED ? T(0.69314718055994530942) : sizeof(T) == 8 ? T(0.693147180369123816490) : T(0.693359375);
template <class T> constexpr T log_2_low = T(0.693147180559945309417232L - static_cast<long double>(log_2_high<T>));

template <class V> struct ExponentialParts {
    V scale;  // 2^k
    V rest;   // exp(r) - 1
};

// 2^POWER exp(TIMES x) = scale (1 + rest), with scale = 2^(POWER + k), k = round(TIMES x / log 2) and rest = exp(r) - 1,
// r = TIMES x - k log 2, so |r| <= log(2) / 2, where exp(r) - 1 = r + r^2 q(r). The coefficients of q interpolate
// (exp(r) - 1 - r) / r^2 at Chebyshev's points; what they leave is below 2e-17 (double) and 2e-8 (float) of exp(r).
template <int TIMES = 1, int POWER = 0, class V> ALWAYS_INLINE ExponentialParts<V> exponential_parts(V x) {
    using T = Scalar<V>;
    using I = Mask<V>;
    constexpr T times = TIMES;
    constexpr int fraction_bits = is_double<V> ? 52 : 23, bias = is_double<V> ? 1023 : 127;
    // Adding 1.5 * 2^52 (2^23) leaves no room for a fraction: the sum is rounded, and its last bits are k. With the bias
    // of exponents added too, they are those of 2^k.
    const V shift = splat<V>((is_double<V> ? T(6755399441055744.0) : T(12582912.0)) + T(bias + POWER));
    const V shifted = x * T(TIMES * 1.4426950408889634) + shift;
    const V k = shifted - shift;
    V scale = (V)((I)shifted << fraction_bits);
    V r = minus_product(x, k, splat<V>(log_2_high<T> / times));
    if constexpr (!FUSED) r -= k * (log_2_low<T> / times);
    // What is missing of k log 2 is below 1e-13 of the result: the scale takes it up while r's polynomial is computed.
    // In float it would be below 2e-9 k, which is left out.
    else if constexpr (is_double<V>) scale -= scale * (k * log_2_low<T>);
    const V r2 = r * r;
    const auto c = [&](double coefficient, int power) {  // of (TIMES r)^power
        for (; power > 0; --power) coefficient *= TIMES;
        return T(coefficient);
    };
    if constexpr (is_double<V>) {
        // Pairs, then pairs of pairs: the sums wait for each other four times, not ten times.
        const V r4 = r2 * r2;
        const V q01 = c(0.5000000000000001, 2) + r * c(0.16666666666666669, 3);
        const V q23 = c(0.04166666666662413, 4) + r * c(0.008333333333330062, 5);
        const V q45 = c(0.0013888888917213717, 6) + r * c(0.00019841269863053618, 7);
        const V q67 = c(2.4801521295954376e-05, 8) + r * c(2.7557268459997064e-06, 9);
        const V q89 = c(2.7620088445409746e-07, 10) + r * c(2.510038549551032e-08, 11);
        return {scale, (times * r + r2 * q01) + r4 * ((q23 + r2 * q45) + r4 * (q67 + r2 * q89))};
    } else {
        const V q01 = c(0.5, 2) + r * c(0.16666576989698775, 3);
        const V q23 = c(0.041666554617204574, 4) + r * c(0.008363179052722578, 5);
        const V q = q01 + r2 * (q23 + r2 * c(0.0013926183587713494, 6));
        return {scale, times * r + r2 * q};
    }
}

// Where the scale is that of 0: from here down it, and with it exp(TIMES x), is exactly 0.
template <class T, int TIMES = 1, int POWER = 0>
constexpr T vanishing = T(-((sizeof(T) == 8 ? 1023 : 127) + POWER) * 0.6931471805599453094 / TIMES);

template <class V> struct Exponentials {
    V e;            // exp(x)
    V e_minus_one;  // exp(x) - 1, without cancellation near 0
};

// Both for x <= 0: all that activations need, since they are written so that nothing overflows. With TIMES and POWER
// 2^POWER exp(TIMES x) and 2^POWER (exp(TIMES x) - 1).
template <int TIMES = 1, int POWER = 0, class V> ALWAYS_INLINE Exponentials<V> exponentials_of_negative(V x) {
    using T = Scalar<V>;
    constexpr T power = POWER < 0 ? T(1) / (1 << -POWER) : T(1 << (POWER < 0 ? 0 : POWER));
    const auto [scale, rest] = exponential_parts<TIMES, POWER>(maximum(x, splat<V>(vanishing<T, TIMES, POWER>)));
    return {scale + scale * rest, scale * rest + (scale - power)};
}

template <class V> ALWAYS_INLINE V exponential_of_negative(V x) { return exponentials_of_negative(x).e; }

// exp(x) and exp(x) / (1 + exp(x)) for x <= 0: the sigmoid there, to full precision. Where both vanish is asked beside
// the chain of operations, not in it as exponentials_of_negative does: one sample alone waits for that chain.
template <class V> struct SmallerShare {
    V e, share;
};
template <class V> ALWAYS_INLINE SmallerShare<V> sigmoid_of_negative(V x) {
    const auto [scale, rest] = exponential_parts(x);
    const V e = scale + scale * rest;
    const Mask<V> vanishes = x < splat<V>(vanishing<Scalar<V>>);
    return {select<V>(vanishes, V{}, e), select<V>(vanishes, V{}, e / (scale * rest + (scale + 1)))};
}

// 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...) for |s| <= 0.1716, that is log((1 + s) / (1 - s)) up to sqrt 2.
template <class V> inline V twice_arctanh(V s) {
    using T = Scalar<V>;
    constexpr int terms = is_double<V> ? 11 : 5;
    const V s2 = s * s;
    V sum = splat<V>(T(1.0) / (2 * terms + 1));
#pragma GCC unroll 16
    for (int n = terms - 1; n > 0; --n) sum = sum * s2 + T(1.0) / (2 * n + 1);
    return 2 * s + 2 * s * (s2 * sum);
}

// log(1 + e) for 0 <= e <= 1. Above sqrt(2) - 1 it is log 2 + log((1 + e) / 2).
template <class V> inline V logarithm_of_one_plus(V e) {
    using T = Scalar<V>;
    const Mask<V> upper = e > splat<V>(T(0.4142135623730950488));
    const V s = select<V>(upper, e - 1, e) / select<V>(upper, e + 3, e + 2);
    return twice_arctanh(s) + select<V>(upper, splat<V>(T(0.6931471805599453094)), V{});
}

// log(x): x = 2^k m with m from sqrt(1/2) to sqrt 2. It is -inf at 0 and NaN below.
template <class V> inline V logarithm(V x) {
    using T = Scalar<V>;
    using I = Mask<V>;
    constexpr int fraction_bits = is_double<V> ? 52 : 23;
    const V least_normal = splat<V>(is_double<V> ? T(2.2250738585072014e-308) : T(1.17549435e-38f));
    const V lift = splat<V>(is_double<V> ? T(18014398509481984.0) : T(33554432.0));  // 2^54, 2^25
    const I small = x < least_normal;
    const V normal = select<V>(small, x * lift, x);
    const V root_half = splat<V>(T(0.70710678118654752440));
    // The bits of a float, less those of sqrt(1/2), have k above and the fraction of m below.
    const I offset = (I)normal - (I)root_half;
    const I k = offset >> fraction_bits;
    const V m = (V)((I)normal - (k << fraction_bits));
    V exponent = __builtin_convertvector(k, V);
    exponent = select<V>(small, exponent - (is_double<V> ? T(54) : T(25)), exponent);
    const V s = (m - 1) / (m + 1);
    const V result = exponent * log_2_high<T> + (twice_arctanh(s) + exponent * log_2_low<T>);
    const V infinity = splat<V>(T(__builtin_inf()));
    V outside = select<V>(x == V{}, -infinity, splat<V>(T(__builtin_nan(""))));
    outside = select<V>(x == infinity, infinity, outside);
    return select<V>((x > V{}) & (x < infinity), result, outside);
}

// erfc lane by lane, by the C library: only gelu needs it.
template <class V> inline V complementary_error_function(V x) {
    V result{};
    for (int lane = 0; lane < lanes<V>; ++lane) result[lane] = Scalar<V>(::erfc(double(x[lane])));
    return result;
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
