// One network that learns sample by sample: its units in lanes, since there are no samples to put side by side.
//
// The time of a step is that of a chain of operations that wait for each other. So a layer is one vector where it can
// be, and what the chain does not need is computed beside it. Every weight is held twice, in columns (units in lanes) for
// z = w x + b and in rows (inputs in lanes) for dL/dx = w^T dL/dz, and both get the same update, to the same bits.
//
// Biases are held with their sign, so that a threshold is one more thing to add: all optimizers treat w and -w alike.
// Lanes beyond a layer's units, or inputs, hold numbers without meaning: none of them is ever read into another lane.

#pragma once

#include "losses.hpp"
#include "optimizers.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

template <class T> class SampleBySample {
    // Not the widest: layers are narrow, and a division of 64 bytes takes longer.
    using V = typename Vectors<T, CHAINRULE_BYTES < 32 ? CHAINRULE_BYTES : 32>::Type;
    static constexpr int L = lanes<V>;

    struct Weights {
        V *values, *states[2];
    };

    struct Layer : LayerPlan {
        int64_t vectors;          // of units
        Weights columns, biases;  // inputs times the vectors, and once
        Weights rows;             // units times the vectors of the layer before; the first layer has none
        V *z, *a, *slope, *dz;
    };

    const Plan* plan;
    const Arrays* arrays;
    Layer* layers;
    int64_t depth, last_row = -1;
    V* targets;
    Narrow<T>* apart[4];  // z, a, t and gradient for softmax and its loss, a unit each
    bool fused, has_shared_bias = false;
    Step<V> step;

  public:
    SampleBySample(const Plan& plan, const Arrays& arrays)
        : plan(&plan), arrays(&arrays), step(plan.optimizer, splat<V>(T(plan.optimizer.learning_rate))) {}

    // False when memory is short.
    bool prepare(Memory& memory) {
        bool enough = true;
        const auto take = [&](int64_t count) {
            V* taken = static_cast<V*>(memory.take(count, sizeof(V)));
            enough = enough && taken;
            return taken;
        };
        const auto take_weights = [&](int64_t count) {
            Weights weights{take(count), {nullptr, nullptr}};
            for (int s = 0; s < state_count(plan->optimizer.kind); ++s) weights.states[s] = take(count);
            return weights;
        };
        depth = plan->layer_count;
        layers = static_cast<Layer*>(memory.take(depth, sizeof(Layer)));
        if (!layers) return false;
        int64_t widest = 1;
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            static_cast<LayerPlan&>(layer) = plan->layers[l];
            layer.vectors = (layer.units + L - 1) / L;
            layer.columns = take_weights(layer.inputs * layer.vectors);
            layer.biases = take_weights(layer.vectors);
            if (l > 0) layer.rows = take_weights(layer.units * layers[l - 1].vectors);
            layer.z = take(layer.vectors);
            layer.a = take(layer.vectors);
            layer.slope = take(layer.vectors);
            layer.dz = take(layer.vectors);
            if (layer.units > widest) widest = layer.units;
            has_shared_bias = has_shared_bias || layer.share_bias;
        }
        const Layer& last = layers[depth - 1];
        targets = take(last.vectors);
        for (auto& values : apart)
            if (!(values = static_cast<Narrow<T>*>(memory.take(widest, sizeof(Narrow<T>))))) return false;
        if (!enough) return false;
        fused = is_fused(plan->loss, last.activation);
        T* plain = static_cast<T*>(arrays->parameters);
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            for (int64_t o = 0; o < layer.units; ++o)
                for (int64_t i = 0; i < layer.inputs; ++i, ++plain) {
                    number(layer.columns.values, i * layer.vectors * L + o) = *plain;
                    if (l > 0) number(layer.rows.values, o * layers[l - 1].vectors * L + i) = *plain;
                }
            for (int64_t o = 0; o < layer.units; ++o, ++plain)
                number(layer.biases.values, o) = T(layer.bias_sign) * *plain;
        }
        return true;
    }

    void pack_parameters() const {
        T* plain = static_cast<T*>(arrays->parameters);
        for (int64_t l = 0; l < depth; ++l) {
            const Layer& layer = layers[l];
            for (int64_t o = 0; o < layer.units; ++o)
                for (int64_t i = 0; i < layer.inputs; ++i)
                    *plain++ = number(layer.columns.values, i * layer.vectors * L + o);
            for (int64_t o = 0; o < layer.units; ++o) *plain++ = T(layer.bias_sign) * number(layer.biases.values, o);
        }
    }

    // One update from one sample; gives its loss.
    template <Optimizer KIND> T train(int64_t row) {
        step.begin(plan->optimizer);
        const T* x = forward(row);
        // Each dL/dz changes its columns and bias as soon as it is there, and goes back through the rows as they were.
        const auto change_layer = [&](int64_t l) {
            const T* inputs = l > 0 ? reinterpret_cast<const T*>(layers[l - 1].a) : x;
            return [=](Layer& layer, int64_t v, V dz) { change_columns<KIND>(layer, v, inputs, dz); };
        };
        const T loss = loss_of(row, change_layer(depth - 1));
        for (int64_t l = depth - 1; l > 0; --l) {
            send_back(layers[l], layers[l - 1], change_layer(l - 1));
            change_rows<KIND>(layers[l], layers[l - 1]);
        }
        if (has_shared_bias)
            for (int64_t l = 0; l < depth; ++l) change_shared_bias<KIND>(layers[l]);
        return loss;
    }

    // The loss over all samples; the outputs are written to arrays.outputs. False when an output is outside the domain.
    bool evaluate(double* loss, double* outside) {
        const Layer& last = layers[depth - 1];
        T* out = static_cast<T*>(arrays->outputs);
        *loss = 0;
        for (int64_t n = 0; n < plan->samples; ++n) {
            forward(n);
            *loss += double(loss_of(n, [](Layer&, int64_t, V) {}));
            for (int64_t o = 0; o < last.units; ++o) *out++ = number(last.a, o);
            if (!is_inside_domain(outside)) return false;
        }
        *loss = double(T(plan->mean ? *loss / double(plan->samples) : *loss));
        return true;
    }

    // Whether the loss is defined for the outputs of the last sample.
    bool is_inside_domain(double* outside) const {
        const Layer& last = layers[depth - 1];
        if (!needs_probabilities(plan->loss) || gives_probabilities(last.activation)) return true;
        for (int64_t o = 0; o < last.units; ++o) {
            const T a = number(last.a, o);
            if (!(a < 0 || a > 1)) continue;
            *outside = double(a);
            return false;
        }
        return true;
    }

    // Which parameter is not finite, or -1.
    int64_t find_not_finite() const {
        for (int64_t l = 0; l < depth; ++l) {
            const Layer& layer = layers[l];
            V weights{}, biases{};  // 0 times what is not finite is NaN
            for (int64_t v = 0; v < layer.vectors; ++v) {
                V column{};
                for (int64_t i = 0; i < layer.inputs; ++i) column += 0 * layer.columns.values[i * layer.vectors + v];
                weights += column;
                biases += 0 * layer.biases.values[v];
            }
            if (all_zero(weights + biases)) continue;
            for (int64_t o = 0; o < layer.units; ++o)
                for (int64_t i = 0; i < layer.inputs; ++i)
                    if (!__builtin_isfinite(number(layer.columns.values, i * layer.vectors * L + o))) return 2 * l;
            for (int64_t o = 0; o < layer.units; ++o)
                if (!__builtin_isfinite(number(layer.biases.values, o))) return 2 * l + 1;
        }
        return -1;
    }

  private:
    static T& number(V* vectors, int64_t at) { return reinterpret_cast<T*>(vectors)[at]; }

    static bool all_zero(V v) {
        for (int lane = 0; lane < L; ++lane)
            if (v[lane] != 0) return false;
        return true;
    }

    // Leaves z, a and the slope of every layer; gives the sample's inputs.
    const T* forward(int64_t row) {
        const T* const sample = static_cast<const T*>(arrays->inputs) + row * layers[0].inputs;
        const T* x = sample;
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            const int64_t vectors = layer.vectors, inputs = layer.inputs;
            const auto pre_activation = [&](int64_t v) __attribute__((always_inline)) {
                const V* w = layer.columns.values + v;
                V z = layer.biases.values[v];
                for (int64_t i = 0; i < inputs; ++i) z += w[i * vectors] * x[i];
                return layer.z[v] = z;
            };
            if (layer.activation == Activation::softmax) {
                for (int64_t v = 0; v < vectors; ++v) pre_activation(v);
                if (fused && l == depth - 1) return sample;  // the loss computes it on the way
                set_apart(0, layer.z, layer.units);
                softmax<Narrow<T>>({apart[0], 1}, {apart[1], 1}, layer.units);
                put_back(layer.a, 1, layer.units);
            } else {
                const V alpha = splat<V>(T(layer.alpha));
                with_activation<V>(layer.activation, [&](auto f) {
                    for (int64_t v = 0; v < vectors; ++v) layer.a[v] = f.apply(pre_activation(v), alpha, layer.slope[v]);
                });
            }
            x = reinterpret_cast<const T*>(layer.a);
        }
        return sample;
    }

    // The loss of the sample. Leaves dL/dz of the last layer, and hands it to use(layer, vector, dz).
    template <class Use> T loss_of(int64_t row, Use&& use) {
        Layer& last = layers[depth - 1];
        if (row != last_row && arrays->targets) {
            const T* t = static_cast<const T*>(arrays->targets) + row * last.units;
            for (int64_t o = 0; o < last.units; ++o) number(targets, o) = t[o];
        }
        last_row = row;
        T sum = 0;
        if (last.activation == Activation::softmax) {  // its units are coupled
            set_apart(0, last.z, last.units);
            set_apart(1, last.a, last.units);
            set_apart(2, targets, last.units);
            sum = loss_and_gradient<Narrow<T>>(*plan, fused, {apart[0], 1}, {apart[1], 1}, {apart[2], 1}, {apart[3], 1},
                                               last.units)[0];
            if (!fused) softmax_backward<Narrow<T>>({apart[1], 1}, {apart[3], 1}, last.units);
            put_back(last.a, 1, last.units);
            put_back(last.dz, 3, last.units);
            for (int64_t v = 0; v < last.vectors; ++v) use(last, v, last.dz[v]);
            return sum;
        }
        // Here every unit has its own loss, as if each lane were a sample with one output.
        const bool average = plan->loss == Loss::mean_squared_error;
        for (int64_t v = 0; v < last.vectors; ++v) {
            V z = last.z[v], a = last.a[v], t = targets[v], dz{};
            const V losses = loss_and_gradient<V>(*plan, fused, {&z, 1}, {&a, 1}, {&t, 1}, {&dz, 1}, 1);
            if (average) dz /= T(last.units);
            if (!fused) dz *= last.slope[v];
            last.dz[v] = dz;
            use(last, v, dz);
            for (int lane = 0; lane < L && v * L + lane < last.units; ++lane) sum += losses[lane];
        }
        return average ? sum / T(last.units) : sum;
    }

    // dL/da of the layer before = w^T dL/dz, and from that its dL/dz, which is handed to use(before, vector, dz).
    template <class Use> void send_back(const Layer& layer, Layer& before, Use&& use) {
        const T* dz = reinterpret_cast<const T*>(layer.dz);
        const bool coupled = before.activation == Activation::softmax;
        for (int64_t v = 0; v < before.vectors; ++v) {
            const V* w = layer.rows.values + v;
            const V slope = coupled ? V{} + 1 : before.slope[v];  // w times slope is ready before dL/dz is
            V sum = w[0] * slope * dz[0];
            for (int64_t o = 1; o < layer.units; ++o) sum += w[o * before.vectors] * slope * dz[o];
            before.dz[v] = sum;
            if (!coupled) use(before, v, sum);
        }
        if (!coupled) return;
        set_apart(1, before.a, before.units);
        set_apart(3, before.dz, before.units);
        softmax_backward<Narrow<T>>({apart[1], 1}, {apart[3], 1}, before.units);
        put_back(before.dz, 3, before.units);
        for (int64_t v = 0; v < before.vectors; ++v) use(before, v, before.dz[v]);
    }

    template <Optimizer KIND> ALWAYS_INLINE void change(Weights& weights, int64_t at, V gradient) {
        update<KIND>(step, weights.values[at], gradient, weights.states[0] + at, weights.states[1] + at);
    }

    // The gradient is dL/dz x; the factor of it that comes last is `late`.
    template <Optimizer KIND> ALWAYS_INLINE void change(Weights& weights, int64_t at, V early, V late) {
        if constexpr (KIND == Optimizer::gradient_descent) weights.values[at] -= step.learning_rate * early * late;
        else change<KIND>(weights, at, early * late);
    }

    template <Optimizer KIND> ALWAYS_INLINE void change_columns(Layer& layer, int64_t v, const T* x, V dz) {
        for (int64_t i = 0; i < layer.inputs; ++i)
            change<KIND>(layer.columns, i * layer.vectors + v, splat<V>(x[i]), dz);
        if (layer.train_biases && !layer.share_bias) change<KIND>(layer.biases, v, dz);
    }

    template <Optimizer KIND> void change_rows(Layer& layer, const Layer& before) {
        const T* dz = reinterpret_cast<const T*>(layer.dz);
        for (int64_t o = 0; o < layer.units; ++o)
            for (int64_t v = 0; v < before.vectors; ++v)
                change<KIND>(layer.rows, o * before.vectors + v, before.a[v], splat<V>(dz[o]));
    }

    // One bias behind all units: their gradients add up.
    template <Optimizer KIND> void change_shared_bias(Layer& layer) {
        if (!layer.train_biases || !layer.share_bias) return;
        T sum = 0;
        for (int64_t o = 0; o < layer.units; ++o) sum += number(layer.dz, o);
        for (int64_t v = 0; v < layer.vectors; ++v) change<KIND>(layer.biases, v, splat<V>(sum));
    }

    void set_apart(int which, const V* values, int64_t units) {
        for (int64_t o = 0; o < units; ++o)
            apart[which][o] = splat<Narrow<T>>(reinterpret_cast<const T*>(values)[o]);
    }

    void put_back(V* values, int which, int64_t units) const {
        for (int64_t o = 0; o < units; ++o) number(values, o) = apart[which][o][0];
    }
};

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
