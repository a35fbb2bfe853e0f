// How many elements a vector has.
#pragma once

namespace ubp {

template <class T>
constexpr int lanes = 16 / int(sizeof(T));

}  // namespace ubp
