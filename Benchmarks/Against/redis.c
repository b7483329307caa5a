// Redis Streams as a durable bus: XADD, one consumer group, XACK.
//
// Pipelined as far as it helps Redis: 2,048 publishes in flight, 512 deliveries a read, one XACK for
// all of them. A payload has no attributes, unlike Barid's events: that favours Redis.
#include "driver.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>

enum { window = 2048, fetch = 512 };

static struct order order;
static uint64_t *latencies;
static uint64_t ended;

static redisContext *join(void) {
    redisContext *context = redisConnect("127.0.0.1", order.port);
    if (!context || context->err) die("redis", context ? context->errstr : "no memory");
    return context;
}

static void check(redisContext *context, redisReply *reply) {
    if (!reply) die("redis", context->errstr);
    if (reply->type == REDIS_REPLY_ERROR) die("redis", reply->str);
    freeReplyObject(reply);
}

static void append(redisContext *context, const char *payload) {
    const char *words[] = {"XADD", "bench", "*", "e", payload};
    size_t sizes[] = {4, 5, 1, 1, (size_t)order.payload};
    if (redisAppendCommandArgv(context, 5, words, sizes) != REDIS_OK) die("redis", context->errstr);
}

static void flush(redisContext *context) {
    int done = 0;
    while (!done)
        if (redisBufferWrite(context, &done) != REDIS_OK) die("redis", context->errstr);
}

static void receive(redisContext *context) {
    void *reply = NULL;
    if (redisGetReply(context, &reply) != REDIS_OK) die("redis", context->errstr);
    check(context, reply);
}

// As many as possible, never more than the window without their answer.
static void publish_all(redisContext *context) {
    char *payload = make_payload(order.payload);
    int open = 0;
    for (int sent = 0; sent < order.count; sent++) {
        append(context, payload);
        if (++open % 64 == 0) flush(context);
        // Half a window is answered in one go, so that neither side waits for the other.
        if (open == window)
            for (; open > window / 2; open--) receive(context);
    }
    for (; open > 0; open--) receive(context);
    free(payload);
}

// At a steady rate; answers are taken while waiting for the next instant.
static void publish_steadily(redisContext *context) {
    char *payload = make_payload(order.payload);
    uint64_t start = now_ns();
    int open = 0;
    for (int sent = 0; sent < order.count; sent++) {
        uint64_t due = start + (uint64_t)(sent * 1e9 / order.rate);
        while (open > 0 && now_ns() < due) {
            struct pollfd watched = {.fd = context->fd, .events = POLLIN};
            struct timespec left = {.tv_nsec = (long)(due - now_ns()) > 0 ? (long)(due - now_ns()) : 0};
            if (ppoll(&watched, 1, &left, NULL) <= 0) break;
            receive(context);
            open--;
        }
        if (now_ns() < due) sleep_until(due);
        uint64_t stamp = now_ns();
        memcpy(payload, &stamp, sizeof stamp);
        append(context, payload);
        flush(context);
        open++;
    }
    for (; open > 0; open--) receive(context);
    free(payload);
}

static void *work(void *unused) {
    (void)unused;
    redisContext *context = join();
    const char *ids[fetch + 3] = {"XACK", "bench", "group"};
    size_t sizes[fetch + 3] = {4, 5, 5};
    for (int done = 0; done < order.count;) {
        redisReply *reply = redisCommand(
            context, "XREADGROUP GROUP group one COUNT %d BLOCK 5000 STREAMS bench >", fetch);
        if (!reply) die("redis", context->errstr);
        if (reply->type == REDIS_REPLY_ERROR) die("redis", reply->str);
        if (reply->type != REDIS_REPLY_ARRAY) die("redis", "nothing came for 5 s");
        redisReply *entries = reply->element[0]->element[1];
        uint64_t now = now_ns();
        for (size_t i = 0; i < entries->elements; i++) {
            redisReply *entry = entries->element[i];
            ids[i + 3] = entry->element[0]->str;
            sizes[i + 3] = entry->element[0]->len;
            if (latencies && done + (int)i < order.count) {
                uint64_t stamp;
                memcpy(&stamp, entry->element[1]->element[1]->str, sizeof stamp);
                latencies[done + (int)i] = now - stamp;
            }
        }
        check(context, redisCommandArgv(context, (int)entries->elements + 3, ids, sizes));
        done += (int)entries->elements;
        freeReplyObject(reply);
    }
    ended = now_ns();
    redisFree(context);
    return NULL;
}

int main(int count, char **words) {
    order = read_order(count, words);
    redisContext *context = join();
    check(context, redisCommand(context, "XGROUP CREATE bench group $ MKSTREAM"));
    pthread_t worker;
    int works = strcmp(order.scenario, "s1") != 0;
    int paced = strcmp(order.scenario, "s3") == 0;
    if (paced) latencies = calloc((size_t)order.count, sizeof *latencies);
    if (works && pthread_create(&worker, NULL, work, NULL) != 0) die("thread", NULL);
    uint64_t begin = now_ns();
    if (paced)
        publish_steadily(context);
    else
        publish_all(context);
    if (works)
        pthread_join(worker, NULL);
    else
        ended = now_ns();
    if (paced)
        tell_latencies(latencies, order.count);
    else
        tell_rate(order.count, begin, ended);
    redisFree(context);
    return 0;
}
