/* The wall clock of one process, moved: LD_PRELOAD this, and CLOCK_REALTIME is off by the seconds that stand in
 * the file named by CLOCK_OFFSET_FILE. The file is replaced by rename. CLOCK_MONOTONIC stays true, which
 * is what libfaketime cannot do for Python. A second number in the file is what adjtimex(2) answers: 0 =
 * synchronised, 5 = not; without it the kernel is asked. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void told(char text[48]) {
    memset(text, 0, 48);
    const char *path = getenv("CLOCK_OFFSET_FILE");
    int saved = errno, file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        if (read(file, text, 47) < 0)
            text[0] = 0;
        close(file);
    }
    errno = saved;
}

static long offset_s(void) {
    char text[48];
    told(text);
    return atol(text);
}

int adjtimex(void *state) {
    char text[48], *second;
    told(text);
    second = strchr(text, ' ');
    return second ? atoi(second) : (int)syscall(SYS_adjtimex, state);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset_s();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (where)
        *where = exact.tv_sec;
    return exact.tv_sec;
}
