// A run from its first epoch to its last. Compiled once for each instruction set; `core.cpp` chooses.

#include "ensemble.hpp"
#include "network.hpp"
#include "sample.hpp"

namespace chainrule::CHAINRULE_INSTRUCTIONS {
namespace {

constexpr int64_t MULTIPLICATIONS_A_POLL = 4'000'000;  // about a millisecond

int64_t multiplications(const Plan& plan) {
    int64_t count = 0;
    for (int64_t l = 0; l < plan.layer_count; ++l) count += 3 * plan.layers[l].units * (plan.layers[l].inputs + 16);
    return count;
}

bool is_reported(const Plan& plan, int64_t epoch) {
    return epoch % plan.report_every == 0 || epoch == plan.epochs - 1;
}

Outcome ended(End end, int64_t epoch) {
    Outcome outcome;
    outcome.end = end;
    outcome.epoch = epoch;
    return outcome;
}

template <class T> Outcome fit_single(const Plan& plan, const Arrays& arrays, Team& team, Memory& memory, Observer& observer) {
    SingleNetwork<T> network(plan, arrays, team.size());
    Outcome outcome;
    if (!network.prepare(memory)) return ended(End::no_memory, 0);
    const int64_t work = multiplications(plan);
    int64_t until_poll = MULTIPLICATIONS_A_POLL;
    for (int64_t epoch = 0; epoch < plan.epochs; ++epoch) {
        outcome.epoch = epoch;
        if (is_reported(plan, epoch)) {
            double loss = 0;
            if (!network.evaluate(&loss, team, observer, outcome)) return outcome;
            if (!observer.report(epoch, &loss)) return ended(End::interrupted, epoch);
        }
        const int64_t* order = observer.order(epoch);
        for (int64_t start = 0; start < plan.samples; start += plan.batch_size) {
            const int64_t left = plan.samples - start, count = left < plan.batch_size ? left : plan.batch_size;
            if (!network.train(order, start, count, team, observer, outcome)) return outcome;
            if ((until_poll -= work * count) > 0) continue;
            until_poll = MULTIPLICATIONS_A_POLL;
            if (!observer.poll()) return ended(End::interrupted, epoch);
        }
        outcome.parameter = network.find_not_finite();
        if (outcome.parameter >= 0) {
            outcome.end = End::parameter_not_finite;
            return outcome;
        }
    }
    network.pack_parameters();
    return outcome;
}

// Sample by sample, one network: a step is a chain of operations that wait for each other.
template <class T> Outcome fit_by_samples(const Plan& plan, const Arrays& arrays, Memory& memory, Observer& observer) {
    SampleBySample<T> network(plan, arrays);
    Outcome outcome;
    if (!network.prepare(memory)) return ended(End::no_memory, 0);
    const int64_t work = multiplications(plan);
    with_optimizer(plan.optimizer.kind, [&](auto kind) {
        int64_t until_poll = MULTIPLICATIONS_A_POLL, next_report = 0;
        for (int64_t epoch = 0; epoch < plan.epochs; ++epoch) {
            outcome.epoch = epoch;
            if (epoch == next_report || epoch == plan.epochs - 1) {  // a division would take as long as a layer
                next_report = epoch + plan.report_every;
                double loss = 0;
                if (!network.evaluate(&loss, &outcome.value)) {
                    outcome.end = End::outside_domain;
                    return;
                }
                if (!observer.report(epoch, &loss)) {
                    outcome.end = End::interrupted;
                    return;
                }
            }
            const int64_t* order = observer.order(epoch);
            for (int64_t n = 0; n < plan.samples; ++n) {
                const T loss = network.template train<decltype(kind)::value>(order ? order[n] : n);
                if (!network.is_inside_domain(&outcome.value)) {
                    outcome.end = End::outside_domain;
                    return;
                }
                if (!__builtin_isfinite(loss)) {
                    outcome.end = End::loss_not_finite;
                    outcome.value = double(loss);
                    return;
                }
                if ((until_poll -= work) > 0) continue;
                until_poll = MULTIPLICATIONS_A_POLL;
                if (!observer.poll()) {
                    outcome.end = End::interrupted;
                    return;
                }
            }
            outcome.parameter = network.find_not_finite();
            if (outcome.parameter >= 0) {
                outcome.end = End::parameter_not_finite;
                return;
            }
        }
    });
    if (outcome.end == End::finished) network.pack_parameters();
    return outcome;
}

// The epochs from one report to the next, of all blocks: each member of the team has its share of them.
template <class V> struct Segment {
    const Plan& plan;
    Block<V>* blocks;
    int64_t block_count;
    int members;
    Observer& observer;
    double* losses;
    int64_t first_epoch, last_epoch;
    const int64_t* order;
    int64_t order_step;
    int stopped;

    static void evaluate(void* context, int member) {
        Segment& segment = *static_cast<Segment*>(context);
        segment.for_share(member, [&](Block<V>& block) { block.evaluate(segment.losses); });
    }

    static void train(void* context, int member) {
        Segment& segment = *static_cast<Segment*>(context);
        const Plan& plan = segment.plan;
        const int64_t work = multiplications(plan) * lanes<V>;
        int64_t until_poll = MULTIPLICATIONS_A_POLL;
        with_optimizer(plan.optimizer.kind, [&](auto kind) {
            segment.for_share(member, [&](Block<V>& block) {
                for (int64_t epoch = segment.first_epoch; epoch < segment.last_epoch; ++epoch)
                    for (int64_t start = 0; start < plan.samples; start += plan.batch_size) {
                        const int64_t left = plan.samples - start;
                        const int64_t count = left < plan.batch_size ? left : plan.batch_size;
                        block.template train<decltype(kind)::value>(segment.order, segment.order_step, start, count);
                        if (__atomic_load_n(&segment.stopped, __ATOMIC_RELAXED)) return;
                        if (member != 0 || (until_poll -= work * count) > 0) continue;
                        until_poll = MULTIPLICATIONS_A_POLL;
                        if (!segment.observer.poll()) __atomic_store_n(&segment.stopped, 1, __ATOMIC_RELAXED);
                    }
            });
        });
    }

    template <class Use> void for_share(int member, Use&& use) {
        const int64_t end = block_count * (member + 1) / members;
        for (int64_t b = block_count * member / members; b < end; ++b) use(blocks[b]);
    }
};

// An ensemble: no network stops for another's sake, so what diverges stays in as inf and NaN.
template <class T> Outcome fit_many(const Plan& plan, const Arrays& arrays, Team& team, Memory& memory, Observer& observer) {
    using V = Wide<T>;
    const int64_t block_count = (plan.networks + lanes<V> - 1) / lanes<V>;
    auto* blocks = static_cast<Block<V>*>(memory.take(block_count, sizeof(Block<V>)));
    auto* losses = static_cast<double*>(memory.take(plan.networks, sizeof(double)));
    if (!blocks || !losses) return ended(End::no_memory, 0);
    for (int64_t b = 0; b < block_count; ++b)
        if (!blocks[b].prepare(plan, arrays, b * lanes<V>, memory)) return ended(End::no_memory, 0);
    Segment<V> segment{plan, blocks, block_count, team.size(), observer, losses, 0, 0, nullptr, 0, 0};
    for (int64_t epoch = 0; epoch < plan.epochs; epoch = segment.last_epoch) {
        if (is_reported(plan, epoch)) {
            team.run(Segment<V>::evaluate, &segment);
            if (!observer.report(epoch, losses)) return ended(End::interrupted, epoch);
        }
        segment.order = observer.order(epoch);
        segment.order_step = observer.orders_differ() ? plan.samples : 0;
        segment.first_epoch = epoch;
        segment.last_epoch = epoch + 1;
        // In order, a block may stay in the cache up to the next report.
        while (!segment.order && segment.last_epoch < plan.epochs && !is_reported(plan, segment.last_epoch))
            ++segment.last_epoch;
        team.run(Segment<V>::train, &segment);
        if (segment.stopped) return ended(End::interrupted, epoch);
    }
    for (int64_t b = 0; b < block_count; ++b) blocks[b].pack_parameters();
    return ended(End::finished, plan.epochs - 1);
}

template <class T>
void evaluate_in_lanes(int function, const T* x, T* value, T* slope, int64_t count, double alpha) {
    using V = Wide<T>;
    for (int64_t start = 0; start < count; start += lanes<V>) {
        V z{}, a{}, s{};
        const int64_t used = count - start < lanes<V> ? count - start : lanes<V>;
        for (int64_t lane = 0; lane < used; ++lane) z[lane] = x[start + lane];
        if (function < 0) a = s = logarithm(z);
        else with_activation<V>(Activation(function), [&](auto f) { a = f.apply(z, splat<V>(T(alpha)), s); });
        for (int64_t lane = 0; lane < used; ++lane) {
            value[start + lane] = a[lane];
            slope[start + lane] = s[lane];
        }
    }
}

}  // namespace

// A network this small gains more from short loops than from samples side by side.
constexpr int64_t SMALL = 400;

template <class T> Outcome fit(const Plan& plan, const Arrays& arrays, Team& team, Memory& memory, Observer& observer) {
    if (plan.networks > 1) return fit_many<T>(plan, arrays, team, memory, observer);
    int64_t parameters = 0;
    for (int64_t l = 0; l < plan.layer_count; ++l) parameters += plan.layers[l].units * (plan.layers[l].inputs + 1);
    const bool one_by_one = plan.batch_size == 1 || plan.samples == 1;
    if (one_by_one && parameters <= SMALL) return fit_by_samples<T>(plan, arrays, memory, observer);
    return fit_single<T>(plan, arrays, team, memory, observer);
}

template Outcome fit<float>(const Plan&, const Arrays&, Team&, Memory&, Observer&);
template Outcome fit<double>(const Plan&, const Arrays&, Team&, Memory&, Observer&);

void evaluate(int function, bool is_double, const void* x, void* value, void* slope, int64_t count, double alpha) {
    if (is_double)
        evaluate_in_lanes(function, static_cast<const double*>(x), static_cast<double*>(value),
                          static_cast<double*>(slope), count, alpha);
    else
        evaluate_in_lanes(function, static_cast<const float*>(x), static_cast<float*>(value),
                          static_cast<float*>(slope), count, alpha);
}

}  // namespace chainrule::CHAINRULE_INSTRUCTIONS
