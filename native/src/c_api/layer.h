// The layer of the C interface and the one of C++.
#pragma once

#include "ubp/common_c.h"
#include "ubp/layer.h"

namespace ubp::c_api {

// "" or what is missing, so that view_of gives something that an operator can look at.
const char* fault_of(const ubp_layer& layer);
LayerView view_of(const ubp_layer& layer);
ubp_layer layer_of(const LayerView& view);

}  // namespace ubp::c_api
