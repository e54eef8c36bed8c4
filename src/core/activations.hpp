// Activations: a = f(z) and its slope f'(z) at the pre-activation, together, since they share their exponential.
//
// The same formulas as in chainrule/activations.py, which says why they are written so; silu and gelu have the plain
// ones here, whose error near the root of f' is that of rounding z.

#pragma once

#include "functions.hpp"
#include "plan.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

template <class V> struct Identity {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        slope = V{} + 1;
        return z;
    }
};

template <class V> struct Sigmoid {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        const V share = sigmoid_of_negative(negative(z)).share;  // the smaller of a and 1 - a
        slope = share - share * share;
        return select<V>(z < V{}, share, 1 - share);
    }
};

// a = (1 - e) / (1 + e) and 4 e / (1 + e)^2 with e = exp(-2 |z|), here with e / 4 for e: so 4 / (1 + e) serves both.
template <class V> struct Tanh {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        const V minus = negative(z);
        const auto [e, e_minus_one] = exponentials_of_negative<2, -2>(minus);
        const V r = 1 / (e_minus_one + Scalar<V>(0.5));
        slope = e * r * r;
        const V toggle = (V)((Mask<V>)z ^ (Mask<V>)minus);  // the sign bit, where z is positive
        return (V)((Mask<V>)(e_minus_one * r) ^ (Mask<V>)toggle);
    }
};

template <class V> struct Relu {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        slope = select<V>(z > V{}, V{} + 1, V{});
        return select<V>(z <= V{}, V{}, z);
    }
};

template <class V> struct LeakyRelu {
    ALWAYS_INLINE static V apply(V z, V alpha, V& slope) {
        slope = select<V>(z > V{}, V{} + 1, alpha);
        return z * slope;
    }
};

template <class V> struct Elu {
    ALWAYS_INLINE static V apply(V z, V alpha, V& slope) {
        const auto [e, e_minus_one] = exponentials_of_negative(minimum(z, V{}));
        slope = select<V>(z > V{}, V{} + 1, alpha * e);
        return select<V>(z > V{}, z, alpha * e_minus_one);
    }
};

template <class V> struct Softplus {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        const auto [e, share] = sigmoid_of_negative(negative(z));
        slope = select<V>(z < V{}, share, 1 - share);
        return maximum(z, V{}) + logarithm_of_one_plus(e);
    }
};

template <class V> struct Silu {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        const V share = sigmoid_of_negative(negative(z)).share;
        const V s = select<V>(z < V{}, share, 1 - share);
        const V rest = select<V>(z < V{}, 1 - share, share);  // 1 - s
        slope = s * (1 + z * rest);
        return z * s;
    }
};

template <class V> struct Gelu {
    ALWAYS_INLINE static V apply(V z, V, V& slope) {
        using T = Scalar<V>;
        const V distribution = T(0.5) * complementary_error_function(z * T(-0.70710678118654752440));
        const V density = T(0.39894228040143267794) * exponential_of_negative(T(-0.5) * z * z);
        slope = distribution + z * density;
        return z * distribution;
    }
};

// Calls use(functions of that activation); softmax, whose units are coupled, is none of them.
template <class V, class Use> inline void with_activation(Activation kind, Use&& use) {
    switch (kind) {
        case Activation::identity: return use(Identity<V>{});
        case Activation::sigmoid: return use(Sigmoid<V>{});
        case Activation::tanh: return use(Tanh<V>{});
        case Activation::relu: return use(Relu<V>{});
        case Activation::leaky_relu: return use(LeakyRelu<V>{});
        case Activation::elu: return use(Elu<V>{});
        case Activation::softplus: return use(Softplus<V>{});
        case Activation::silu: return use(Silu<V>{});
        case Activation::gelu: return use(Gelu<V>{});
        case Activation::softmax: return;
    }
}

// A column of numbers, one a unit, for each lane's sample (or network): the entries lie `step` vectors apart.
template <class V> struct Column {
    V* first;
    int64_t step;
    V& operator[](int64_t unit) const { return first[unit * step]; }
};

// a_i = exp(z_i) / sum_j exp(z_j), the largest z taken off first.
template <class V> inline void softmax(Column<V> z, Column<V> a, int64_t units) {
    V top = z[0];
    for (int64_t i = 1; i < units; ++i) top = maximum(top, z[i]);
    V total{};
    for (int64_t i = 0; i < units; ++i) total += a[i] = exponential_of_negative(z[i] - top);
    const V share = 1 / total;
    for (int64_t i = 0; i < units; ++i) a[i] *= share;
}

// The first of the largest entries, as its index in each lane.
template <class V> inline V index_of_largest(Column<V> values, int64_t units) {
    V largest = values[0], index{};
    for (int64_t i = 1; i < units; ++i) {
        const Mask<V> more = values[i] > largest;
        largest = select<V>(more, values[i], largest);
        index = select<V>(more, splat<V>(Scalar<V>(i)), index);
    }
    return index;
}

// dL/dz_i = a_i (g_i - sum_j a_j g_j), with g = dL/da less that of the largest output: nothing then cancels where one
// output is nearly 1. `gradient` holds dL/da, and then dL/dz.
template <class V> inline void softmax_backward(Column<V> a, Column<V> gradient, int64_t units) {
    const V largest = index_of_largest(a, units);
    V at_largest{}, inner{};
    for (int64_t i = 0; i < units; ++i)
        at_largest = select<V>(largest == splat<V>(Scalar<V>(i)), gradient[i], at_largest);
    for (int64_t i = 0; i < units; ++i) inner += a[i] * (gradient[i] - at_largest);
    for (int64_t i = 0; i < units; ++i) gradient[i] = a[i] * (gradient[i] - at_largest - inner);
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
