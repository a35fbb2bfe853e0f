// What every function of the C interface does alike: nothing is thrown out of it, and a failure is a code and one line.
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "ubp/common_c.h"

namespace ubp::c_api {

// The caller's array for the line that says what went wrong; may be null or of size 0.
class ErrorLine {
public:
    ErrorLine(char* text, size_t size) : text_(text), size_(text ? size : 0) {}

    ubp_status fail(ubp_status status, const char* text) const noexcept {
        if (size_ > 0) std::snprintf(text_, size_, "%s", text);
        return status;
    }
    ubp_status bad_argument(const char* text) const noexcept { return fail(UBP_BAD_ARGUMENT, text); }

private:
    char* text_;
    size_t size_;
};

// Calls body(line), which returns a status.
template <class Body>
ubp_status guard(char* error, size_t error_size, const Body& body) noexcept {
    const ErrorLine line(error, error_size);
    try {
        return body(line);
    } catch (const std::bad_alloc&) {
        return line.fail(UBP_NO_MEMORY, "out of memory");
    } catch (const std::system_error& problem) {
        return line.fail(UBP_NO_THREADS, problem.what());
    } catch (const std::exception& problem) {  // a vector longer than any memory
        return line.fail(UBP_NO_MEMORY, problem.what());
    } catch (...) {
        return line.fail(UBP_NO_MEMORY, "unknown error");
    }
}

inline bool has_good_threads(uint32_t threads) { return threads <= UBP_MAX_THREADS; }
inline unsigned threads_of(uint32_t threads) { return threads ? threads : 1; }

// Calls work(threads), and work(1) where memory ran out: what threads need may have been what was left.
template <class Work>
ubp_status with_threads(unsigned threads, const Work& work) {
    try {
        return work(threads);
    } catch (const std::bad_alloc&) {
        if (threads == 1) throw;
    }
    return work(1u);
}

// The lines that several interfaces share.
constexpr char kBadThreads[] = "threads must be 1..64";
constexpr char kBadKernel[] = "kernel must be 0..4";
constexpr char kNoOutput[] = "an output must not be null";
constexpr char kChanged[] =
    "the file has changed since it was opened: open it again, and replace files by rename, never in place";
constexpr char kClosed[] = "the handle is null or has been closed";
constexpr char kTooManyHandles[] = "too many open handles";
static_assert(UBP_MAX_THREADS == 64 && UBP_KERNEL_UBP == 4, "as the lines say");

}  // namespace ubp::c_api
