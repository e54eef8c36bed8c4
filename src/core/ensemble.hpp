// Many networks of one shape, a network in each lane: no lane waits for another, and no sum crosses lanes.
//
// A block holds as many networks as a vector has lanes. It runs through its batch a few samples at a time, so that a
// weight is loaded once for them.

#pragma once

#include "losses.hpp"
#include "optimizers.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {

template <class V> class Block {
    using T = Scalar<V>;
    static constexpr int L = lanes<V>;
    static constexpr int TILE = 8;  // samples: 4 sums in flight, as many as one chain of multiply-adds leaves room for

    struct Layer : LayerPlan {
        int64_t size;   // of weights: units rows of the inputs and the bias
        V *weights, *states[2], *gradient, *frozen;
        V *a, *slope, *dz;  // TILE vectors a unit
    };

    const Plan* plan;
    const Arrays* arrays;
    Layer* layers;
    V *inputs, *targets, *all_weights;
    int64_t weight_count;
    Step<V> step;
    int64_t depth, first, used;  // the first network, and how many lanes have one
    bool fused;

  public:
    bool prepare(const Plan& whole_plan, const Arrays& whole_arrays, int64_t first_network, Memory& memory) {
        plan = &whole_plan;
        arrays = &whole_arrays;
        first = first_network;
        used = plan->networks - first < L ? plan->networks - first : L;
        depth = plan->layer_count;
        fused = is_fused(plan->loss, plan->layers[depth - 1].activation);
        bool enough = true;
        const auto take = [&](int64_t count) {
            V* taken = static_cast<V*>(memory.take(count, sizeof(V)));
            enough = enough && taken;
            return taken;
        };
        layers = static_cast<Layer*>(memory.take(depth, sizeof(Layer)));
        if (!layers) return false;
        inputs = take(plan->layers[0].inputs * TILE);
        targets = take(plan->layers[depth - 1].units * TILE);
        weight_count = 0;
        for (int64_t l = 0; l < depth; ++l) weight_count += plan->layers[l].units * (plan->layers[l].inputs + 1);
        all_weights = take(weight_count);
        int64_t start = 0;
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            static_cast<LayerPlan&>(layer) = plan->layers[l];
            layer.size = layer.units * (layer.inputs + 1);
            layer.weights = all_weights + start;
            start += layer.size;
            layer.gradient = take(layer.size);
            for (int s = 0; s < state_count(plan->optimizer.kind); ++s) layer.states[s] = take(layer.size);
            layer.frozen = take(layer.units);
            layer.a = take(layer.units * TILE);
            layer.slope = take(layer.units * TILE);
            layer.dz = take(layer.units * TILE);
        }
        if (!enough) return false;
        V rate{};
        for (int lane = 0; lane < L; ++lane)
            rate[lane] =
                T(arrays->learning_rates ? arrays->learning_rates[network(lane)] : plan->optimizer.learning_rate);
        step = Step<V>(plan->optimizer, rate);
        exchange_parameters([](V& packed, int lane, T& plain) { packed[lane] = plain; });
        for (int64_t l = 0; l < depth; ++l)
            for (int64_t o = 0; o < layers[l].units; ++o) layers[l].frozen[o] = bias(layers[l], o);
        return true;
    }

    void pack_parameters() {
        exchange_parameters([](V& packed, int lane, T& plain) { plain = packed[lane]; });
    }

    // One update from `count` samples. `order` has a row for each network, or one for all when `order_step` is 0.
    // Gives the loss of each lane.
    template <Optimizer KIND> V train(const int64_t* order, int64_t order_step, int64_t start, int64_t count) {
        step.begin(plan->optimizer);
        const T factor = plan->mean ? T(1) / T(count) : T(1);
        V loss{};
        int64_t done = 0;
        for (; done + TILE <= count; done += TILE)
            loss += train_tile<KIND, TILE>(factor, order, order_step, start + done, done == 0, done + TILE == count);
        for (; done < count; ++done)
            loss += train_tile<KIND, 1>(factor, order, order_step, start + done, done == 0, done + 1 == count);
        return loss * factor;
    }

    // The loss over all samples; the outputs are written to arrays.outputs.
    void evaluate(double* losses) {
        const Layer& last = layers[depth - 1];
        double sums[L] = {};
        for (int64_t n = 0; n < plan->samples; ++n) {
            load<1>(nullptr, 0, n);
            forward<1>();
            const V loss = loss_of<1>(0);
            for (int lane = 0; lane < used; ++lane) {
                sums[lane] += double(loss[lane]);
                T* out = static_cast<T*>(arrays->outputs) + (network(lane) * plan->samples + n) * last.units;
                for (int64_t o = 0; o < last.units; ++o) out[o] = last.a[o][lane];
            }
        }
        for (int lane = 0; lane < used; ++lane)
            losses[network(lane)] = double(T(plan->mean ? sums[lane] / double(plan->samples) : sums[lane]));
    }

  private:
    int64_t network(int lane) const { return first + (lane < used ? lane : 0); }

    static V& bias(Layer& layer, int64_t o) { return layer.weights[o * (layer.inputs + 1) + layer.inputs]; }

    template <class Exchange> void exchange_parameters(Exchange exchange) {
        for (int lane = 0; lane < L; ++lane) {
            T* plain = static_cast<T*>(arrays->parameters) + network(lane) * weight_count;
            for (int64_t l = 0; l < depth; ++l) {
                Layer& layer = layers[l];
                for (int64_t o = 0; o < layer.units; ++o)
                    for (int64_t i = 0; i < layer.inputs; ++i)
                        exchange(layer.weights[o * (layer.inputs + 1) + i], lane, *plain++);
                for (int64_t o = 0; o < layer.units; ++o) exchange(bias(layer, o), lane, *plain++);
            }
        }
    }

    // Brings S samples into lanes, S vectors an input.
    template <int S> void load(const int64_t* order, int64_t step, int64_t start) {
        const T* x = static_cast<const T*>(arrays->inputs);
        const T* t = static_cast<const T*>(arrays->targets);
        const int64_t features = layers[0].inputs, outputs = layers[depth - 1].units;
        const bool shared = !arrays->rows && (!order || step == 0);
        for (int s = 0; s < S; ++s) {
            if (shared) {
                const int64_t row = order ? order[start + s] : start + s;
                for (int64_t i = 0; i < features; ++i) inputs[i * S + s] = splat<V>(x[row * features + i]);
                if (t)
                    for (int64_t o = 0; o < outputs; ++o) targets[o * S + s] = splat<V>(t[row * outputs + o]);
                continue;
            }
            for (int lane = 0; lane < L; ++lane) {
                int64_t row = order ? order[network(lane) * step + start + s] : start + s;
                if (arrays->rows) row = arrays->rows[network(lane) * plan->samples + row];
                for (int64_t i = 0; i < features; ++i) inputs[i * S + s][lane] = x[row * features + i];
                if (t)
                    for (int64_t o = 0; o < outputs; ++o) targets[o * S + s][lane] = t[row * outputs + o];
            }
        }
    }

    template <int S> void forward() {
        const V* x = inputs;
        for (int64_t l = 0; l < depth; ++l) {
            Layer& layer = layers[l];
            const T sign = T(layer.bias_sign);
            const bool coupled = layer.activation == Activation::softmax;
            const auto pre_activations = [&](auto&& finish) {
                const int64_t units = layer.units, count = layer.inputs;
                const V *w = layer.weights, *inputs = x;
                for (int64_t o = 0; o < units; ++o, w += count + 1) {
                    const V bias = sign * w[count];
                    V z[S];
#pragma GCC unroll 8
                    for (int s = 0; s < S; ++s) z[s] = bias;
                    for (int64_t i = 0; i < count; ++i)
#pragma GCC unroll 8
                        for (int s = 0; s < S; ++s) z[s] += w[i] * inputs[i * S + s];
#pragma GCC unroll 8
                    for (int s = 0; s < S; ++s) finish(o * S + s, z[s]);
                }
            };
            // dz keeps z for now: the loss may want it, and softmax needs them all.
            if (coupled) {
                pre_activations([&](int64_t at, V z) { layer.dz[at] = z; });
                if (fused && l == depth - 1) return;  // the loss computes it on the way
                for (int s = 0; s < S; ++s) softmax<V>({layer.dz + s, S}, {layer.a + s, S}, layer.units);
            } else {
                const V alpha = splat<V>(T(layer.alpha));
                with_activation<V>(layer.activation, [&](auto f) {
                    pre_activations([&](int64_t at, V z) {
                        layer.dz[at] = z;
                        layer.a[at] = f.apply(z, alpha, layer.slope[at]);
                    });
                });
            }
            x = layer.a;
        }
    }

    // The sum over the S samples; leaves dL/da, or dL/dz where both are fused, times `factor`.
    template <int S> V loss_of(T factor) {
        Layer& last = layers[depth - 1];
        V loss{};
        for (int s = 0; s < S; ++s) {
            const Column<V> dz{last.dz + s, S};
            loss += loss_and_gradient<V>(*plan, fused, dz, {last.a + s, S}, {targets + s, S}, dz, last.units);
            for (int64_t o = 0; o < last.units; ++o) dz[o] *= factor;
        }
        return loss;
    }

    template <Optimizer KIND, int S>
    V train_tile(T factor, const int64_t* order, int64_t order_step, int64_t start, bool is_first, bool is_last) {
        load<S>(order, order_step, start);
        forward<S>();
        const V loss = loss_of<S>(factor);
        if (!fused) to_pre_activation<S>(layers[depth - 1]);
        for (int64_t l = depth - 1; l >= 0; --l) {
            if (l > 0) send_back<S>(layers[l], layers[l - 1]);  // before the update, which changes the weights
            layer_gradient<KIND, S>(layers[l], l > 0 ? layers[l - 1].a : inputs, is_first, is_last);
        }
        return loss;
    }

    // dL/dw = sum of dL/dz x over the samples, dL/db that of dL/dz; after the last tile the update.
    template <Optimizer KIND, int S> void layer_gradient(Layer& layer, const V* x, bool is_first, bool is_last) {
        const int64_t units = layer.units, count = layer.inputs;
        const bool update_biases = layer.train_biases && !layer.share_bias;
        const T sign = T(layer.bias_sign);
        const auto finish = [&](int64_t at, V g, bool changes) {
            if (!is_first) g += layer.gradient[at];
            if (is_last && changes) update_one<KIND>(layer, at, g);
            else layer.gradient[at] = g;
        };
        for (int64_t o = 0, row = 0; o < units; ++o, row += count + 1) {
            V dz[S];
#pragma GCC unroll 8
            for (int s = 0; s < S; ++s) dz[s] = layer.dz[o * S + s];
            for (int64_t i = 0; i < count; ++i)
                finish(row + i, sum_of<S>([&](int s, V sum) { return sum + dz[s] * x[i * S + s]; }), true);
            finish(row + count, sign * sum_of<S>([&](int s, V sum) { return sum + dz[s]; }), update_biases);
        }
        if (is_last && layer.train_biases && layer.share_bias) update_shared_bias<KIND>(layer);
    }

    // Two sums side by side, the even and the odd terms: one would wait for itself at each term.
    template <int S, class Add> ALWAYS_INLINE static V sum_of(Add add) {
        V even{}, odd{};
#pragma GCC unroll 8
        for (int s = 0; s < S; s += 2) {
            even = add(s, even);
            if (s + 1 < S) odd = add(s + 1, odd);
        }
        return even + odd;
    }

    template <Optimizer KIND> void update_one(Layer& layer, int64_t at, V gradient) {
        update<KIND>(step, layer.weights[at], gradient, layer.states[0] + at, layer.states[1] + at);
    }

    // One bias behind all units: their gradients add up.
    template <Optimizer KIND> void update_shared_bias(Layer& layer) {
        V sum{};
        for (int64_t o = 0; o < layer.units; ++o) sum += layer.gradient[o * (layer.inputs + 1) + layer.inputs];
        for (int64_t o = 0; o < layer.units; ++o)
            update_one<KIND>(layer, o * (layer.inputs + 1) + layer.inputs, sum);
    }

    // dL/da of the layer before = w^T dL/dz, and its dL/dz from that.
    template <int S> static void send_back(const Layer& layer, Layer& before) {
        const int64_t units = layer.units, count = layer.inputs;
        const bool coupled = before.activation == Activation::softmax;
        for (int64_t i = 0; i < count; ++i) {
            const V* w = layer.weights + i;
            V sum[S] = {};
            for (int64_t o = 0; o < units; ++o, w += count + 1)
#pragma GCC unroll 8
                for (int s = 0; s < S; ++s) sum[s] += *w * layer.dz[o * S + s];
#pragma GCC unroll 8
            for (int s = 0; s < S; ++s)
                before.dz[i * S + s] = coupled ? sum[s] : sum[s] * before.slope[i * S + s];
        }
        if (coupled) to_pre_activation<S>(before);
    }

    // dL/dz from dL/da, in place.
    template <int S> static void to_pre_activation(Layer& layer) {
        if (layer.activation == Activation::softmax) {
            for (int s = 0; s < S; ++s) softmax_backward<V>({layer.a + s, S}, {layer.dz + s, S}, layer.units);
            return;
        }
        for (int64_t at = 0; at < layer.units * S; ++at) layer.dz[at] *= layer.slope[at];
    }
};

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
