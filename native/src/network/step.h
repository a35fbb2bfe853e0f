// One node of a network, prepared: an operator with the places of its tensors.
#pragma once

#include <memory>
#include <string>

#include "ubp/network.h"

namespace ubp {

class Step {
public:
    virtual ~Step() = default;
    virtual void run(ThreadPool& pool) const = 0;
    // Of all threads; steps run one after another and share one workspace.
    virtual size_t workspace_floats() const { return 0; }
    virtual void use_workspace(float*) {}
    // Kept beside the file.
    virtual size_t prepared_bytes() const { return 0; }
};

// What steps are made from.
struct StepMaker {
    const Graph& graph;
    const std::vector<FileLayer>& layers;
    const NetworkOptions& options;
    char* arena;

    float* place(const GraphTensor& tensor) const { return reinterpret_cast<float*>(arena + tensor.offset); }
    float* operand(const GraphNode& node, uint32_t number) const { return place(graph.operand(node, number)); }

    // The step of node `index`, and its facts. Returns null and one line in `error` where an operator refuses.
    std::unique_ptr<Step> make(size_t index, NetworkStep& facts, std::string& error) const;

private:
    std::unique_ptr<Step> make_layer(size_t index, NetworkStep& facts, std::string& error) const;
    std::unique_ptr<Step> make_other(size_t index) const;
};

}  // namespace ubp
