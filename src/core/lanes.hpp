// Lanes: several numbers side by side, computed by one instruction.
//
// A vector type V holds 16, 32 or 64 bytes of float or double, written with the vector extension that GCC and Clang
// share, so the same lines compile to SSE2, AVX2, AVX-512 and NEON. Everything in these headers lives in a namespace of
// its instruction set: the linker must never take the AVX-512 form of a template for that of a machine without it.

#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#ifndef CHAINRULE_INSTRUCTIONS
#define CHAINRULE_INSTRUCTIONS plain
#define CHAINRULE_BYTES 16
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// For the innermost loops: a call would pass their sums and constants through memory, a compiler left to itself makes one.
#define ALWAYS_INLINE __attribute__((always_inline)) inline

namespace chainrule::CHAINRULE_INSTRUCTIONS {

// Whether minus_product rounds once. (Elsewhere compilers may fuse, or not: nothing must depend on it.)
#if defined(__FMA__)
constexpr bool FUSED = true;
#else
constexpr bool FUSED = false;
#endif

template <class T, int BYTES> struct Vectors {
    typedef T Type __attribute__((vector_size(BYTES)));
};

// The widest vector of this instruction set.
template <class T> using Wide = typename Vectors<T, CHAINRULE_BYTES>::Type;
// The narrowest: for one network and one sample there is nothing to put side by side.
template <class T> using Narrow = typename Vectors<T, 16>::Type;

template <class V> using Scalar = std::remove_cv_t<std::remove_reference_t<decltype(V{}[0])>>;
template <class V> using Mask = decltype(V{} < V{});  // integers of the same width, all bits 0 or 1
template <class V> constexpr int lanes = sizeof(V) / sizeof(Scalar<V>);
template <class V> constexpr bool is_double = sizeof(Scalar<V>) == 8;

template <class V> inline V splat(Scalar<V> x) { return x - V{}; }

template <class V> inline V select(Mask<V> condition, V yes, V no) { return condition ? yes : no; }

template <class V> inline V negative(V x) {  // -|x|
    return (V)((Mask<V>)x | (Mask<V>)splat<V>(Scalar<V>(-0.0)));
}

template <class V> inline V absolute(V x) {
    return (V)((Mask<V>)x & ~(Mask<V>)splat<V>(Scalar<V>(-0.0)));
}

// What the vector extension has no operator for: x86 has instructions, elsewhere it is done lane by lane.
// maximum and minimum give NaN where a is NaN, so that a diverging run cannot hide behind a relu: x86 gives its second
// operand there.
#if defined(__AVX512F__)
inline __m512 x86_max(__m512 a, __m512 b) { return _mm512_max_ps(b, a); }
inline __m512d x86_max(__m512d a, __m512d b) { return _mm512_max_pd(b, a); }
inline __m512 x86_min(__m512 a, __m512 b) { return _mm512_min_ps(b, a); }
inline __m512d x86_min(__m512d a, __m512d b) { return _mm512_min_pd(b, a); }
inline __m512 x86_sqrt(__m512 a) { return _mm512_sqrt_ps(a); }
inline __m512d x86_sqrt(__m512d a) { return _mm512_sqrt_pd(a); }
#endif
#if defined(__AVX__)
inline __m256 x86_max(__m256 a, __m256 b) { return _mm256_max_ps(b, a); }
inline __m256d x86_max(__m256d a, __m256d b) { return _mm256_max_pd(b, a); }
inline __m256 x86_min(__m256 a, __m256 b) { return _mm256_min_ps(b, a); }
inline __m256d x86_min(__m256d a, __m256d b) { return _mm256_min_pd(b, a); }
inline __m256 x86_sqrt(__m256 a) { return _mm256_sqrt_ps(a); }
inline __m256d x86_sqrt(__m256d a) { return _mm256_sqrt_pd(a); }
#endif
#if defined(__SSE2__)
inline __m128 x86_max(__m128 a, __m128 b) { return _mm_max_ps(b, a); }
inline __m128d x86_max(__m128d a, __m128d b) { return _mm_max_pd(b, a); }
inline __m128 x86_min(__m128 a, __m128 b) { return _mm_min_ps(b, a); }
inline __m128d x86_min(__m128d a, __m128d b) { return _mm_min_pd(b, a); }
inline __m128 x86_sqrt(__m128 a) { return _mm_sqrt_ps(a); }
inline __m128d x86_sqrt(__m128d a) { return _mm_sqrt_pd(a); }

template <class V> inline V maximum(V a, V b) { return (V)x86_max(a, b); }
template <class V> inline V minimum(V a, V b) { return (V)x86_min(a, b); }
template <class V> inline V square_root(V x) { return (V)x86_sqrt(x); }
#else
template <class V> inline V maximum(V a, V b) { return select<V>(a < b, b, a); }
template <class V> inline V minimum(V a, V b) { return select<V>(a > b, b, a); }
template <class V> inline V square_root(V x) {
    for (int lane = 0; lane < lanes<V>; ++lane) {
        if constexpr (is_double<V>) x[lane] = __builtin_sqrt(x[lane]);
        else x[lane] = __builtin_sqrtf(x[lane]);
    }
    return x;
}
#endif

// a / b to a unit in the last place or so, beside a square root: both would wait for the one divider that there is. An
// estimate of 1 / b to 14 bits becomes one of 28 by Newton's step; infinity, which would become NaN, is taken for the
// largest number.
template <class V> inline V quotient_after_root(V a, V b) {
#if defined(__AVX512F__)
    if constexpr (!is_double<V> && sizeof(V) == 64) {
        const V finite = minimum(b, splat<V>(3.402823466e38f));
        const V estimate = (V)_mm512_rcp14_ps((__m512)finite);
        return a * (estimate + estimate * (1 - finite * estimate));
    }
#endif
    return a / b;
}

// c - a b.
#if defined(__FMA__)
#if defined(__AVX512F__)
inline __m512 x86_minus_product(__m512 c, __m512 a, __m512 b) { return _mm512_fnmadd_ps(a, b, c); }
inline __m512d x86_minus_product(__m512d c, __m512d a, __m512d b) { return _mm512_fnmadd_pd(a, b, c); }
#endif
inline __m256 x86_minus_product(__m256 c, __m256 a, __m256 b) { return _mm256_fnmadd_ps(a, b, c); }
inline __m256d x86_minus_product(__m256d c, __m256d a, __m256d b) { return _mm256_fnmadd_pd(a, b, c); }
inline __m128 x86_minus_product(__m128 c, __m128 a, __m128 b) { return _mm_fnmadd_ps(a, b, c); }
inline __m128d x86_minus_product(__m128d c, __m128d a, __m128d b) { return _mm_fnmadd_pd(a, b, c); }
template <class V> inline V minus_product(V c, V a, V b) { return (V)x86_minus_product(c, a, b); }
#else
template <class V> inline V minus_product(V c, V a, V b) { return c - a * b; }
#endif

// The first halves of a and b, lane by lane in turn; then their second halves.
template <class V> inline void interleave(V a, V b, V& first, V& second) {
    if constexpr (lanes<V> == 2) {
        first = __builtin_shufflevector(a, b, 0, 2);
        second = __builtin_shufflevector(a, b, 1, 3);
    } else if constexpr (lanes<V> == 4) {
        first = __builtin_shufflevector(a, b, 0, 4, 1, 5);
        second = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    } else if constexpr (lanes<V> == 8) {
        first = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
        second = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    } else {
        static_assert(lanes<V> == 16);
        first = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        second = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
}

// Rows become columns. Interleaving the upper with the lower half of the rows, log2(lanes) times, transposes.
template <class V> inline void transpose(V (&rows)[lanes<V>]) {
    constexpr int L = lanes<V>;
    for (int step = 1; step < L; step *= 2) {
        V mixed[L];
#pragma GCC unroll 16
        for (int i = 0; i < L / 2; ++i) interleave(rows[i], rows[i + L / 2], mixed[2 * i], mixed[2 * i + 1]);
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) rows[i] = mixed[i];
    }
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
