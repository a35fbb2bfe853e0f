// A step that is one call.
#pragma once

#include <memory>

#include "network/step.h"

namespace ubp {

template <class Run>
class CallStep : public Step {
public:
    explicit CallStep(Run run) : run_(std::move(run)) {}
    void run(ThreadPool& pool) const override { run_(pool); }

private:
    Run run_;
};

template <class Run>
std::unique_ptr<Step> make_call(Run run) {
    return std::make_unique<CallStep<Run>>(std::move(run));
}

}  // namespace ubp
