// What a run of a network holds, counted by operator new itself:
//
//   network_memory FILE wide|inorder|best RUNS
//
// Prints one JSON object: what the network says of its memory, the most bytes that were held at once from the opening
// of the file to the end of the last run, how often the runs asked for memory, and by how much the system's own count
// of the process's anonymous pages grew (0 where it has none; under an emulator it counts the emulator).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "file/file_map.h"
#include "ubp/network.h"

namespace {

constexpr size_t kLine = 64;  // in front of every allocation: its size
size_t held = 0, most_held = 0, allocations = 0;

void* allocate(size_t size) {
    auto* memory = static_cast<char*>(std::aligned_alloc(kLine, (size + 2 * kLine - 1) / kLine * kLine));
    if (!memory) throw std::bad_alloc();
    std::memcpy(memory, &size, sizeof size);
    ++allocations;
    most_held = std::max(most_held, held += size);
    return memory + kLine;
}

void release(void* given) {
    if (!given) return;
    char* const memory = static_cast<char*>(given) - kLine;
    size_t size;
    std::memcpy(&size, memory, sizeof size);
    held -= size;
    std::free(memory);
}

}  // namespace

// Nothing in the runtime asks for more than a cache line's alignment.
void* operator new(size_t size) { return allocate(size); }
void* operator new[](size_t size) { return allocate(size); }
void* operator new(size_t size, std::align_val_t) { return allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }

namespace ubp {
namespace {

[[noreturn]] void fail(const std::string& text) {
    std::fprintf(stderr, "network_memory: %s\n", text.c_str());
    std::exit(1);
}

Core core_of(const char* name) {
    if (std::strcmp(name, "wide") == 0) return Core::wide;
    if (std::strcmp(name, "inorder") == 0) return Core::inorder;
    if (std::strcmp(name, "best") == 0) return Core::best;
    fail(std::string("unknown variant: ") + name);
}

// Bytes that Linux counts as the process's own, without mapped files.
long long anonymous_bytes() {
    std::FILE* status = std::fopen("/proc/self/status", "r");
    long long kilobytes = 0;
    char line[256];
    while (status && std::fgets(line, sizeof line, status)) {
        if (std::sscanf(line, "RssAnon: %lld", &kilobytes) == 1) break;
    }
    if (status) std::fclose(status);
    return 1024 * kilobytes;
}

int report(const char* path, Core core, int runs) {
    const long long anonymous_before = anonymous_bytes();
    const size_t held_before = most_held = held;
    file::FileMap map;
    PackedFile packed;
    FileError refusal;
    std::string error;
    if (!map.open(path, error)) fail(error);
    if (!packed.open(map.data(), map.size(), refusal)) fail(refusal.text);
    NetworkOptions options;
    options.core = core;
    const auto network = Network::create(packed, options, error);
    if (!network) fail(error);
    ThreadPool pool(1);
    const size_t allocations_before = allocations;
    for (int run = 0; run < runs; ++run) {
        for (size_t i = 0; i < network->input_count(); ++i)
            std::memset(network->input(i), 0x38, size_t(network->input_tensor(i).bytes()));  // small numbers
        network->run(pool);
    }
    const size_t allocations_in_runs = allocations - allocations_before;
    const long long anonymous_growth = anonymous_bytes() - anonymous_before;
    const NetworkInfo info = network->info();
    std::printf(
        "{\"variant\": \"%s\", \"file\": %zu, \"arena\": %lld, \"workspace\": %lld, \"prepared\": %lld, "
        "\"most_held\": %zu, \"allocations_in_runs\": %zu, \"anonymous_growth\": %lld}\n",
        info.core_name, map.size(), (long long)info.arena_bytes, (long long)info.workspace_bytes,
        (long long)info.prepared_bytes, most_held - held_before, allocations_in_runs, anonymous_growth);
    return 0;
}

}  // namespace
}  // namespace ubp

int main(int count, char** words) {
    if (count != 4) ubp::fail("usage: network_memory FILE wide|inorder|best RUNS");
    return ubp::report(words[1], ubp::core_of(words[2]), std::atoi(words[3]));
}
