// Classifies a picture with a packed network, with nothing but the C interface:
//
//     classify net.ubp picture.ppm [labels.txt]
//
// The picture is a binary PPM (P6) of any size; its middle square is scaled to the network's input. The labels have one
// name a line. docs/embedding.md tells how to build it. Exit code 2: something given can't be used.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ubp/network_c.h"

static int fail(const std::string& text) { return std::fprintf(stderr, "classify: %s\n", text.c_str()), 2; }

int main(int count, char** words) {
    if (count < 3) return fail("usage: classify net.ubp picture.ppm [labels.txt]");
    ubp_network* network = nullptr;
    char error[256];
    if (ubp_network_open(words[1], nullptr, &network, error, sizeof error)) return fail(error);
    ubp_network_shape in, out;
    ubp_network_input_shape(network, 0, &in, error, sizeof error);
    ubp_network_output_shape(network, 0, &out, error, sizeof error);
    if (in.rank != 4 || in.sides[0] != 1 || in.sides[1] != 3)
        return fail("the network does not take one colour picture");

    std::ifstream file(words[2], std::ios::binary);
    std::string magic;
    long width = 0, height = 0, most = 0;
    file >> magic >> width >> height >> most;
    if (magic != "P6" || width < 1 || height < 1 || most != 255) return fail("the picture is no 8-bit PPM (P6)");
    file.get();
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    if (long(bytes.size()) < 3 * width * height) return fail("the picture ends too early");

    // The middle square, nearest pixels, with the mean and deviation of the ImageNet pictures that networks train on.
    const float mean[] = {0.485f, 0.456f, 0.406f}, deviation[] = {0.229f, 0.224f, 0.225f};
    const long side = width < height ? width : height, rows = in.sides[2], columns = in.sides[3];
    std::vector<float> image, scores(out.elements);
    for (long channel = 0; channel < 3; ++channel)
        for (long row = 0; row < rows; ++row)
            for (long column = 0; column < columns; ++column) {
                const long from_row = (height - side) / 2 + row * side / rows;
                const long from_column = (width - side) / 2 + column * side / columns;
                const auto value = (unsigned char)bytes[size_t(3 * (from_row * width + from_column) + channel)];
                image.push_back((float(value) / 255 - mean[channel]) / deviation[channel]);
            }

    float *x = image.data(), *y = scores.data();
    if (ubp_network_run(network, &x, &y, error, sizeof error)) return fail(error);
    size_t best = 0;
    for (size_t i = 1; i < out.elements; ++i) best = y[i] > y[best] ? i : best;
    std::ifstream labels(count > 3 ? words[3] : "");
    std::string label;
    for (size_t i = 0; i <= best && std::getline(labels, label); ++i) continue;
    std::printf("%zu %s %.6g\n", best, label.empty() ? "-" : label.c_str(), double(y[best]));
    ubp_network_close(network);
}
