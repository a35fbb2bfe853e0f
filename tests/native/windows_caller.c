// Calls ubp.dll as a program of another language would: loaded at run time, by name. Takes orders from standard input,
// one a line, and answers each on standard output.
#define WIN32_LEAN_AND_MEAN
#include <fcntl.h>
#include <inttypes.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "ubp/convolution_c.h"
#include "ubp/network_c.h"
#include "ubp/packed_file_c.h"
#include "ubp/selection_c.h"

static HMODULE library;

#define FUNCTION(name) ((__typeof__(&name))(void*)GetProcAddress(library, #name))

static void* take(FILE* file, size_t size) {
    void* data = malloc(size);
    if (data && fread(data, 1, size, file) == size) return data;
    fprintf(stderr, "%zu bytes can't be read\n", size);
    exit(3);
}

// A case: rows, columns, budget, block size, method, threads as 64-bit numbers, then the importance.
static void select_blocks(const char* path) {
    FILE* file = fopen(path, "rb");
    int64_t head[6];
    while (file && fread(head, sizeof head, 1, file) == 1) {
        float* importance = take(file, (size_t)(head[0] * head[1]) * sizeof(float));
        const struct ubp_selection_options options = {head[2], (uint32_t)head[3], (uint32_t)head[4], (uint32_t)head[5]};
        int32_t *rows = calloc((size_t)head[2] + 1, sizeof *rows), *columns = calloc((size_t)head[2] + 1, sizeof *rows);
        struct ubp_selection_info info = {0};
        char error[256] = "";
        const int status = FUNCTION(ubp_selection_run)(importance, head[0], head[1], &options, rows, columns, &info,
                                                       error, sizeof error);
        printf("%d %" PRId64 " %a %a %a", status, info.found, info.kept, info.total, info.upper_bound);
        for (int64_t i = 0; i < info.found; ++i) printf(" %" PRId32 ",%" PRId32, rows[i], columns[i]);
        printf("\n");
        free(importance), free(rows), free(columns);
    }
    if (file) fclose(file);
}

static const char* writable(const wchar_t* path) {
    const HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                    OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError() == ERROR_SHARING_VIOLATION ? "refused" : "missing";
    CloseHandle(file);
    return "allowed";
}

static void print_outputs(ubp_network* network) {
    for (uint32_t i = 0; i < FUNCTION(ubp_network_output_count)(network); ++i) {
        struct ubp_network_shape shape;
        FUNCTION(ubp_network_output_shape)(network, i, &shape, NULL, 0);
        const float* y = FUNCTION(ubp_network_output)(network, i);
        for (uint64_t j = 0; j < shape.elements; ++j) printf(" %a", (double)y[j]);
    }
    printf("\n");
}

static void fill_inputs(ubp_network* network) {
    for (uint32_t i = 0; i < FUNCTION(ubp_network_input_count)(network); ++i) {
        struct ubp_network_shape shape;
        FUNCTION(ubp_network_input_shape)(network, i, &shape, NULL, 0);
        float* x = FUNCTION(ubp_network_input)(network, i);
        for (uint64_t j = 0; j < shape.elements; ++j) x[j] = (float)((int)(j * 37 % 101) - 50) / 50;
    }
}

// The path is UTF-8. Says whether others may write the file while it is open, and afterwards.
static void run_network(const char* path, uint32_t threads) {
    const struct ubp_network_options options = {.threads = threads};
    ubp_network* network = NULL;
    char error[256] = "";
    wchar_t name[512];
    MultiByteToWideChar(CP_UTF8, 0, path, -1, name, 512);
    int status = FUNCTION(ubp_network_open)(path, &options, &network, error, sizeof error);
    if (status == UBP_OK) {
        fill_inputs(network);
        status = FUNCTION(ubp_network_run)(network, NULL, NULL, error, sizeof error);
    }
    printf("%d %s", status, status ? error : writable(name));
    if (status == UBP_OK) print_outputs(network);
    else printf("\n");
    FUNCTION(ubp_network_close)(network);
    if (status == UBP_OK) {
        printf("%s %d\n", writable(name), FUNCTION(ubp_network_run)(network, NULL, NULL, NULL, 0));
    }
}

static void obey(char* line) {
    char* rest = strchr(line, ' ');
    if (rest) *rest++ = '\0';
    if (strcmp(line, "version") == 0) printf("%" PRIu32 "\n", FUNCTION(ubp_abi_version)());
    else if (strcmp(line, "find") == 0) printf("%s\n", GetProcAddress(library, rest) ? "yes" : "no");
    else if (strcmp(line, "select") == 0) select_blocks(rest);
    else if (strcmp(line, "network") == 0) run_network(rest, 1);
    else if (strcmp(line, "threads") == 0) run_network(rest, 3);
}

int main(int count, char** arguments) {
    library = count > 1 ? LoadLibraryA(arguments[1]) : NULL;
    if (!library) return 2;
    _setmode(_fileno(stdout), _O_BINARY);
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        obey(line);
    }
    return 0;
}
