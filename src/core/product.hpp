// Products of matrices, for the three of backpropagation: z = w a, dL/da = w^T dL/dz, dL/dw = dL/dz a^T.
//
// All have one form, result[m, :] = sum_k left[m, k] right[k, :], in which `right` has rows of PANEL numbers one after
// another (a panel) and `left` is read number by number, at any stride. A tile of the result stays in registers while k
// runs: of its 2 x ROWS vectors each takes one multiply-add a step, from 2 loads of `right` and ROWS numbers of `left`.

#pragma once

#include "lanes.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

// Two vectors a row: with one, loading `left` would cost as much as multiplying.
constexpr int VECTORS = 2;
template <class T> constexpr int PANEL = VECTORS * lanes<Wide<T>>;

// 16 vector registers hold 6 x 2 results, 2 rows of `right` and one number of `left`; AVX-512 and NEON have 32.
constexpr int LARGEST_TILE = CHAINRULE_BYTES == 64 ? 12 : 6;

template <class T> struct Left {
    const T* first;
    int64_t row_step, k_step;  // from m to m + 1, from k to k + 1 within a block
    int64_t block, block_step; // k runs in blocks: where the numbers of `left` lie in panels themselves
};

template <class T, int ROWS, int USED>
ALWAYS_INLINE void accumulate(Wide<T> (&sum)[ROWS][USED], Left<T> left, const Wide<T>* right, int64_t k_count) {
    for (int64_t start = 0; start < k_count; start += left.block, left.first += left.block_step) {
        const T* numbers = left.first;
        const int64_t count = k_count - start < left.block ? k_count - start : left.block;
        for (int64_t k = 0; k < count; ++k, numbers += left.k_step, right += VECTORS) {
#pragma GCC unroll 16
            for (int m = 0; m < ROWS; ++m) {
                const Wide<T> number = splat<Wide<T>>(numbers[m * left.row_step]);
#pragma GCC unroll 2
                for (int v = 0; v < USED; ++v) sum[m][v] += number * right[v];
            }
        }
    }
}

// Computes rows m, m + 1 ... of the result and hands them to finish(m, vectors): one tile of ROWS rows.
template <class T, int ROWS, int USED, class Start, class Finish>
ALWAYS_INLINE void multiply_tile(int64_t m, Left<T> left, const Wide<T>* right, int64_t k_count, Start& start,
                                 Finish& finish) {
    Wide<T> sum[ROWS][USED];
#pragma GCC unroll 16
    for (int row = 0; row < ROWS; ++row) {
#pragma GCC unroll 2
        for (int v = 0; v < USED; ++v) sum[row][v] = start(m + row, v);
    }
    left.first += m * left.row_step;
    accumulate<T, ROWS, USED>(sum, left, right, k_count);
#pragma GCC unroll 16
    for (int row = 0; row < ROWS; ++row) {
#pragma GCC unroll 2
        for (int v = 0; v < USED; ++v) finish(m + row, v, sum[row][v]);
    }
}

template <class T, int ROWS, int USED, class Start, class Finish>
inline void multiply_some(int rows, int64_t m, Left<T> left, const Wide<T>* right, int64_t k_count, Start& start,
                          Finish& finish) {
    if (rows == ROWS) multiply_tile<T, ROWS, USED>(m, left, right, k_count, start, finish);
    else if constexpr (ROWS > 1)
        multiply_some<T, ROWS - 1, USED>(rows, m, left, right, k_count, start, finish);
}

// All rows, in tiles of nearly the same height: 5 + 5, not 6 + 4, since a low tile waits for its own sums.
// start(m, v) gives what vector v of row m starts from, finish(m, v, sum) takes it.
template <class T, int USED, class Start, class Finish>
inline void multiply(int64_t rows, Left<T> left, const Wide<T>* right, int64_t k_count, Start&& start, Finish&& finish) {
    int64_t tiles = (rows + LARGEST_TILE - 1) / LARGEST_TILE;
    for (int64_t m = 0; m < rows; --tiles) {
        const int height = int((rows - m + tiles - 1) / tiles);
        multiply_some<T, LARGEST_TILE, USED>(height, m, left, right, k_count, start, finish);
        m += height;
    }
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
