#include "count_marks.h"

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace ubp::bench {

void mark(unsigned long what, int64_t entry) {
#if defined(__linux__)
    prctl(int(kMark), what, static_cast<unsigned long>(entry), 0UL, 0UL);
#else
    (void)what, (void)entry;
#endif
}

}  // namespace ubp::bench
