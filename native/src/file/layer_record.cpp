#include "file/layer_record.h"

#include <cmath>

#include "file/refuse.h"

namespace ubp::file {
namespace {

/// Remembers the layer, so that a rule is one line. Each method returns whether the rule holds.
class Checker {
public:
    Checker(uint32_t layer, FileError& error) : layer_(layer), error_(error) {}

    bool that(bool condition, const char* label, uint32_t value, const char* reason) const {
        return condition || refuse(error_, "layers[%u].%s: %u %s", layer_, label, value, reason);
    }
    bool plain(uint32_t value, uint32_t wanted, const char* label) const {
        return value == wanted ||
               refuse(error_, "layers[%u].%s: is not %u, as a linear layer has it", layer_, label, wanted);
    }
    bool range(uint32_t value, uint32_t least, uint32_t most, const char* label) const {
        return (value >= least && value <= most) ||
               refuse(error_, "layers[%u].%s: %u is outside %u..%u", layer_, label, value, least, most);
    }
    bool share(double value, const char* label) const {
        return (std::isfinite(value) && value >= 0.0 && value <= 1.0) ||
               refuse(error_, "layers[%u].%s: is outside 0..1", layer_, label);
    }

private:
    uint32_t layer_;
    FileError& error_;
};

bool is_block_size(uint32_t size) { return size <= 16 && (size & (size - 1)) == 0; }  // 0 is a dense layer

bool check_matrix(const LayerRecord& r, const Checker& check) {
    return check.that(r.dtype < kDtypeCount, "dtype", r.dtype, "is no type that this reader knows") &&
           check.that((r.flags & ~kFlagAligned) == 0, "flags", r.flags, "has a bit that this version does not know") &&
           check.that(r.rank == 2 || r.rank == 4, "rank", r.rank, "is neither 2 nor 4") &&
           check.range(r.rows, 1, kMaxRows, "rows") && check.range(r.columns, 1, kMaxColumns, "columns") &&
           check.that(is_block_size(r.block_size), "block_size", r.block_size, "is none of 0, 1, 2, 4, 8, 16") &&
           check.that(r.block_size > 0 || r.block_count == 0, "block_count", r.block_count,
                      "is not 0 in a dense layer");
}

bool check_geometry(const LayerRecord& r, const Checker& check) {
    if (!check.range(r.in_channels, 1, kMaxColumns, "in_channels") ||
        !check.range(r.kernel_h, 1, kMaxColumns, "kernel_h") || !check.range(r.kernel_w, 1, kMaxColumns, "kernel_w"))
        return false;
    const uint64_t columns = uint64_t{r.in_channels} * r.kernel_h * r.kernel_w;  // at most 2^48
    return check.that(columns == r.columns, "in_channels", r.in_channels, "times the kernel's taps is not columns") &&
           check.range(r.stride_h, 1, kMaxStep, "stride_h") && check.range(r.stride_w, 1, kMaxStep, "stride_w") &&
           check.range(r.pad_h, 0, kMaxStep, "pad_h") && check.range(r.pad_w, 0, kMaxStep, "pad_w") &&
           check.range(r.dilation_h, 1, kMaxStep, "dilation_h") &&
           check.range(r.dilation_w, 1, kMaxStep, "dilation_w") &&
           check.that(r.activation < kActivationCount, "activation", r.activation, "is no activation of this version");
}

bool check_linear(const LayerRecord& r, const Checker& check) {
    return r.rank == 4 || (check.plain(r.kernel_h, 1, "kernel_h") && check.plain(r.kernel_w, 1, "kernel_w") &&
                           check.plain(r.stride_h, 1, "stride_h") && check.plain(r.stride_w, 1, "stride_w") &&
                           check.plain(r.pad_h, 0, "pad_h") && check.plain(r.pad_w, 0, "pad_w") &&
                           check.plain(r.dilation_h, 1, "dilation_h") && check.plain(r.dilation_w, 1, "dilation_w") &&
                           check.plain(r.extra_h, 0, "extra_h") && check.plain(r.extra_w, 0, "extra_w"));
}

bool check_groups(const LayerRecord& r, const Checker& check) {
    const bool plain = r.rank == 4 && r.block_size == 0;
    return check.range(r.groups, 1, kMaxColumns, "groups") &&
           check.that(r.groups == 1 || plain, "groups", r.groups, "is not 1 in a sparse or linear layer") &&
           check.that(r.rows % r.groups == 0, "groups", r.groups, "is no divisor of rows") &&
           check.that(uint64_t{r.groups} * r.in_channels <= kMaxColumns, "groups", r.groups,
                      "times in_channels is more than 65536");
}

bool check_form(const LayerRecord& r, const Checker& check) {
    const uint32_t most = DType(r.dtype) == DType::fp16 ? 1 : 0;
    const bool grouped = r.block_columns == kGroupedColumns && DType(r.dtype) == DType::int8 && r.block_size > 0;
    if (!check.that(r.accumulate <= most, "accumulate", r.accumulate, "is no way to sum the products of this type") ||
        !check.that(r.block_columns == 1 || grouped, "block_columns", r.block_columns,
                    "is no number of columns of this layer's blocks") ||
        !check.that(r.block_form == 0, "block_form", r.block_form, "is not 0"))
        return false;
    static const char* const labels[] = {"reserved0", "reserved1", "reserved2", "reserved3", "reserved4"};
    for (int i = 0; i < 5; ++i)
        if (!check.that(r.reserved[i] == 0, labels[i], r.reserved[i], "is not 0")) return false;
    return true;
}

}  // namespace

bool check_record(const LayerRecord& r, uint32_t layer, FileError& error) {
    const Checker check(layer, error);
    return check_matrix(r, check) && check_geometry(r, check) && check_linear(r, check) &&
           check.share(r.sparsity, "sparsity") && check.share(r.retained, "retained") && check_groups(r, check) &&
           check.range(r.image_h, 0, kMaxStep, "image_h") && check.range(r.image_w, 0, kMaxStep, "image_w") &&
           check.that((r.image_h == 0) == (r.image_w == 0), "image_w", r.image_w,
                      "and image_h must both be 0, or neither") &&
           check_form(r, check);
}

}  // namespace ubp::file
