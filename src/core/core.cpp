#include "core.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

namespace chainrule {
namespace {

// Threads that wait for work by looking: a phase of a batch takes microseconds, and waking a thread as long.
class Threads final : public Team {
  public:
    explicit Threads(int size) {
        try {
            for (; count < size; ++count) threads.emplace_back([this, member = count] { serve(member); });
        } catch (const std::system_error&) {
            // The system gives no more of them: fewer do the same work, to the same bits.
        }
    }

    ~Threads() override {
        work = nullptr;
        round.fetch_add(1, std::memory_order_release);
        for (std::thread& thread : threads) thread.join();
    }

    int size() const override { return count; }

    void run(void (*new_work)(void*, int), void* new_context) override {
        if (count == 1) return new_work(new_context, 0);
        work = new_work;
        context = new_context;
        busy.store(count - 1, std::memory_order_relaxed);
        round.fetch_add(1, std::memory_order_release);
        new_work(new_context, 0);
        wait_until([this] { return busy.load(std::memory_order_acquire) == 0; });
    }

  private:
    template <class Condition> static void wait_until(Condition&& holds) {
        for (int looks = 0; !holds(); ++looks)
            if (looks > 10'000) std::this_thread::yield();  // more threads than processors, or a long wait
    }

    void serve(int member) {
        for (unsigned seen = 0;; ++seen) {
            wait_until([&] { return round.load(std::memory_order_acquire) != seen; });
            if (!work) return;
            work(context, member);
            busy.fetch_sub(1, std::memory_order_release);
        }
    }

    int count = 1;
    void (*work)(void*, int) = nullptr;
    void* context = nullptr;
    std::atomic<unsigned> round{0};
    std::atomic<int> busy{0};
    std::vector<std::thread> threads;
};

class Heap final : public Memory {
  public:
    void* take(int64_t count, int64_t size) override {
        int64_t bytes;
        if (__builtin_mul_overflow(count, size, &bytes) || bytes > INT64_MAX / 2) return nullptr;
        // A pad after each array lets a full vector be read at its end, and keeps arrays of 2^k bytes apart in the cache.
        bytes = (bytes + 63) / 64 * 64 + 64;
        void* taken = std::aligned_alloc(64, std::size_t(bytes));
        if (!taken) return nullptr;
        std::memset(taken, 0, std::size_t(bytes));
        all.push_back(taken);
        return taken;
    }

    ~Heap() override {
        for (void* taken : all) std::free(taken);
    }

  private:
    std::vector<void*> all;
};

}  // namespace

bool has(Instructions instructions) {
    switch (instructions) {
        case Instructions::plain: return true;
#ifdef CHAINRULE_HAS_AVX2
        case Instructions::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef CHAINRULE_HAS_AVX512
        case Instructions::avx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
#endif
        default: return false;
    }
}

Instructions widest() {
    if (has(Instructions::avx512)) return Instructions::avx512;
    return has(Instructions::avx2) ? Instructions::avx2 : Instructions::plain;
}

Outcome fit(const Plan& plan, const Arrays& arrays, bool is_double, Instructions instructions, Observer& observer) {
    Heap memory;
    Threads team(plan.threads);
    switch (instructions) {
#ifdef CHAINRULE_HAS_AVX512
        case Instructions::avx512:
            return is_double ? avx512::fit<double>(plan, arrays, team, memory, observer)
                             : avx512::fit<float>(plan, arrays, team, memory, observer);
#endif
#ifdef CHAINRULE_HAS_AVX2
        case Instructions::avx2:
            return is_double ? avx2::fit<double>(plan, arrays, team, memory, observer)
                             : avx2::fit<float>(plan, arrays, team, memory, observer);
#endif
        default:
            return is_double ? plain::fit<double>(plan, arrays, team, memory, observer)
                             : plain::fit<float>(plan, arrays, team, memory, observer);
    }
}

void evaluate(int function, bool is_double, const void* x, void* value, void* slope, int64_t count, double alpha,
              Instructions instructions) {
    switch (instructions) {
#ifdef CHAINRULE_HAS_AVX512
        case Instructions::avx512: return avx512::evaluate(function, is_double, x, value, slope, count, alpha);
#endif
#ifdef CHAINRULE_HAS_AVX2
        case Instructions::avx2: return avx2::evaluate(function, is_double, x, value, slope, count, alpha);
#endif
        default: return plain::evaluate(function, is_double, x, value, slope, count, alpha);
    }
}

}  // namespace chainrule
