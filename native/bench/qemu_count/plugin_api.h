// The part of QEMU's plugin interface that we use, declared here because qemu-user ships no header. These functions are
// the same in versions 1 (tried: QEMU 7.2) and 2 (QEMU 9) of the interface, but for one that says so.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

using qemu_plugin_id_t = uint64_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;

/// How much of the processor's state a callback reads or changes.
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_CB_RW_REGS };

using TranslationCallback = void (*)(qemu_plugin_id_t id, qemu_plugin_tb* block);
using ExitCallback = void (*)(qemu_plugin_id_t id, void* data);
using ExecutionCallback = void (*)(unsigned int vcpu, void* data);
using SyscallCallback = void (*)(qemu_plugin_id_t id, unsigned int vcpu, int64_t number, uint64_t a1, uint64_t a2,
                                 uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, TranslationCallback callback);
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb* block, ExecutionCallback callback, qemu_plugin_cb_flags flags,
                                          void* data);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id, SyscallCallback callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, ExitCallback callback, void* data);
size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb* block);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, size_t index);
/// Before QEMU 9.1 it takes only the instruction, and returns an address; the other arguments then do nothing.
uintptr_t qemu_plugin_insn_data(const qemu_plugin_insn* instruction, void* copy, size_t size);

/// Only there from version 2 on: tells the versions apart.
[[gnu::weak]] void* qemu_plugin_scoreboard_new(size_t size);

}  // extern "C"

/// QEMU reads a plugin's version after loading it; each QEMU takes only those that it knows.
inline int known_plugin_version() { return qemu_plugin_scoreboard_new ? 2 : 1; }
