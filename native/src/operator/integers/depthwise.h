// Depthwise convolution of bytes (one input channel per output channel) of any kernel, stride, padding and dilation.
#pragma once

#include <memory>
#include <string>

#include "kernels/integers/planar/planar.h"
#include "operator/integers/layer_end.h"
#include "packing/geometry.h"
#include "ubp/thread_pool.h"

namespace ubp {

struct IntegerDepthwiseOptions {
    unsigned threads = 1;
    int32_t zero_point = 0;  // of x
    LayerEnd end;
    const ByteDepthwiseSet* set = nullptr;  // null: what suits the machine
};

class IntegerDepthwise {
public:
    // layer: dense, [R][taps]; its arrays are copied. Rows are a multiple of the channels. Returns null and one line in
    // `error` where something does not fit.
    static std::unique_ptr<IntegerDepthwise> create(const IntegerLayer& layer, const Geometry& geometry,
                                                    const IntegerDepthwiseOptions& options, std::string& error);

    // x [batch][C][height][width] to y [batch][R][out_h][out_w], bytes or fp32; they must not overlap. residual: where
    // it was asked for, an array like y, of bytes; may be y itself.
    void run(const uint8_t* x, void* y, ThreadPool& pool, const uint8_t* residual = nullptr) const;

    // Of all threads together, on a cache-line boundary; several operators may share it.
    size_t workspace_bytes() const { return options_.threads * thread_bytes_; }
    void use_workspace(void* workspace) { workspace_ = static_cast<char*>(workspace); }
    size_t prepared_bytes() const {
        return weights_.size() + sizeof(int32_t) * bias_.size() + sizeof(float) * factors_.size();
    }

private:
    struct Space;  // of a thread
    struct Item;   // of its work
    IntegerDepthwise() = default;
    bool choose_tuned();
    void plan_tuned(const IntegerLayer& layer);
    void plan_taps(const IntegerLayer& layer);
    void plan_space();
    void plan_items();
    Space space_of(unsigned thread) const;
    void run_item(const Item& item, const uint8_t* x, char* y, const uint8_t* residual, const Space& space) const;
    ByteStrip common_strip() const;
    void run_strip(ByteStrip& strip, const int8_t* padded, int64_t row, int64_t rows, void* out, int64_t room) const;
    void run_taps(const Space& space, int64_t row, int64_t count, void* out) const;
    CentredRows image_rows(const Item& item, const uint8_t* x, const Space& space) const;

    Geometry geometry_;
    IntegerDepthwiseOptions options_;
    int64_t rows_ = 0;
    Ending ending_ = Ending::sums;  // of the kernels
    ByteLimits limits_;
    AlignedArray<int8_t> weights_;  // [R][row_weights_]
    AlignedArray<int32_t> bias_;    // [R][4]
    AlignedArray<float> factors_;   // [R]
    int64_t row_weights_ = 0;
    ByteStripFunction strip_ = nullptr;  // null: by taps
    std::vector<int32_t> offsets_;       // of the taps, in padded rows
    int64_t phase_ = 0;                  // bytes of one phase of a padded row
    int64_t row_bytes_ = 0, reach_ = 1;  // of a padded row; input rows of an output row, with those between
    int64_t planes_per_item_ = 1, rows_per_item_ = 0, items_per_plane_ = 1;
    size_t padded_bytes_ = 0, row_sum_bytes_ = 0, sum_bytes_ = 0, thread_bytes_ = 0;
    char* workspace_ = nullptr;
};

}  // namespace ubp
