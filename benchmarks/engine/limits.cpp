// What the machine can do at best, measured: multiply-adds in registers, activations and optimizers in the first cache,
// and for one sample after another the time that a result takes to be ready.
//
//     g++ -std=c++17 -O3 ... -DCHAINRULE_INSTRUCTIONS=avx2 -DCHAINRULE_BYTES=32 -I src/core limits.cpp
//
// Prints "name number" lines: nanoseconds an element, or an operation.

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "activations.hpp"
#include "optimizers.hpp"

using namespace chainrule;
using namespace chainrule::CHAINRULE_INSTRUCTIONS;

namespace {

// The best of several tries, in ns for each of `count`.
template <class Work> double best(double count, Work&& work) {
    double least = 1e30;
    for (int round = 0; round < 15; ++round) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
        least = std::min(least, time.count());
    }
    return least / count;
}

template <class T> void keep(T& value) { asm volatile("" : "+m"(value)::"memory"); }

template <class V> double multiply_add() {
    constexpr int CHAINS = CHAINRULE_BYTES == 64 ? 24 : 12;
    constexpr int ROUNDS = 200'000;
    V result[CHAINS];
    const double time = best(double(ROUNDS) * CHAINS * lanes<V>, [&] {
        V sums[CHAINS], x = splat<V>(0.999f), y = splat<V>(0.001f);
        for (int c = 0; c < CHAINS; ++c) sums[c] = splat<V>(float(c));  // or equal chains would be computed once
        asm volatile("" : "+x"(x), "+x"(y));
        for (int round = 0; round < ROUNDS; ++round) {
#pragma GCC unroll 24
            for (int c = 0; c < CHAINS; ++c) sums[c] = sums[c] * x + y;
            asm volatile("" : "+x"(x));  // or the compiler would see through the loop
        }
        for (int c = 0; c < CHAINS; ++c) result[c] = sums[c];
        keep(result);
    });
    return time;
}

constexpr int COUNT = 128;  // vectors: three such arrays stay in the first cache

template <template <class> class F, class V> double activation() {
    static V z[COUNT], a[COUNT], slope[COUNT];
    for (int i = 0; i < COUNT * lanes<V>; ++i) z[i / lanes<V>][i % lanes<V>] = float(i % 97 - 48) / 16;
    return best(800.0 * COUNT * lanes<V>, [&] {
        for (int round = 0; round < 800; ++round) {
            for (int i = 0; i < COUNT; i += 4) {  // stored after all four: no store stands between their operations
                V values[4], slopes[4];
#pragma GCC unroll 4
                for (int j = 0; j < 4; ++j) values[j] = F<V>::apply(z[i + j], V{}, slopes[j]);
#pragma GCC unroll 4
                for (int j = 0; j < 4; ++j) {
                    a[i + j] = values[j];
                    slope[i + j] = slopes[j];
                }
            }
            keep(a);
            keep(slope);
        }
    });
}

template <class V> double exponential() {
    static V z[COUNT], a[COUNT];
    for (int i = 0; i < COUNT * lanes<V>; ++i) z[i / lanes<V>][i % lanes<V>] = -float(i % 97) / 16;
    return best(800.0 * COUNT * lanes<V>, [&] {
        for (int round = 0; round < 800; ++round) {
            for (int i = 0; i < COUNT; ++i) a[i] = exponential_of_negative(z[i]);
            keep(a);
        }
    });
}

template <Optimizer KIND, class V> double optimizer() {
    constexpr int SIZE = 128;
    static V w[SIZE], g[SIZE], m[SIZE], s[SIZE];
    for (int i = 0; i < SIZE; ++i) g[i] = splat<V>(0.5f + float(i));
    const OptimizerPlan plan{KIND, 1e-3, 0.9, 0.9, 0.9, 0.999, 1e-8, 0};
    Step<V> step(plan, splat<V>(1e-3f));
    step.begin(plan);
    return best(500.0 * SIZE * lanes<V>, [&] {
        for (int round = 0; round < 500; ++round) {
            for (int i = 0; i < SIZE; ++i) update<KIND>(step, w[i], g[i], m + i, s + i);
            keep(w);
        }
    });
}

// Of one operation after another, each waiting for the one before: in registers, or the memory between would count too.
double sigmoid_latency() {
    using V = Narrow<double>;
    V start = splat<V>(0.3);
    keep(start);
    return best(100'000, [&] {
        V x = start, slope;
        for (int i = 0; i < 100'000; ++i) x = Sigmoid<V>::apply(x, x, slope);
        start = x;
        keep(start);
    });
}

double multiply_add_latency() {
    using V = Narrow<double>;
    V start = splat<V>(0.3), factor = splat<V>(0.5);
    keep(start);
    keep(factor);
    return best(1'000'000, [&] {
        V x = start, y = factor;
        for (int i = 0; i < 1'000'000; ++i) {
            x = x * y + y;
            asm volatile("" : "+x"(x));  // or the compiler would see through the loop
        }
        start = x;
        keep(start);
    });
}

}  // namespace

int main() {
    using V = Wide<float>;
    std::printf("multiply_add_float %.17g\n", multiply_add<V>());
    std::printf("multiply_add_double %.17g\n", multiply_add<Wide<double>>());
    std::printf("tanh_float %.17g\n", activation<Tanh, V>());
    std::printf("relu_float %.17g\n", activation<Relu, V>());
    std::printf("exponential_float %.17g\n", exponential<V>());
    std::printf("adam_float %.17g\n", optimizer<Optimizer::adam, V>());
    std::printf("gradient_descent_float %.17g\n", optimizer<Optimizer::gradient_descent, V>());
    std::printf("sigmoid_latency %.17g\n", sigmoid_latency());
    std::printf("multiply_add_latency %.17g\n", multiply_add_latency());
}
