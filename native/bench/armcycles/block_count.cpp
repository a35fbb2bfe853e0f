// A plugin for qemu-user that counts how often each block of an ARM64 program is executed, for armcycles.
//
//     qemu-aarch64 -plugin block_count.so,out=FILE PROGRAM
//
// At the end it writes a line for each block to FILE: address (hex), executions, code (hex, a word per instruction).
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "../qemu_count/plugin_api.h"

namespace {

struct Block {
    std::vector<uint32_t> code;
    std::atomic<uint64_t> executions{0};
};

std::mutex lock;
std::map<std::pair<uint64_t, size_t>, std::unique_ptr<Block>> blocks;  // by address and number of instructions
const char* path = "blocks.txt";

void count_execution(unsigned, void* block) {
    static_cast<Block*>(block)->executions.fetch_add(1, std::memory_order_relaxed);
}

/// QEMU before 9.1 returns the address of the instruction; later ones copy it and return its size.
uint32_t word_of(const qemu_plugin_insn* instruction) {
    uint32_t word = 0;
    const uintptr_t answer = qemu_plugin_insn_data(instruction, &word, sizeof word);
    if (answer != sizeof word) std::memcpy(&word, reinterpret_cast<const void*>(answer), sizeof word);
    return word;
}

/// A block may be translated more than once: its executions are counted together.
void see_block(qemu_plugin_id_t, qemu_plugin_tb* translated) {
    std::vector<uint32_t> code(qemu_plugin_tb_n_insns(translated));
    for (size_t i = 0; i < code.size(); ++i) code[i] = word_of(qemu_plugin_tb_get_insn(translated, i));
    const std::lock_guard<std::mutex> guard(lock);
    std::unique_ptr<Block>& block = blocks[{qemu_plugin_tb_vaddr(translated), code.size()}];
    if (!block) {
        block = std::make_unique<Block>();
        block->code = std::move(code);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(translated, count_execution, QEMU_PLUGIN_CB_NO_REGS, block.get());
}

void write_counts(qemu_plugin_id_t, void*) {
    std::FILE* const file = std::fopen(path, "w");
    if (!file) return;  // armcycles finds it empty
    for (const auto& [place, block] : blocks) {
        const uint64_t executions = block->executions.load();
        if (!executions) continue;
        std::fprintf(file, "%" PRIx64 " %" PRIu64 " ", place.first, executions);
        for (const uint32_t word : block->code) std::fprintf(file, "%08" PRIx32, word);
        std::fputc('\n', file);
    }
    std::fclose(file);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] int qemu_plugin_version = 1;

[[gnu::constructor]] static void choose_version() { qemu_plugin_version = known_plugin_version(); }

[[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t*, int count,
                                                       char** arguments) {
    for (int i = 0; i < count; ++i)
        if (!std::strncmp(arguments[i], "out=", 4)) path = strdup(arguments[i] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, see_block);
    qemu_plugin_register_atexit_cb(id, write_counts, nullptr);
    return 0;
}

}  // extern "C"
