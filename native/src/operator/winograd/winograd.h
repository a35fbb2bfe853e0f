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
#include "ubp/convolution.h"

namespace ubp {

class Winograd {
public:
    // `plan` is one that plan_winograd has made for this layer, with a side.
    Winograd(const LayerView& layer, const Geometry& geometry, const ConvolutionOptions& options,
             const WinogradPlan& plan);

    // As Convolution::run. The result does not depend on the number of threads.
    void run(const float* x, float* y, ThreadPool& pool, const float* residual);

    // Floats of workspace that all threads need together.
    size_t workspace_floats() const { return shared_floats_ + options_.threads * thread_floats_; }
    void use_workspace(float* workspace) { workspace_ = workspace; }
    size_t prepared_bytes() const { return sizeof(float) * (weights_.size() + bias_.size() + no_bias_.size()); }
    int64_t weight_bytes() const {
        return int64_t(sizeof(float)) * elements_ * int64_t(groups_) * channels_ * dense_rows;
    }
    const WinogradPlan& plan() const { return plan_; }
    int64_t tile_count() const { return geometry_.batch * plan_.tiles_h * plan_.tiles_w; }

private:
    // Some rows of tiles, and the lists by which the kernels find them.
    struct Batch {
        int64_t first = 0, rows = 0;  // of tiles, counted through all images
        const std::vector<Tile>* walks = nullptr;
        int64_t row_floats = 0;  // of all panels together, per channel or output row
        std::vector<TileGroup> groups;
        std::vector<RowCopy> inputs, outputs;
    };
    struct Call {
        const float* x;
        float* y;
        const float* residual;
        ThreadPool& pool;
    };

    void set_batch(int64_t first, int64_t rows);
    void add_groups(const Tile& walk, int64_t before);
    void add_rows(int64_t row);
    void transform_inputs(const Call& call);
    void multiply(const Call& call);
    void transform_outputs(const Call& call);
    void apply_curve(float* y, int64_t rows) const;
    float* thread_space(unsigned thread) const { return workspace_ + shared_floats_ + thread * thread_floats_; }
    float* products() const { return workspace_ + panel_floats_; }

    const Geometry geometry_;
    const ConvolutionOptions options_;
    const WinogradPlan plan_;
    const WinogradTile kernels_;
    const int64_t rows_, channels_, elements_;
    const size_t groups_;  // of 8 rows
    Activation activation_;
    Clamp clamp_;
    PassFunction<float> curve_ = nullptr;
    AlignedBuffer weights_, bias_, no_bias_;  // bias: each four times
    std::vector<Tile> walks_, last_walks_;    // of a whole batch, of the last one
    Batch batch_;
    int64_t padded_stride_ = 0, strip_stride_ = 0;
    int64_t panel_stride_ = 0, product_stride_ = 0;  // floats between elements
    size_t panel_floats_ = 0, shared_floats_ = 0, padded_floats_ = 0, thread_floats_ = 0;
    AlignedBuffer owned_;
    float* workspace_ = nullptr;
};

}  // namespace ubp
