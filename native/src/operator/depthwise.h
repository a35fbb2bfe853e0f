// Depthwise convolution (one input channel per output channel) of any kernel, stride, padding and dilation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/planar/planar.h"
#include "operator/activation.h"
#include "operator/aligned_buffer.h"
#include "packing/geometry.h"
#include "ubp/thread_pool.h"

namespace ubp {

// T: float or Half.
template <class T>
class Depthwise {
public:
    // layer.in_channels == 1, so columns are the kernel's taps; rows are a multiple of the groups. The layer's arrays
    // must outlive the operator; weights of another type than T are copied. Returns null and one line in `error` where
    // something does not fit.
    static std::unique_ptr<Depthwise> create(const LayerView& layer, int64_t batch, int64_t height, int64_t width,
                                             unsigned threads, bool residual, std::string& error);

    // x [batch][C][height][width] to y [batch][R][out_h][out_w]; they must not overlap. residual: where it was asked
    // for, an array like y that is added before the activation; may be y itself.
    void run(const T* x, T* y, ThreadPool& pool, const T* residual = nullptr) const;

    // Elements of workspace that all threads need together; several operators may share one.
    size_t workspace_elements() const { return threads_ * (row_elements_ + plane_elements_); }
    void use_workspace(T* workspace) { workspace_ = workspace; }
    size_t prepared_bytes() const { return owned_.size() * sizeof(T); }
    const Geometry& geometry() const { return geometry_; }

private:
    Depthwise() = default;
    bool choose_tuned();
    void plan_taps();
    void take_weights();
    void plan_strips();
    int64_t safe_end(int64_t plane, int64_t last) const;
    void run_planes(const T* x, T* y, int64_t first, int64_t last, T* space) const;
    void run_rows(const T* plane, T* out, const T* residual, int64_t row, int64_t begin, int64_t end, T* space) const;
    void run_tuned(const T* plane, T* out, const T* weights, float bias, int64_t begin, int64_t end, T* space) const;
    void run_taps(const T* plane, T* out, const T* weights, float bias, int64_t begin, int64_t end, T* space) const;
    void pad_rows(const T* plane, int64_t first, int64_t count, T* to) const;

    LayerView layer_;
    Geometry geometry_;
    unsigned threads_ = 1;
    Activation activation_ = Activation::none;
    Clamp clamp_;  // of the kernels
    PassFunction<T> curve_ = nullptr;
    AlignedArray<T> owned_;                                              // weights of another type
    const T* weights_ = nullptr;                                         // [R][taps]
    const DepthwiseFunction<T> (*strips_)[depthwise_vectors] = nullptr;  // [rows - 1][vectors - 1]; null: by taps
    int vectors_ = 1;
    struct Strip {
        DepthwiseFunction<T> run = nullptr;
        int32_t to = 0;                     // offset of the first output row
        int32_t inputs = 0, from[11] = {};  // input rows: offsets in the plane; negative: zeros
    };
    std::vector<Strip> plane_strips_;  // of a whole plane, where planes can be run one after another
    int64_t rows_per_item_ = 0, items_per_plane_ = 1;
    std::vector<int32_t> offsets_;                  // of the taps, in padded rows
    int64_t phase_ = 0;                             // elements of one phase of a padded row
    size_t row_elements_ = 0, plane_elements_ = 0;  // workspace of a thread: rows; a plane that waits for its residual
    T* workspace_ = nullptr;
};

}  // namespace ubp
