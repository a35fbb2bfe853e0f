// One node of a network, prepared: an operator with the places of its tensors.
#pragma once

#include <memory>
#include <string>

#include "operator/pooling.h"
#include "ubp/network.h"

namespace ubp {

class Step {
public:
    virtual ~Step() = default;
    virtual void run(ThreadPool& pool) const = 0;
    // Of all threads; steps run one after another and share one workspace, on a cache line.
    virtual size_t workspace_bytes() const { return 0; }
    virtual void use_workspace(void*) {}
    // Kept beside the file.
    virtual size_t prepared_bytes() const { return 0; }
};

// The window of a pooling node; and whether it is each plane of the image, as a whole.
PoolWindow window_of(const GraphNode& node);
bool is_mean_of_planes(const PoolWindow& window, const GraphTensor& in);

// What steps are made from.
struct StepMaker {
    const Graph& graph;
    const std::vector<FileLayer>& layers;
    const NetworkOptions& options;
    char* arena;

    void* place(const GraphTensor& tensor) const { return arena + tensor.offset; }
    void* operand(const GraphNode& node, uint32_t number) const { return place(graph.operand(node, number)); }

    // The step of node `index`, and its facts. Returns null and one line in `error` where an operator refuses.
    std::unique_ptr<Step> make(size_t index, NetworkStep& facts, std::string& error) const;

private:
    std::unique_ptr<Step> make_layer(size_t index, NetworkStep& facts, std::string& error) const;
    std::unique_ptr<Step> make_other(size_t index, std::string& error) const;
    template <class T>
    std::unique_ptr<Step> make_typed(size_t index) const;
    std::unique_ptr<Step> make_softmax(size_t index, std::string& error) const;
    std::unique_ptr<Step> make_conversion(size_t index) const;
};

}  // namespace ubp
