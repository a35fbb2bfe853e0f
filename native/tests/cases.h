// The main program of a test: named cases, listed, run one by one or all, with the seed of their random numbers:
//
//   PROGRAM --list          the names
//   PROGRAM --case NAME     one case; without it, all
//   PROGRAM --seed N        another seed (printed with every failure)
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace ubp {

inline uint32_t seed = 20240719;
inline int failures = 0;

inline void fail(const std::string& setting, const std::string& what) {
    std::printf("FAILED %s seed=%u: %s\n", setting.c_str(), seed, what.c_str());
    ++failures;
}

struct Case {
    std::string name;
    std::function<void()> run;
};

inline int run_cases(const std::vector<Case>& cases, const char* wanted) {
    int found = 0;
    for (const Case& one : cases) {
        if (wanted && one.name != wanted) continue;
        const int before = failures;
        one.run();
        std::printf("%s %s\n", failures == before ? "ok" : "FAILED", one.name.c_str());
        ++found;
    }
    if (found == 0) std::printf("no such case: %s\n", wanted);
    return failures == 0 && found > 0 ? 0 : 1;
}

inline int run_program(const std::vector<Case>& cases, int count, char** words) {
    const char* wanted = nullptr;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(words[i], "--list") == 0) {
            for (const Case& one : cases) std::printf("%s\n", one.name.c_str());
            return 0;
        }
        if (i + 1 < count && std::strcmp(words[i], "--case") == 0) wanted = words[++i];
        else if (i + 1 < count && std::strcmp(words[i], "--seed") == 0)
            seed = uint32_t(std::strtoul(words[++i], nullptr, 10));
        else return std::printf("unknown option: %s\n", words[i]), 2;
    }
    return run_cases(cases, wanted);
}

}  // namespace ubp
