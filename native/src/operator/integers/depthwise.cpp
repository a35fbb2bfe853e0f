#include "operator/integers/depthwise.h"

#include <algorithm>

#include "operator/integer_cores.h"
#include "packing/byte_phases.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t behind = 64;               // bytes behind padded rows: kernels read over their end
constexpr int64_t padded_bytes = 24 * 1024;  // at most, of an image's rows that are padded at a time
constexpr int64_t least_rows = 8;            // output rows that are padded together, however long
constexpr int64_t most_taps = 1024;
constexpr int64_t item_outputs = 32 * 1024;  // of small planes: the workspace is filled once for each item

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

const ByteDepthwiseSet& set_of_machine() {
#if defined(__aarch64__)
    if (has_dot_product()) return i8dot_depthwise();
#endif
    return i8_depthwise_widening();
}

std::string check(const IntegerLayer& layer, const Geometry& g) {
    if (layer.block_size != 0) return "a depthwise layer must be dense";
    if (layer.columns != g.taps()) return "columns must be kernel height times kernel width";
    if (g.channels < 1 || layer.rows % g.channels != 0) return "this is no depthwise layer";
    if (layer.columns > most_taps) return "a depthwise kernel of more than 1024 taps";
    if (g.out_h < 1 || g.out_w < 1) return "the image is smaller than the kernel";
    return "";
}

}  // namespace

// Planes, and output rows of each.
struct IntegerDepthwise::Item {
    int64_t first, last, begin, end;
};

// Padded rows; sums of one output row by taps; sums of all rows, where a pass ends them.
struct IntegerDepthwise::Space {
    int8_t* padded;
    int32_t *row_sums, *sums;
};

std::unique_ptr<IntegerDepthwise> IntegerDepthwise::create(const IntegerLayer& layer, const Geometry& geometry,
                                                           const IntegerDepthwiseOptions& options, std::string& error) {
    error = check(layer, geometry);
    if (!error.empty()) return nullptr;
    std::unique_ptr<IntegerDepthwise> made(new IntegerDepthwise());
    made->geometry_ = geometry, made->options_ = options, made->rows_ = layer.rows;
    PreparedIntegers prepared = prepare_integers(layer, options.zero_point, false, options.end.kernel_result());
    made->ending_ = prepared.ending;
    made->limits_ = prepared.limits;
    made->bias_ = std::move(prepared.bias), made->factors_ = std::move(prepared.factors);
    made->reach_ = geometry.dilation_h * (geometry.kernel_h - 1) + 1;
    if (made->choose_tuned()) made->plan_tuned(layer);
    else made->plan_taps(layer);
    made->plan_items();
    made->plan_space();
    return made;
}

// 3x3, 5x5 and 7x7 of stride 1 and 2: kernels of their own.
bool IntegerDepthwise::choose_tuned() {
    const Geometry& g = geometry_;
    const bool tuned = g.kernel_h == g.kernel_w && (g.kernel_w == 3 || g.kernel_w == 5 || g.kernel_w == 7) &&
                       g.stride_h == g.stride_w && g.stride_w <= 2 && g.dilation_h == 1 && g.dilation_w == 1;
    if (!tuned) return false;
    const ByteDepthwiseSet& set = options_.set ? *options_.set : set_of_machine();
    strip_ = set.strips[g.kernel_w / 2 - 1][g.stride_w - 1];
    return true;
}

// Weights in quads of a row's taps.
void IntegerDepthwise::plan_tuned(const IntegerLayer& layer) {
    const Geometry& g = geometry_;
    const int64_t row = quad * tap_quads(int(g.kernel_w));
    row_weights_ = round_up(g.kernel_h * row, 16);
    weights_ = AlignedArray<int8_t>(size_t(rows_ * row_weights_));
    for (int64_t i = 0; i < rows_ * g.kernel_h; ++i) {
        std::copy_n(layer.weights + i * g.kernel_w, g.kernel_w,
                    weights_.data() + i / g.kernel_h * row_weights_ + i % g.kernel_h * row);
    }
    row_bytes_ = round_up(std::max(g.pad_w + g.width, round_up(g.out_w, 4) * g.stride_w + g.kernel_w), 16);
}

// Others: padded rows are split by the phases of the stride, so that every tap is a plain row.
void IntegerDepthwise::plan_taps(const IntegerLayer& layer) {
    const Geometry& g = geometry_;
    row_weights_ = g.taps();
    weights_ = AlignedArray<int8_t>(size_t(rows_ * row_weights_));
    std::copy_n(layer.weights, weights_.size(), weights_.data());
    phase_ = round_up(round_up(g.out_w, 16) + (g.kernel_w - 1) * g.dilation_w / g.stride_w + 1, 16);
    row_bytes_ = g.stride_w * phase_;
    for (int64_t i = 0; i < g.kernel_h; ++i) {
        for (int64_t j = 0; j < g.kernel_w; ++j) {
            const int64_t column = j * g.dilation_w;
            offsets_.push_back(
                int32_t(i * g.dilation_h * row_bytes_ + column % g.stride_w * phase_ + column / g.stride_w));
        }
    }
}

// Small planes are shared out several at a time; large ones by rows, as many as may be padded at a time, or fewer where
// there are few planes for many threads.
void IntegerDepthwise::plan_items() {
    const Geometry& g = geometry_;
    const int64_t planes = g.batch * rows_, threads = options_.threads, wanted = threads > 1 ? 4 * threads : 1;
    const int64_t parts = std::max<int64_t>(1, std::min(g.out_h / 8, (wanted + planes - 1) / planes));
    const int64_t fitting = std::max<int64_t>(least_rows, (padded_bytes / row_bytes_ - reach_) / g.stride_h + 1);
    rows_per_item_ = std::min((g.out_h + parts - 1) / parts, fitting);
    items_per_plane_ = (g.out_h + rows_per_item_ - 1) / rows_per_item_;
    if (items_per_plane_ == 1)
        planes_per_item_ = std::max<int64_t>(1, std::min(planes / (4 * threads), item_outputs / g.out_plane()));
}

void IntegerDepthwise::plan_space() {
    const Geometry& g = geometry_;
    padded_bytes_ = size_t(round_up(((rows_per_item_ - 1) * g.stride_h + reach_) * row_bytes_ + behind, 64));
    if (!strip_) row_sum_bytes_ = size_t(round_up(g.out_w, 16)) * sizeof(int32_t);
    if (ending_ == Ending::sums) sum_bytes_ = size_t(round_up(rows_per_item_ * g.out_w, 16)) * sizeof(int32_t);
    thread_bytes_ = padded_bytes_ + row_sum_bytes_ + sum_bytes_;
}

IntegerDepthwise::Space IntegerDepthwise::space_of(unsigned thread) const {
    char* const begin = workspace_ + thread * thread_bytes_;
    return {reinterpret_cast<int8_t*>(begin), reinterpret_cast<int32_t*>(begin + padded_bytes_),
            reinterpret_cast<int32_t*>(begin + padded_bytes_ + row_sum_bytes_)};
}

void IntegerDepthwise::run(const uint8_t* x, void* y, ThreadPool& pool, const uint8_t* residual) const {
    const Geometry& g = geometry_;
    const int64_t planes = g.batch * rows_;
    const int64_t chunks = (planes + planes_per_item_ - 1) / planes_per_item_;
    for_each_item(pool, options_.threads, chunks * items_per_plane_, [&](int64_t item, unsigned thread) {
        const int64_t begin = item % items_per_plane_ * rows_per_item_;
        const int64_t first = item / items_per_plane_ * planes_per_item_;
        const Item part{first, std::min(planes, first + planes_per_item_), begin,
                        std::min(g.out_h, begin + rows_per_item_)};
        run_item(part, x, static_cast<char*>(y), residual, space_of(thread));
    });
}

void IntegerDepthwise::run_item(const Item& item, const uint8_t* x, char* y, const uint8_t* residual,
                                const Space& space) const {
    const Geometry& g = geometry_;
    const LayerEnd& end = options_.end;
    const bool direct = ending_ == Ending::bounded;
    const int64_t multiplier = rows_ / g.channels, element = int64_t(end.element());
    const int64_t outputs = (item.end - item.begin) * g.out_w;
    int64_t row = item.first % rows_, of_channel = row % multiplier;
    int64_t at = item.first * g.out_plane() + item.begin * g.out_w;  // of the first output
    // What is padded differs between planes only in what is in the image: the rest is filled once for all of them.
    std::fill_n(space.padded, padded_bytes_, int8_t(options_.zero_point - 128));
    CentredRows image = image_rows(item, x, space);
    ByteStrip strip = common_strip();
    for (int64_t plane = item.first; plane < item.last; ++plane, at += g.out_plane()) {
        void* const target = direct ? static_cast<void*>(y + at * element) : space.sums;
        if (strip_) {
            centre_rows(image);
            const int64_t room = (item.last - plane - 1) * g.out_plane() + outputs;
            run_strip(strip, space.padded, row, item.end - item.begin, target, room);
        } else {
            PhaseRows phases;
            phases.from = image.from, phases.width = phases.from_bytes = image.width, phases.rows = image.rows;
            phases.stride = phases.phases = g.stride_w, phases.pad = g.pad_w;
            phases.to = image.to, phases.row_bytes = row_bytes_, phases.phase_bytes = phase_;
            centre_phases(phases);
            run_taps(space, row, item.end - item.begin, target);
        }
        if (direct) {
            end.look_up(reinterpret_cast<uint8_t*>(y) + at, 1, outputs, 0);
        } else {
            SumsEnd sums;
            sums.sums = space.sums, sums.count = outputs, sums.factors = factors_.data() + row;
            end.end_rows(sums, residual ? residual + at : nullptr, y + at * element);
        }
        if (++row == rows_) row = 0;
        if (++of_channel == multiplier) of_channel = 0, image.from += g.plane();
    }
}

// The rows of the first plane that are in the image.
CentredRows IntegerDepthwise::image_rows(const Item& item, const uint8_t* x, const Space& space) const {
    const Geometry& g = geometry_;
    const int64_t first = item.begin * g.stride_h - g.pad_h, begin = std::max<int64_t>(0, first);
    const int64_t end = std::min(g.height, first + (item.end - item.begin - 1) * g.stride_h + reach_);
    const int64_t channel = item.first / rows_ * g.channels + item.first % rows_ * g.channels / rows_;
    CentredRows image;
    image.from = x + channel * g.plane() + begin * g.width;
    image.width = g.width, image.rows = std::max<int64_t>(0, end - begin);
    image.to = space.padded + (begin - first) * row_bytes_ + (strip_ ? g.pad_w : 0);
    image.row_bytes = row_bytes_;
    return image;
}

// What is the same for all planes.
ByteStrip IntegerDepthwise::common_strip() const {
    ByteStrip strip;
    strip.row_bytes = row_bytes_, strip.out_width = geometry_.out_w;
    strip.ending = ending_, strip.limits = &limits_;
    return strip;
}

// rows: of outputs; room: outputs that may be written.
void IntegerDepthwise::run_strip(ByteStrip& strip, const int8_t* padded, int64_t row, int64_t rows, void* out,
                                 int64_t room) const {
    strip.rows = rows, strip.from = padded, strip.out = out, strip.room = room;
    strip.weights = weights_.data() + row * row_weights_;
    strip.bias = bias_.data() + 4 * row, strip.factor = factors_.data()[row];
    strip_(strip);
}

void IntegerDepthwise::run_taps(const Space& space, int64_t row, int64_t count, void* out) const {
    const Geometry& g = geometry_;
    const bool direct = ending_ == Ending::bounded;
    const int32_t magic = direct ? whole_magic : 0;  // of kernels that round by it
    for (int64_t i = 0; i < count; ++i) {
        add_byte_taps({space.padded + i * g.stride_h * row_bytes_, offsets_.data(),
                       weights_.data() + row * row_weights_, g.taps(), g.out_w,
                       int32_t(uint32_t(bias_.data()[4 * row]) - uint32_t(magic)), space.row_sums});
        if (!direct) {
            std::copy_n(space.row_sums, g.out_w, static_cast<int32_t*>(out) + i * g.out_w);
            continue;
        }
        SumsEnd end;
        end.sums = space.row_sums, end.count = g.out_w, end.factors = factors_.data() + row;
        end_sums(end, limits_, static_cast<uint8_t*>(out) + i * g.out_w);
    }
}

}  // namespace ubp
