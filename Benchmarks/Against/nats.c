// NATS JetStream as a durable bus: file storage, acknowledged publishes, one pull consumer with
// explicit acks.
//
// As far as it helps NATS: 2,048 publishes in flight, 512 deliveries a fetch. A payload has no
// attributes, unlike Barid's events: that favours NATS.
#include "driver.h"

#include <nats/nats.h>
#include <pthread.h>

enum { window = 2048, fetch = 512 };

static struct order order;
static uint64_t *latencies;
static uint64_t ended;

static void check(natsStatus status, const char *what) {
    if (status != NATS_OK) die(what, nats_GetLastError(NULL) ?: natsStatus_GetText(status));
}

static natsConnection *join(jsCtx **stream) {
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%d", order.port);
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, url), "url");
    // Without it libnats holds a message back for up to a millisecond.
    check(natsOptions_SetSendAsap(options, order.rate > 0), "options");
    check(natsConnection_Connect(&connection, options), "connect");
    jsOptions settings;
    jsOptions_Init(&settings);
    settings.PublishAsync.MaxPending = window;
    check(natsConnection_JetStream(stream, connection, &settings), "jetstream");
    natsOptions_Destroy(options);
    return connection;
}

static void *work(void *unused) {
    (void)unused;
    jsCtx *stream = NULL;
    natsConnection *connection = join(&stream);
    natsSubscription *subscription = NULL;
    jsSubOptions settings;
    jsSubOptions_Init(&settings);
    settings.Stream = "bench";
    settings.Consumer = "group";
    check(js_PullSubscribe(&subscription, stream, "bench", "group", NULL, &settings, NULL), "subscribe");
    for (int done = 0; done < order.count;) {
        natsMsgList list = {0};
        natsStatus status = natsSubscription_Fetch(&list, subscription, fetch, 5000, NULL);
        if (status != NATS_OK && list.Count == 0) check(status, "fetch");
        uint64_t now = now_ns();
        for (int i = 0; i < list.Count; i++) {
            if (latencies && done < order.count) {
                uint64_t stamp;
                memcpy(&stamp, natsMsg_GetData(list.Msgs[i]), sizeof stamp);
                latencies[done] = now - stamp;
            }
            check(natsMsg_Ack(list.Msgs[i], NULL), "ack");
            done++;
        }
        natsMsgList_Destroy(&list);
    }
    check(natsConnection_Flush(connection), "flush");
    ended = now_ns();
    natsSubscription_Destroy(subscription);
    jsCtx_Destroy(stream);
    natsConnection_Destroy(connection);
    return NULL;
}

int main(int count, char **words) {
    order = read_order(count, words);
    jsCtx *stream = NULL;
    natsConnection *connection = join(&stream);
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = "bench";
    const char *subjects[] = {"bench"};
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    check(js_AddStream(NULL, stream, &config, NULL, NULL), "stream");
    pthread_t worker;
    int works = strcmp(order.scenario, "s1") != 0;
    int paced = strcmp(order.scenario, "s3") == 0;
    if (works) {
        jsConsumerConfig consumer;
        jsConsumerConfig_Init(&consumer);
        consumer.Durable = "group";
        consumer.AckPolicy = js_AckExplicit;
        consumer.MaxAckPending = 4 * fetch;
        check(js_AddConsumer(NULL, stream, "bench", &consumer, NULL, NULL), "consumer");
    }
    if (paced) latencies = calloc((size_t)order.count, sizeof *latencies);
    if (works && pthread_create(&worker, NULL, work, NULL) != 0) die("thread", NULL);
    char *payload = make_payload(order.payload);
    uint64_t begin = now_ns();
    for (int sent = 0; sent < order.count; sent++) {
        if (paced) {
            uint64_t due = begin + (uint64_t)(sent * 1e9 / order.rate);
            if (now_ns() < due) sleep_until(due);
            uint64_t stamp = now_ns();
            memcpy(payload, &stamp, sizeof stamp);
        }
        check(js_PublishAsync(stream, "bench", payload, order.payload, NULL), "publish");
    }
    check(js_PublishAsyncComplete(stream, NULL), "receipts");
    if (works)
        pthread_join(worker, NULL);
    else
        ended = now_ns();
    if (paced)
        tell_latencies(latencies, order.count);
    else
        tell_rate(order.count, begin, ended);
    free(payload);
    jsCtx_Destroy(stream);
    natsConnection_Destroy(connection);
    nats_Close();
    return 0;
}
