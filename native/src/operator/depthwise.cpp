#include "operator/depthwise.h"

#include <algorithm>

#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {
namespace {

constexpr int64_t before = 32, behind = 64;  // elements around a row in the workspace: kernels read over its ends
constexpr int64_t padded_elements =
    16 * 1024;  // at most, for the padded rows of a strip (of floats: 64 KB), or one output row
constexpr int64_t most_taps = 1024;
constexpr int64_t most_strip_rows = 11;  // input rows of 4 output rows of 5x5, stride 2

// The input rows of a strip: a loop of known length costs a third of another one.
template <int Count, class T>
void point_rows(const int32_t* from, const T* plane, const T* zeros, const T** rows) {
    for (int i = 0; i < Count; ++i) rows[i] = from[i] < 0 ? zeros : plane + from[i];
}

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

std::string check(const LayerView& layer, const Geometry& g) {
    if (layer.in_channels != 1 || layer.groups < 1 || layer.rows % layer.groups != 0)
        return "this is no depthwise layer";
    if (!layer.is_dense() || layer.blocked) return "a depthwise layer must be dense, in rows";
    if (layer.columns != layer.kernel_h * layer.kernel_w) return "columns must be kernel height times kernel width";
    if (layer.columns > most_taps) return "a depthwise kernel of more than 1024 taps";
    if (g.out_h < 1 || g.out_w < 1) return "the image is smaller than the kernel";
    return "";
}

}  // namespace

template <class T>
std::unique_ptr<Depthwise<T>> Depthwise<T>::create(const LayerView& layer, int64_t batch, int64_t height, int64_t width,
                                                   unsigned threads, bool residual, std::string& error) {
    const Geometry geometry = geometry_of(layer, batch, height, width);
    error = check(layer, geometry);
    if (!error.empty()) return nullptr;
    std::unique_ptr<Depthwise> made(new Depthwise());
    made->layer_ = layer;
    made->geometry_ = geometry;
    made->threads_ = threads;
    made->activation_ = layer.activation;
    made->clamp_ = clamp_of(residual ? Activation::none : layer.activation);
    if (!clamp_of(layer.activation).exact) made->curve_ = curve_of(planar_kernels<T>(), layer.activation);
    if (residual) made->plane_elements_ = size_t(round_up(geometry.out_plane(), 32));
    made->take_weights();
    if (!made->choose_tuned()) made->plan_taps();
    else if (!residual && layer.rows == layer.groups) made->plan_strips();
    // Few channels: a plane is shared out by rows.
    const int64_t planes = batch * layer.rows, wanted = threads > 1 ? 4 * int64_t{threads} : 1;
    const int64_t parts = std::max<int64_t>(1, std::min(geometry.out_h / 8, (wanted + planes - 1) / planes));
    made->rows_per_item_ = (geometry.out_h + parts - 1) / parts;
    made->items_per_plane_ = (geometry.out_h + made->rows_per_item_ - 1) / made->rows_per_item_;
    return made;
}

template <class T>
void Depthwise<T>::take_weights() {
    weights_ = layer_.weights_as<T>();
    if (layer_.dtype == dtype_of<T>) return;
    owned_ = AlignedArray<T>(layer_.dense_count());
    for (size_t i = 0; i < owned_.size(); ++i) owned_.data()[i] = T(layer_.weight(i));
    weights_ = owned_.data();
}

// 3x3 and 5x5, stride 1 and 2, padded by at most half a kernel: kernels of their own.
template <class T>
bool Depthwise<T>::choose_tuned() {
    const Geometry& g = geometry_;
    const int64_t right = (g.out_w - 1) * g.stride_w + g.kernel_w - g.pad_w - g.width;
    // A row shorter than a vector is read over its end, which the row behind it and a copy of the last one allow for.
    const int64_t reach = g.kernel_w - 1 + g.stride_w * lanes<T> - g.pad_w;
    const bool tuned = g.kernel_h == g.kernel_w && (g.kernel_w == 3 || g.kernel_w == 5) && g.stride_h == g.stride_w &&
                       g.stride_w <= 2 && g.dilation_h == 1 && g.dilation_w == 1 && g.pad_w <= g.kernel_w / 2 &&
                       right <= g.kernel_w / 2 && g.out_w >= 4 && (g.out_w >= lanes<T> || reach <= 2 * g.width);
    if (!tuned) return false;
    const int64_t one = lanes<T>;
    vectors_ = g.out_w >= 2 * one && 2 * ((g.out_w + 2 * one - 1) / (2 * one)) <= (g.out_w + one - 1) / one ? 2 : 1;
    strips_ = planar_kernels<T>().depthwise[g.kernel_w / 2 - 1][g.stride_w - 1];
    row_elements_ = size_t(3 * round_up(before + g.width + behind, 32));
    return true;
}

// The strips of a plane: at most four rows each, as even as can be.
template <class T>
void Depthwise<T>::plan_strips() {
    const Geometry& g = geometry_;
    const int64_t count = (g.out_h + depthwise_rows - 1) / depthwise_rows;
    for (int64_t row = 0, index = 0; row < g.out_h; ++index) {
        Strip strip;
        const int64_t rows = g.out_h / count + (index < g.out_h % count);
        strip.run = strips_[rows - 1][vectors_ - 1];
        strip.to = int32_t(row * g.out_w);
        strip.inputs = int32_t((rows - 1) * g.stride_h + g.kernel_h);
        for (int64_t i = 0; i < strip.inputs; ++i) {
            const int64_t from = row * g.stride_h - g.pad_h + i;
            strip.from[i] = from < 0 || from >= g.height ? -1 : int32_t(from * g.width);
        }
        plane_strips_.push_back(strip);
        row += rows;
    }
}

// The end of the planes from `plane` on, at most `last`, around which there are floats enough that kernels may read.
template <class T>
int64_t Depthwise<T>::safe_end(int64_t plane, int64_t last) const {
    const Geometry& g = geometry_;
    const int64_t floats = g.plane(), all = g.batch * layer_.rows;
    if (plane_strips_.empty() || items_per_plane_ > 1 || plane * floats < before) return plane;
    const int64_t readable =
        (lanes<T> - 1 + layer_.columns - 1) / layer_.columns;  // rows: weights are read over their end
    const int64_t row_end = plane / layer_.rows * layer_.rows + layer_.rows - readable;
    return std::min({last, row_end, all - (behind + floats - 1) / floats});
}

template <class T>
void Depthwise<T>::run_planes(const T* x, T* y, int64_t first, int64_t last, T* space) const {
    const Geometry& g = geometry_;
    T* const zeros = space + before;
    std::fill_n(zeros, g.width, T(0.0f));
    const T* rows[most_strip_rows];
    const int64_t row = first % layer_.rows;  // safe_end ends before the rows begin again
    const T* const weights = weights_ + row * layer_.columns;
    const float* const bias = layer_.bias + row;
    DepthwiseStrip<T> strip{rows,    g.width,       g.pad_w,        g.out_w, nullptr,
                            T(0.0f), T(clamp_.low), T(clamp_.high), nullptr, g.out_w};
    for (int64_t plane = first; plane < last; ++plane) {
        const T* const from = x + plane * g.plane();
        T* const out = y + plane * g.out_plane();
        strip.weights = weights + (plane - first) * layer_.columns;
        strip.bias = T(bias[plane - first]);
        for (const Strip& part : plane_strips_) {
            switch (part.inputs) {
                case 3: point_rows<3>(part.from, from, zeros, rows); break;
                case 5: point_rows<5>(part.from, from, zeros, rows); break;
                case 6: point_rows<6>(part.from, from, zeros, rows); break;
                case 7: point_rows<7>(part.from, from, zeros, rows); break;
                case 9: point_rows<9>(part.from, from, zeros, rows); break;
                default: point_rows<most_strip_rows>(part.from, from, zeros, rows);
            }
            strip.out = out + part.to;
            part.run(strip);
        }
    }
    T* const at = y + first * g.out_plane();
    if (curve_) curve_({at, nullptr, at, (last - first) * g.out_plane(), 1, 0, 0, 0, 0, 0});
}

// Others: the rows of a strip are padded and split by the phases of the stride, so that every tap is a plain row.
template <class T>
void Depthwise<T>::plan_taps() {
    const Geometry& g = geometry_;
    phase_ = round_up(g.out_w + (g.kernel_w - 1) * g.dilation_w / g.stride_w + 1, 32) + 32;
    for (int64_t i = 0; i < g.kernel_h; ++i) {
        for (int64_t j = 0; j < g.kernel_w; ++j) {
            const int64_t column = j * g.dilation_w;
            offsets_.push_back(
                int32_t((i * g.dilation_h * g.stride_w + column % g.stride_w) * phase_ + column / g.stride_w));
        }
    }
    const int64_t row = g.stride_w * phase_, reach = g.dilation_h * (g.kernel_h - 1) + 1;
    row_elements_ = size_t(round_up(std::max(padded_elements, reach * row), 32));
}

template <class T>
void Depthwise<T>::run(const T* x, T* y, ThreadPool& pool, const T* residual) const {
    const Geometry& g = geometry_;
    const int64_t rows = layer_.rows, multiplier = rows / g.channels, planes = g.batch * rows;
    const int64_t chunk =
        std::max<int64_t>(1, std::min<int64_t>(planes / (4 * int64_t{threads_}), 4096 / g.out_plane()));
    const int64_t chunks = (planes + chunk - 1) / chunk;
    for_each_item(pool, threads_, chunks * items_per_plane_, [&](int64_t item, unsigned thread) {
        const int64_t begin = item % items_per_plane_ * rows_per_item_;
        const int64_t end = std::min(g.out_h, begin + rows_per_item_);
        const int64_t first = item / items_per_plane_ * chunk, last = std::min(planes, first + chunk);
        for (int64_t plane = first; plane < last; ++plane) {
            if (const int64_t safe = safe_end(plane, last); safe > plane) {
                run_planes(x, y, plane, safe, workspace_ + thread * (row_elements_ + plane_elements_));
                plane = safe - 1;
                continue;
            }
            const int64_t from = plane / rows * g.channels + plane % rows / multiplier;
            const int64_t at = plane * g.out_plane();
            run_rows(x + from * g.plane(), y + at, residual ? residual + at : nullptr, plane % rows, begin, end,
                     workspace_ + thread * (row_elements_ + plane_elements_));
        }
    });
}

template <class T>
void Depthwise<T>::run_rows(const T* plane, T* out, const T* residual, int64_t row, int64_t begin, int64_t end,
                            T* space) const {
    const T* weights = weights_ + row * layer_.columns;
    T* const target = residual ? space + row_elements_ : out;
    if (strips_) {
        alignas(16) T padded[32] = {};  // kernels load whole vectors of weights
        std::copy_n(weights, layer_.columns, padded);
        run_tuned(plane, target, padded, layer_.bias[row], begin, end, space);
    } else {
        run_taps(plane, target, weights, layer_.bias[row], begin, end, space);
    }
    const int64_t at = begin * geometry_.out_w, count = (end - begin) * geometry_.out_w;
    const Clamp last = clamp_of(activation_);
    if (residual)
        planar_kernels<T>().add({target + at, residual + at, out + at, count, 1, 0, 0, 0, last.low, last.high});
    if (curve_) curve_({out + at, nullptr, out + at, count, 1, 0, 0, 0, 0, 0});
}

// Strips of at most four rows, as even as can be. The plane's first and last row may have nothing readable before or
// behind them, so strips use copies of these two.
template <class T>
void Depthwise<T>::run_tuned(const T* plane, T* out, const T* weights, float bias, int64_t begin, int64_t end,
                             T* space) const {
    const Geometry& g = geometry_;
    const int64_t step = round_up(before + g.width + behind, 32);
    T *const zeros = space + before, *const top = zeros + step, *const bottom = top + step;
    std::fill_n(zeros, g.width, T(0.0f));
    std::copy_n(plane, g.width, top);
    std::copy_n(plane + (g.height - 1) * g.width, g.width, bottom);
    const T* rows[most_strip_rows];
    DepthwiseStrip<T> strip{rows,    g.width,       g.pad_w,        g.out_w, weights,
                            T(bias), T(clamp_.low), T(clamp_.high), nullptr, g.out_w};
    const int64_t strips = (end - begin + depthwise_rows - 1) / depthwise_rows;
    const int64_t fewest = (end - begin) / strips, longer = (end - begin) % strips;  // so many strips have one row more
    for (int64_t row = begin, index = 0; row < end; ++index) {
        const int64_t count = fewest + (index < longer);
        const int64_t first = row * g.stride_h - g.pad_h, inputs = (count - 1) * g.stride_h + g.kernel_h;
        int64_t i = 0;
        for (; i < inputs && first + i < 0; ++i) rows[i] = zeros;
        for (const T* inside = plane + (first + i) * g.width; i < inputs && first + i < g.height; inside += g.width)
            rows[i++] = inside;
        for (; i < inputs; ++i) rows[i] = zeros;
        if (first <= 0 && -first < inputs) rows[-first] = top;
        if (const int64_t last = g.height - 1 - first; last >= 0 && last < inputs) rows[last] = bottom;
        strip.out = out + row * g.out_w;
        strips_[count - 1][vectors_ - 1](strip);
        row += count;
    }
}

template <class T>
void Depthwise<T>::run_taps(const T* plane, T* out, const T* weights, float bias, int64_t begin, int64_t end,
                            T* space) const {
    const Geometry& g = geometry_;
    const int64_t row_floats = g.stride_w * phase_, reach = g.dilation_h * (g.kernel_h - 1) + 1;
    const int64_t fitting = (int64_t(row_elements_) / row_floats - reach) / g.stride_h + 1;
    for (int64_t row = begin; row < end;) {
        const int64_t count = std::min(end - row, std::max<int64_t>(1, fitting));
        pad_rows(plane, row * g.stride_h - g.pad_h, (count - 1) * g.stride_h + reach, space);
        for (int64_t i = 0; i < count; ++i, ++row) {
            planar_kernels<T>().tap_row({space + i * g.stride_h * row_floats, offsets_.data(), weights, g.taps(),
                                         g.out_w, T(bias), T(clamp_.low), T(clamp_.high), out + row * g.out_w});
        }
    }
}

// Input rows from `first` on; column c of a padded row stands in phase c % stride at c / stride.
template <class T>
void Depthwise<T>::pad_rows(const T* plane, int64_t first, int64_t count, T* to) const {
    const Geometry& g = geometry_;
    for (int64_t i = 0; i < count; ++i, to += g.stride_w * phase_) {
        const int64_t row = first + i;
        if (row < 0 || row >= g.height) {
            std::fill_n(to, g.stride_w * phase_, T(0.0f));
            continue;
        }
        const T* from = plane + row * g.width;
        for (int64_t phase = 0; phase < g.stride_w; ++phase) {
            T* const part = to + phase * phase_;
            const int64_t shift = phase - g.pad_w;  // column of the part's first float
            const int64_t begin = std::min(phase_, shift >= 0 ? 0 : (-shift + g.stride_w - 1) / g.stride_w);
            const int64_t room = g.width - shift;
            const int64_t end = std::min(phase_, std::max(begin, room <= 0 ? 0 : (room + g.stride_w - 1) / g.stride_w));
            std::fill_n(part, begin, T(0.0f));
            for (int64_t x = begin; x < end; ++x) part[x] = from[shift + x * g.stride_w];
            std::fill(part + end, part + phase_, T(0.0f));
        }
    }
}

template class Depthwise<float>;
template class Depthwise<Half>;

}  // namespace ubp
