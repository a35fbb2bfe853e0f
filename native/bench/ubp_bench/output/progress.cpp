#include "progress.h"

#include <cstdio>

#include "../machine/clock.h"
#include "json.h"

namespace ubp::bench {
namespace {

constexpr int64_t kBetweenLinesNs = 200'000'000;  // rare enough to disturb no measurement

std::string place(const char* step, int64_t entry) {
    return "\"progress\":\"" + std::string(step) + "\",\"entry\":" + std::to_string(entry);
}

std::string share(int64_t done, int64_t of) {
    return ",\"done\":" + std::to_string(done) + ",\"of\":" + std::to_string(of);
}

}  // namespace

bool Progress::is_due(bool always) {
    if (!on_) return false;
    return always || now_ns() - last_line_ns_ >= kBetweenLinesNs;
}

void Progress::write(const std::string& fields, std::optional<int64_t> silence_ns) {
    const std::string silence = silence_ns ? std::to_string(*silence_ns) : "null";
    const std::string line = "{" + fields + ",\"silence_ns\":" + silence + "}\n";
    std::fwrite(line.data(), 1, line.size(), stderr);  // stderr has no buffer
    last_line_ns_ = now_ns();
}

void Progress::begin(const std::string& layer, int64_t group, int64_t groups, int64_t entries) {
    silence_ns_ = 0;
    if (!is_due(true)) return;
    write("\"progress\":\"begin\",\"layer\":" + json_value(layer) + ",\"group\":" + std::to_string(group) +
              ",\"groups\":" + std::to_string(groups) + ",\"entries\":" + std::to_string(entries),
          std::nullopt);
}

void Progress::plain_loop(int64_t entry, int64_t done, int64_t of) {
    const int64_t since = now_ns() - last_line_ns_;
    if (is_due(done == 0))
        write(place("plain loop", entry) + share(done, of), done ? std::optional(since) : std::nullopt);
}

void Progress::first_run(int64_t entry, std::optional<int64_t> at_most_ns) {
    if (is_due(true)) write(place("first run", entry), at_most_ns);
}

void Progress::warm_up(int64_t entry, int64_t runs, int64_t last_ns) {
    note_silence(last_ns);
    if (is_due(runs == 0)) write(place("warm-up", entry) + ",\"done\":" + std::to_string(runs), silence_ns_);
}

void Progress::write_turns(int64_t rounds, int64_t of, const std::vector<double>& medians_ns) {
    if (!on_) return;
    std::string medians;
    for (double median : medians_ns) medians += (medians.empty() ? "" : ",") + json_value(median);
    write("\"progress\":\"turns\"" + share(rounds, of) + ",\"medians_ns\":[" + medians + "]", silence_ns_);
}

void Progress::count(int64_t entry) {
    if (is_due(true)) write(place("count", entry), silence_ns_);
}

}  // namespace ubp::bench
