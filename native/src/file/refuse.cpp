#include "file/refuse.h"

#include <cstdarg>
#include <cstdio>

namespace ubp::file {

bool refuse(FileError& error, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    return false;
}

}  // namespace ubp::file
