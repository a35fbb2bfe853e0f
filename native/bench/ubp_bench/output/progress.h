// Tells on standard error what the program is doing, one JSON object per line. Lines come from the work itself, never
// from a timer or a thread beside it: a program that hangs is silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ubp::bench {

class Progress {
public:
    /// @param on  false: says nothing
    explicit Progress(bool on) : on_(on) {}

    /// A group of entries begins.
    void begin(const std::string& layer, int64_t group, int64_t groups, int64_t entries);

    /// The plain loop of an entry has done `done` of `of` multiply-adds.
    void plain_loop(int64_t entry, int64_t done, int64_t of);

    /// An entry is about to run for the first time.
    /// @param at_most_ns  how long that can take; null where nothing is known
    void first_run(int64_t entry, std::optional<int64_t> at_most_ns);

    /// An entry has done `runs` runs that don't count, the last one in `last_ns`.
    void warm_up(int64_t entry, int64_t runs, int64_t last_ns);

    /// Entries have taken `rounds` turns of about `of`; `medians_ns` is only called where a line is due.
    template <typename Medians>
    void turns(int64_t rounds, int64_t of, int64_t last_ns, Medians medians_ns) {
        note_silence(last_ns);
        if (is_due(false)) write_turns(rounds, of, medians_ns());
    }

    /// The last turn is done.
    void end_turns(int64_t rounds, const std::vector<double>& medians_ns) { write_turns(rounds, rounds, medians_ns); }

    /// An entry is about to run once more, to be counted.
    void count(int64_t entry);

private:
    bool is_due(bool always);
    void note_silence(int64_t ns) { silence_ns_ = silence_ns_ < ns ? ns : silence_ns_; }
    void write(const std::string& fields, std::optional<int64_t> silence_ns);
    void write_turns(int64_t rounds, int64_t of, const std::vector<double>& medians_ns);

    bool on_;
    int64_t last_line_ns_ = 0;
    int64_t silence_ns_ = 0;  ///< longest single run of this group so far
};

}  // namespace ubp::bench
