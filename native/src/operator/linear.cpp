#include "operator/linear.h"

#include <algorithm>

#include "kernels/wros/walk.h"
#include "operator/cores.h"
#include "threads/item_loop.h"

namespace ubp {

template <class T>
Linear<T>::Linear(const LayerView& layer, unsigned threads)
    : prepared_(prepare_dense<T>(layer)),
      rows_(layer.rows),
      columns_(layer.columns),
      clamp_(clamp_of(layer.activation)),
      threads_(threads) {
    prepared_.bias = {};
    bias_.resize(size_t{prepared_.groups} * dense_rows, T(0.0f));
    for (uint32_t r = 0; r < rows_; ++r) bias_[r] = T(layer.bias[r]);
    if (!clamp_.exact) curve_ = curve_of(planar_kernels<T>(), layer.activation);
}

template <class T>
void Linear<T>::run(const T* x, T* y, int64_t batch, ThreadPool& pool) const {
    const int64_t chunk = std::max<int64_t>(1, 16384 / (int64_t{columns_} * dense_rows));
    const int64_t chunks = (prepared_.groups + chunk - 1) / chunk;
    for_each_item(pool, threads_, chunks * batch, [&](int64_t item, unsigned) {
        const int64_t first = item / batch * chunk, image = item % batch;
        for (int64_t group = first; group < std::min<int64_t>(prepared_.groups, first + chunk); ++group) {
            run_group(x + image * columns_, y + image * rows_, uint32_t(group));
        }
    });
}

template <class T>
void Linear<T>::run_group(const T* x, T* y, uint32_t group) const {
    const uint32_t row = group * dense_rows, count = std::min(rows_ - row, dense_rows);
    T done[dense_rows];
    T* const out = count == dense_rows ? y + row : done;
    planar_kernels<T>().linear(
        {prepared_.weights + size_t{row} * columns_, x, columns_, bias_.data() + row, clamp_.low, clamp_.high, out});
    if (curve_) curve_({out, nullptr, out, dense_rows, 1, 0, 0, 0, 0, 0});
    if (out == done) std::copy_n(done, count, y + row);
}

template class Linear<float>;
template class Linear<Half>;

}  // namespace ubp
