/* Plays a program on the test phone: behaves well or badly as its first argument says, or, where its file is
 * called NAME@ROLE, as that says.
 * Static and without threads, so that it starts at once under qemu-user. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char* line) {
    fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

/* Prints every further argument between brackets, with its length, so that nothing can hide. */
static int print_arguments(int count, char** values) {
    for (int i = 2; i < count; ++i) printf("%zu[%s]\n", strlen(values[i]), values[i]);
    return 0;
}

/* A line of progress every 50 ms, then the result. */
static int count_up(int steps) {
    for (int i = 1; i <= steps; ++i) {
        fprintf(stderr, "step %d of %d\n", i, steps);
        fflush(stderr);
        usleep(50 * 1000);
    }
    puts("done");
    return 0;
}

static int hang(void) {
    say("hanging");
    for (;;) pause();
}

int main(int count, char** values) {
    const char* named = strrchr(values[0], '@');
    const char* role = named ? named + 1 : count > 1 ? values[1] : "";
    if (!strcmp(role, "arguments")) return print_arguments(count, values);
    if (!strcmp(role, "count")) return count_up(atoi(values[2]));
    if (!strcmp(role, "exit")) return atoi(values[2]);
    if (!strcmp(role, "crash")) {
        say("about to crash");
        signal(atoi(values[2]), SIG_DFL);
        raise(atoi(values[2]));
    }
    if (!strcmp(role, "illegal")) __asm__ volatile(".inst 0x00000000");
    if (!strcmp(role, "hang")) return hang();
    if (!strcmp(role, "stubborn")) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        return hang();
    }
    if (!strcmp(role, "garbage")) return (int)fwrite("\0\xff{\"rows\": [\x1b[31m", 1, 16, stdout) - 16;
    if (!strcmp(role, "truncated")) return printf("{\"schema_version\":1,\"file\":\"/data/lo") < 0;
    if (!strcmp(role, "future")) return printf("{\"schema_version\":99}\n") < 0;
    if (!strcmp(role, "segv")) return raise(SIGSEGV);
    say("unknown role");
    return 2;
}
