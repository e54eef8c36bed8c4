// Optimizers: how a gradient becomes an update, one vector of parameters at a time.
//
// The same formulas as in chainrule/optimizers.py. States are arrays laid out as the parameters are.

#pragma once

#include "functions.hpp"
#include "plan.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

inline int state_count(Optimizer kind) {
    switch (kind) {
        case Optimizer::gradient_descent: return 0;
        case Optimizer::adam:
        case Optimizer::adamw: return 2;
        default: return 1;
    }
}

// One step's numbers, in lanes. In an ensemble the learning rate differs from lane to lane.
template <class V> struct Step {
    V learning_rate, momentum, decay, one_less_decay, beta1, one_less_beta1, beta2, one_less_beta2, epsilon;
    V shrink;                      // learning_rate weight_decay
    V m_rate, s_correction;        // learning_rate / (1 - beta1^k) and 1 / (1 - beta2^k) at the k-th update
    double m_mass = 0, s_mass = 0; // 1 - beta1^k and 1 - beta2^k

    Step() = default;
    Step(const OptimizerPlan& plan, V rate) {
        using T = Scalar<V>;
        const auto lane = [](double x) { return splat<V>(T(x)); };
        learning_rate = rate;
        momentum = lane(plan.momentum);
        decay = lane(plan.decay);
        one_less_decay = lane(1 - plan.decay);
        beta1 = lane(plan.beta1);
        one_less_beta1 = lane(1 - plan.beta1);
        beta2 = lane(plan.beta2);
        one_less_beta2 = lane(1 - plan.beta2);
        epsilon = lane(plan.epsilon);
        shrink = rate * T(plan.weight_decay);
        m_rate = s_correction = V{};
    }

    // To be called before each update.
    void begin(const OptimizerPlan& plan) {
        if (state_count(plan.kind) < 2) return;
        // 1 - beta^k = beta (1 - beta^(k - 1)) + (1 - beta): nothing cancels, and a power would take as long as a layer.
        m_mass = plan.beta1 * m_mass + (1 - plan.beta1);
        s_mass = plan.beta2 * s_mass + (1 - plan.beta2);
        m_rate = learning_rate * Scalar<V>(1 / m_mass);
        s_correction = splat<V>(Scalar<V>(1 / s_mass));
    }
};

// w <- update(w, g), and the states with it: `first` is v, s or m, `second` Adam's s.
template <Optimizer KIND, class V>
ALWAYS_INLINE void update(const Step<V>& step, V& w, V g, V* first, V* second) {
    if constexpr (KIND == Optimizer::gradient_descent) {
        w -= step.learning_rate * g;
    } else if constexpr (KIND == Optimizer::momentum) {
        *first = step.momentum * *first + g;
        w -= step.learning_rate * *first;
    } else if constexpr (KIND == Optimizer::nesterov) {
        *first = step.momentum * *first + g;
        w -= step.learning_rate * (g + step.momentum * *first);
    } else if constexpr (KIND == Optimizer::rmsprop) {
        *first = step.decay * *first + step.one_less_decay * (g * g);
        w -= step.learning_rate * quotient_after_root(g, square_root(*first) + step.epsilon);
    } else {
        *first = step.beta1 * *first + step.one_less_beta1 * g;
        *second = step.beta2 * *second + step.one_less_beta2 * (g * g);
        const V root = square_root(*second * step.s_correction) + step.epsilon;
        if constexpr (KIND == Optimizer::adamw) w -= step.shrink * w;
        w -= step.m_rate * quotient_after_root(*first, root);
    }
}

// Calls use(constant of that kind), so that loops are compiled for each optimizer.
template <class Use> inline void with_optimizer(Optimizer kind, Use&& use) {
    switch (kind) {
        case Optimizer::gradient_descent: return use(std::integral_constant<Optimizer, Optimizer::gradient_descent>{});
        case Optimizer::momentum: return use(std::integral_constant<Optimizer, Optimizer::momentum>{});
        case Optimizer::nesterov: return use(std::integral_constant<Optimizer, Optimizer::nesterov>{});
        case Optimizer::rmsprop: return use(std::integral_constant<Optimizer, Optimizer::rmsprop>{});
        case Optimizer::adam: return use(std::integral_constant<Optimizer, Optimizer::adam>{});
        case Optimizer::adamw: return use(std::integral_constant<Optimizer, Optimizer::adamw>{});
    }
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
