// Losses: the loss of each lane's sample, and the gradient with which the backward pass starts.
//
// The same formulas as in chainrule/losses.py, which says where they come from and where they stop.

#pragma once

#include "activations.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

// Whether the loss and the last activation have a form on z: then `gradient` is dL/dz, else dL/da.
inline bool is_fused(Loss loss, Activation last) {
    return (loss == Loss::binary_cross_entropy && last == Activation::sigmoid) ||
           (loss == Loss::cross_entropy && last == Activation::softmax);
}

inline bool needs_probabilities(Loss loss) {
    return loss == Loss::binary_cross_entropy || loss == Loss::cross_entropy;
}

inline bool gives_probabilities(Activation last) {
    return last == Activation::sigmoid || last == Activation::softmax;
}

// factor log a, and 0 where the factor is 0.
template <class V> inline V times_log(V factor, V a) {
    return select<V>(factor == V{}, V{}, factor * logarithm(a));
}

// numerator / a, and 0 where the numerator is 0.
template <class V> inline V ratio(V numerator, V a) {
    return select<V>(numerator == V{}, V{}, numerator / a);
}

// L = sum_i t_i (log sum_j exp(z_j) - z_i);  dL/dz_i = a_i (sum of the other t) - t_i (sum of the other a),
// which is a - t for targets that sum to 1, and does not cancel where one output is nearly 1.
template <class V>
inline V cross_entropy_of_softmax(Column<V> z, Column<V> a, Column<V> t, Column<V> gradient, int64_t units) {
    V top = z[0];
    for (int64_t i = 1; i < units; ++i) top = maximum(top, z[i]);
    V total{};
    for (int64_t i = 0; i < units; ++i) total += a[i] = exponential_of_negative(z[i] - top);
    const V log_of_sum = logarithm(total), share = 1 / total;
    const V largest_t = index_of_largest(t, units), largest_a = index_of_largest(a, units);
    V loss{}, sum_t{}, rest_t{}, sum_a{}, rest_a{};
    for (int64_t i = 0; i < units; ++i) {
        a[i] *= share;
        const V index = splat<V>(Scalar<V>(i));
        sum_t += t[i];
        sum_a += a[i];
        rest_t += select<V>(largest_t == index, V{}, t[i]);
        rest_a += select<V>(largest_a == index, V{}, a[i]);
        loss += select<V>(t[i] == V{}, V{}, t[i] * (log_of_sum - (z[i] - top)));
    }
    for (int64_t i = 0; i < units; ++i) {
        const V index = splat<V>(Scalar<V>(i));
        const V other_t = select<V>(largest_t == index, rest_t, sum_t - t[i]);
        const V other_a = select<V>(largest_a == index, rest_a, sum_a - a[i]);
        gradient[i] = a[i] * other_t - t[i] * other_a;
    }
    return loss;
}

// L = sum_i max(z_i, 0) - t_i z_i + log(1 + exp(-|z_i|));  dL/dz_i = a_i (1 - t_i) - (1 - a_i) t_i.
template <class V>
inline V binary_cross_entropy_of_sigmoid(Column<V> z, Column<V> t, Column<V> gradient, int64_t units) {
    V loss{};
    for (int64_t i = 0; i < units; ++i) {
        const auto [e, share] = sigmoid_of_negative(negative(z[i]));
        const Mask<V> below = z[i] < V{};
        loss += maximum(z[i], V{}) - t[i] * z[i] + logarithm_of_one_plus(e);
        gradient[i] = select<V>(below, share, 1 - share) * (1 - t[i]) - select<V>(below, 1 - share, share) * t[i];
    }
    return loss;
}

// The loss of each lane. z and gradient may be the same memory: z is not read after gradient is written.
template <class V>
ALWAYS_INLINE V loss_and_gradient(const Plan& plan, bool fused, Column<V> z, Column<V> a, Column<V> t, Column<V> gradient,
                           int64_t units) {
    using T = Scalar<V>;
    const V delta = splat<V>(T(plan.delta));
    V loss{};
    switch (plan.loss) {
        case Loss::half_squared_error:
            for (int64_t i = 0; i < units; ++i) {
                const V r = a[i] - t[i];
                loss += r * r;
                gradient[i] = r;
            }
            return T(0.5) * loss;
        case Loss::squared_error:
            for (int64_t i = 0; i < units; ++i) {
                const V r = a[i] - t[i];
                loss += r * r;
                gradient[i] = 2 * r;
            }
            return loss;
        case Loss::mean_squared_error:
            for (int64_t i = 0; i < units; ++i) {
                const V r = a[i] - t[i];
                loss += r * r;
                gradient[i] = 2 * r / T(units);
            }
            return loss / T(units);
        case Loss::huber:
            for (int64_t i = 0; i < units; ++i) {
                const V r = a[i] - t[i], size = absolute(r), quadratic = minimum(size, delta);
                loss += quadratic * (size - T(0.5) * quadratic);
                gradient[i] = maximum(minimum(r, delta), -delta);
            }
            return loss;
        case Loss::output:
            for (int64_t i = 0; i < units; ++i) {
                loss += a[i];
                gradient[i] = V{} + 1;
            }
            return loss;
        case Loss::binary_cross_entropy:
            if (fused) return binary_cross_entropy_of_sigmoid(z, t, gradient, units);
            for (int64_t i = 0; i < units; ++i) {
                loss -= times_log(t[i], a[i]) + times_log(1 - t[i], 1 - a[i]);
                gradient[i] = ratio(1 - t[i], 1 - a[i]) - ratio(t[i], a[i]);
            }
            return loss;
        case Loss::cross_entropy:
            if (fused) return cross_entropy_of_softmax(z, a, t, gradient, units);
            for (int64_t i = 0; i < units; ++i) {
                loss -= times_log(t[i], a[i]);
                gradient[i] = -ratio(t[i], a[i]);
            }
            return loss;
    }
    return loss;
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
