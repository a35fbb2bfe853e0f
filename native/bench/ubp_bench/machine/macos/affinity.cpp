// macOS has no affinity: it chooses cores by a thread's quality of service.
#if defined(__APPLE__)
#include "../affinity.h"

#include <pthread.h>

namespace ubp::bench {

std::string pin_thread(const std::vector<int>& cpus) {
    return "affinity " + format_cpus(cpus) + ": this system has none";
}

void prefer_fast_cores() { pthread_set_qos_class_self_np(QOS_CLASS_USER_INTERACTIVE, 0); }

std::vector<int> allowed_cpus() { return {}; }

}  // namespace ubp::bench
#endif
