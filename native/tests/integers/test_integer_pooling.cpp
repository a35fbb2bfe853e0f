// Compares pooling of bytes with plain loops, bit for bit. Part of test_integer_planar.

#include "byte_helpers.h"
#include "operator/integers/pooling.h"

namespace ubp {
namespace {

template <class Visit>
void for_each_window(const PoolWindow& w, int64_t height, int64_t width, int64_t out_h, int64_t out_w, Visit visit) {
    for (int64_t i = 0; i < out_h * out_w; ++i) {
        const int64_t top = i / out_w * w.stride_h - w.pad_top, left = i % out_w * w.stride_w - w.pad_left;
        std::vector<size_t> places;
        for (int64_t r = std::max<int64_t>(top, 0); r < std::min(top + w.kernel_h, height); ++r) {
            for (int64_t c = std::max<int64_t>(left, 0); c < std::min(left + w.kernel_w, width); ++c)
                places.push_back(size_t(r * width + c));
        }
        visit(places);
    }
}

uint8_t pooled(const PoolWindow& w, const uint8_t* plane, const std::vector<size_t>& places, const Affine& given,
               const Affine& made) {
    uint8_t largest = 0;
    int64_t sum = 0;
    for (const size_t place : places) {
        largest = std::max(largest, plane[place]);
        sum += int64_t{plane[place]} - given.zero_point;
    }
    if (!w.average) return largest;
    const double count = w.count_padding ? double(w.kernel_h * w.kernel_w) : double(places.size());
    const float factor = float(double(given.scale) / (double(made.scale) * count));
    const float whole = float(int32_t(sum));
    return byte_of(whole * factor, made.zero_point);
}

void check_pool(const PoolWindow& w, int64_t height, int64_t width, const Affine& given, const Affine& made) {
    const int64_t free_h = height + w.pad_top + w.pad_bottom - w.kernel_h,
                  free_w = width + w.pad_left + w.pad_right - w.kernel_w;
    if (free_h < 0 || free_w < 0 || w.pad_top >= w.kernel_h) return;
    const int64_t out_h = free_h / w.stride_h + 1, out_w = free_w / w.stride_w + 1, planes = 5;
    if ((out_h - 1) * w.stride_h >= height + w.pad_top || (out_w - 1) * w.stride_w >= width + w.pad_left) return;
    const std::string setting =
        text_of_numbers("average, count, kernel, stride, pads, image:",
                        std::vector<int64_t>{w.average, w.count_padding, w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                                             w.pad_top, w.pad_left, w.pad_bottom, w.pad_right, height, width}) +
        text_of(given) + text_of(made);
    const Bytes x = random_bytes(4, size_t(planes * height * width));
    Bytes expected;
    for (int64_t plane = 0; plane < planes; ++plane) {
        for_each_window(w, height, width, out_h, out_w, [&](const std::vector<size_t>& places) {
            expected.push_back(pooled(w, x.data() + plane * height * width, places, given, made));
        });
    }
    for (unsigned threads : {1u, 2u}) {
        IntegerPooling op(w, given, made, planes, height, width, out_h, out_w, threads);
        GuardedArray<float> workspace(op.workspace_bytes() / 4, 77.0f);
        GuardedArray<uint8_t> y(expected.size(), 99.0f);
        op.use_workspace(workspace.data());
        ThreadPool pool(threads);
        op.run(x.data(), y.data(), pool);
        if (!workspace.intact()) fail(setting, "wrote outside of the workspace");
        expect_same(setting, expected, y);
    }
}

void check_pooling(bool average) {
    for (bool count_padding : {false, true}) {
        for (auto [kernel, stride] : {std::pair{3, 2}, {2, 2}, {3, 1}, {5, 3}, {1, 2}, {7, 7}, {6, 2}}) {
            for (int64_t pad = 0; pad < kernel; ++pad) {
                for (auto [height, width] : {std::pair{7, 7}, {13, 22}, {9, 40}, {6, 71}, {1, 5}, {70, 3}, {300, 20}}) {
                    PoolWindow w{average, count_padding, kernel, kernel, stride, stride, pad, pad, pad, pad};
                    check_pool(w, height, width, {0.02f, 100}, {0.019f, 90});
                    w.pad_right += 1, w.kernel_h = std::min<int64_t>(kernel + 290, height);
                    check_pool(w, height, width, {0.5f, 255}, {1.0f, 0});
                }
            }
        }
    }
}

void check_means() {
    for (auto [planes, count] : {std::pair{37, 49}, {1, 1}, {130, 7}, {3, 20000}, {2, 1 << 22}}) {
        for (const Affine& given : affines) {
            for (const Affine& made : affines) {
                if (count > 20000 && &made != affines) continue;  // slow
                if (!std::isnormal(float(double(given.scale) / (double(made.scale) * count)))) continue;
                const Bytes x = random_bytes(5, size_t(planes) * size_t(count), count > 20000);
                Bytes expected;
                for (int plane = 0; plane < planes; ++plane) {
                    int64_t sum = 0;
                    for (int i = 0; i < count; ++i)
                        sum += x[size_t(plane) * size_t(count) + size_t(i)] - given.zero_point;
                    const float whole = float(int32_t(sum));
                    const float factor = float(double(given.scale) / (double(made.scale) * count));
                    expected.push_back(byte_of(whole * factor, made.zero_point));
                }
                for (unsigned threads : {1u, 3u}) {
                    GuardedArray<uint8_t> y(size_t(planes), 99.0f);
                    ThreadPool pool(threads);
                    byte_means_of_planes(x.data(), y.data(), planes, count, given, made, threads, pool);
                    expect_same("means" + text_of(given) + text_of(made) + " of " + std::to_string(count), expected, y);
                }
            }
        }
    }
}

}  // namespace

void add_integer_pooling_cases(std::vector<Case>& cases) {
    cases.push_back({"largest", [] { check_pooling(false); }});
    cases.push_back({"average", [] { check_pooling(true); }});
    cases.push_back({"means", check_means});
}

}  // namespace ubp
