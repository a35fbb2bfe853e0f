// A 3x3 convolution of stride 1 by Winograd's algorithm: tiles of inputs are transformed, multiplied element by element
// (each element a dense walk over all channels), and transformed back. Owns the transformed weights.
#pragma once

#include <memory>
#include <vector>

#include "kernels/winograd/winograd.h"
#include "operator/activation.h"
#include "operator/aligned_buffer.h"
#include "operator/tile_plan.h"
#include "operator/winograd/winograd_plan.h"
#include "operator/winograd/winograd_weights.h"
#include "ubp/convolution.h"

namespace ubp {

// Of any types.
class Winograd {
public:
    virtual ~Winograd() = default;

    // As Convolution::run. The result does not depend on the number of threads.
    virtual void run(const void* x, void* y, ThreadPool& pool, const void* residual) = 0;

    // The workspace is that of all threads together.
    virtual void use_workspace(void* workspace) = 0;
    virtual size_t workspace_bytes() const = 0;
    virtual size_t prepared_bytes() const = 0;
    virtual size_t weight_bytes() const = 0;
};

// T: type of inputs and outputs; A: what is multiplied and summed.
template <class T, class A>
class TypedWinograd : public Winograd {
public:
    // `plan` is one that plan_winograd has made for this layer, with a side.
    TypedWinograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options,
                  const WinogradPlan& plan);

    void run(const void* x, void* y, ThreadPool& pool, const void* residual) override;
    void use_workspace(void* workspace) override { workspace_ = static_cast<A*>(workspace); }
    size_t workspace_bytes() const override {
        return sizeof(A) * (shared_elements_ + options_.threads * thread_elements_);
    }
    size_t prepared_bytes() const override { return weights_.bytes() + sizeof(A) * (bias_.size() + no_bias_.size()); }
    size_t weight_bytes() const override {
        return sizeof(A) * size_t(elements_) * groups_ * size_t(channels_) * dense_rows;
    }

private:
    // Some rows of tiles, and the lists by which the kernels find them.
    struct Batch {
        int64_t first = 0, rows = 0;  // of tiles, counted through all images
        const std::vector<Tile>* walks = nullptr;
        int64_t row_elements = 0;  // of all panels together, per channel or output row
        std::vector<TileGroup<A>> groups;
        std::vector<RowCopy> inputs, outputs;
    };
    struct Call {
        const T* x;
        T* y;
        const T* residual;
        ThreadPool& pool;
    };

    void set_batch(int64_t first, int64_t rows);
    void add_groups(const Tile& walk, int64_t before);
    void add_rows(int64_t row);
    void transform_inputs(const Call& call);
    void multiply(const Call& call);
    void add_part(const TileKernel<A>& kernel, int64_t first, const A* weights, const A* panel, A* out,
                  unsigned thread) const;
    void transform_outputs(const Call& call);
    void apply_curve(T* y, int64_t rows) const;
    A* thread_space(unsigned thread) const { return workspace_ + shared_elements_ + thread * thread_elements_; }
    A* products() const { return workspace_ + panel_elements_; }

    const Geometry geometry_;
    const ConvolutionOptions options_;
    const WinogradPlan plan_;
    const WinogradTile<T, A> kernels_;
    const int64_t rows_, channels_, part_, elements_;  // part: channels that are summed on their own
    const size_t groups_;                              // of 8 rows
    Activation activation_;
    Clamp clamp_;
    PassFunction<T> curve_ = nullptr;
    WinogradWeights<A> weights_;
    AlignedArray<A> bias_, no_bias_;        // [R]; zeros, as a walk reads them
    std::vector<Tile> walks_, last_walks_;  // of a whole batch, of the last one
    Batch batch_;
    int64_t padded_stride_ = 0, strip_stride_ = 0;
    int64_t panel_stride_ = 0, product_stride_ = 0;  // between elements
    size_t panel_elements_ = 0, shared_elements_ = 0, padded_elements_ = 0, thread_elements_ = 0;
    AlignedArray<A> owned_;
    A* workspace_ = nullptr;
};

}  // namespace ubp
