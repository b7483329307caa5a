// What the drivers of the peers share: time, latencies, one line of JSON.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void sleep_until(uint64_t instant) {
    struct timespec time = {.tv_sec = (time_t)(instant / 1000000000u),
                            .tv_nsec = (long)(instant % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) {
    }
}

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why ? why : "failed");
    exit(70);
}

// What is asked for: SCENARIO PORT PAYLOAD COUNT [RATE].
struct order {
    const char *scenario;
    int port, payload, count;
    double rate;
};

static inline struct order read_order(int count, char **words) {
    if (count < 5) die("usage", "driver s1|s2|s3 PORT PAYLOAD COUNT [RATE]");
    struct order order = {words[1], atoi(words[2]), atoi(words[3]), atoi(words[4]),
                          count > 5 ? atof(words[5]) : 0};
    if (order.payload < 16 || order.count < 1) die("usage", "a payload of 16 bytes or more");
    return order;
}

static inline char *make_payload(int size) {
    char *payload = malloc((size_t)size);
    if (!payload) die("memory", NULL);
    uint32_t random = 12345;
    for (int i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        payload[i] = (char)(0x20 + (random >> 24) % 0x5f);
    }
    return payload;
}

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static inline void tell_rate(int count, uint64_t begin, uint64_t end) {
    printf("{\"rate\": %.0f}\n", count / ((double)(end - begin) / 1e9));
}

static inline void tell_latencies(uint64_t *latencies, int count) {
    qsort(latencies, (size_t)count, sizeof *latencies, by_size);
    printf("{\"p50\": %.0f, \"p99\": %.0f}\n", (double)latencies[count / 2] / 1e3,
           (double)latencies[(int)(count * 0.99)] / 1e3);
}
